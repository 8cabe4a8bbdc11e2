// UTF-8 as bytes: where a sequence ends, and what to do with bytes that are none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace llmgw {

// The length (1 to 4) of the well-formed sequence at `position`, or 0 when the byte there starts none
// (overlong forms, surrogates and values above U+10FFFF are not well-formed).
std::size_t utf8_length(std::string_view text, std::size_t position);

bool is_utf8(std::string_view text);

// How many bytes at the end (0 to 3) begin a character that is not all there.
std::size_t utf8_cut_tail(std::string_view text);

// The text with every byte that belongs to no sequence replaced by U+FFFD.
std::string to_utf8(std::string_view text);

}  // namespace llmgw
