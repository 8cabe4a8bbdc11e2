// createTime: RFC 3339.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace llmgw::wire::gemini {

// Seconds since 1970 in UTC, fractions cut off; 0 for what is no such time.
std::int64_t seconds_of(std::string_view rfc3339);
// "2026-11-21T09:34:33Z"
std::string rfc3339_of(std::int64_t seconds);

}  // namespace llmgw::wire::gemini
