// Small text helpers for messages to people.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace llmgw {

// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. Bytes, case matters.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The name nearest to `word` without regard to case, "" when none is near enough to be what was meant.
// Of equally near names the first.
std::string_view nearest(std::string_view word, std::span<const std::string_view> names);

// `; did you mean "NAME"?`, or "" when no name is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> names);

// Without spaces, tabs and line ends at both ends.
std::string_view trim(std::string_view text);

std::string lower(std::string_view text);

// a, b or c
std::string one_of(std::span<const std::string_view> names);

}  // namespace llmgw
