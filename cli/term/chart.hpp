// Small charts of block characters, one line high.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace llmgw {

// `value` of `most`, as a bar of at most `width` columns; eighths of a column are shown, and a value above 0 is never
// nothing.
std::string bar(std::int64_t value, std::int64_t most, int width);

// One character for each value, the highest for the largest; "·" for 0.
std::string spark_line(std::span<const std::int64_t> values);

}  // namespace llmgw
