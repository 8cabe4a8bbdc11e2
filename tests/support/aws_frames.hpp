// AWS event-stream messages, for tests: written apart from core's code, so that one checks the other.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmgw::test {

// One message of application/vnd.amazon.eventstream. Headers are strings.
std::string aws_message(const std::vector<std::pair<std::string, std::string>>& headers, std::string_view payload);

// {:event-type: type}
std::string aws_event(std::string_view type, std::string_view payload);

// {:exception-type: type}
std::string aws_exception(std::string_view type, std::string_view payload);

}  // namespace llmgw::test
