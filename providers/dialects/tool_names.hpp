// What a tool is called towards a provider whose names have no namespaces, at most 64 characters and a small alphabet,
// and what the client calls it. The request's tools alone decide, so the map is the same again when the answer comes,
// and in the next turn (T3c).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/chat_request.hpp"

namespace llmgw::wire {

// `namespace__name`, or the name alone. Characters outside [A-Za-z0-9_-] become `_`; a name that was changed by that,
// is longer than 64 characters or does not begin with a letter or `_` gets a hash of what it was as its end.
std::string flat_tool_name(std::string_view name_space, std::string_view name);

// The names of one request's tools.
class ToolNames {
public:
    ToolNames() = default;
    // `tools` outlive this. Of two tools that would get one name the later is told apart by a hash.
    explicit ToolNames(const std::vector<Tool>& tools);

    // Also for names that only the history knows.
    std::string flat(std::string_view name_space, std::string_view name) const;
    // The function or custom tool with this flat name; null when the request has none.
    const Tool* find(std::string_view flat_name) const;

private:
    std::map<std::pair<std::string, std::string>, std::string> flat_;
    std::map<std::string, const Tool*, std::less<>> tools_;
};

}  // namespace llmgw::wire
