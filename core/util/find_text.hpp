// Whether a short text stands in a long one, fast enough to be asked of every request body.
#pragma once

#include <string_view>

namespace llmgw {

// `needle` has at least two bytes.
bool contains_text(std::string_view haystack, std::string_view needle);

}  // namespace llmgw
