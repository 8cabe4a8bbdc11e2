// Percent-encoding and query strings (RFC 3986), as far as request targets need them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace llmgw {

// "%2F" becomes "/". nullopt when a percent sign is not followed by two hex digits, or a NUL would result.
std::optional<std::string> percent_decode(std::string_view text);

// Everything but unreserved characters and `keep` is encoded.
std::string percent_encode(std::string_view text, std::string_view keep = "");

// Takes the first `name=value` out of `query` (no leading '?'); what is left keeps its bytes and order.
std::optional<std::string> take_query_value(std::string& query, std::string_view name);

}  // namespace llmgw
