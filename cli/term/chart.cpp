#include "cli/term/chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace llmgw {
namespace {

constexpr std::array<std::string_view, 9> left_blocks{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
constexpr std::array<std::string_view, 9> lower_blocks{"", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

// How many of `steps` parts `value` of `most` fills, rounded up: 0 for nothing only.
int filled(std::int64_t value, std::int64_t most, int steps) {
    if (value <= 0 || most <= 0) { return 0; }
    const auto part = static_cast<double>(value) / static_cast<double>(most) * steps;
    return std::clamp(static_cast<int>(std::lround(part)), 1, steps);
}

}  // namespace

std::string bar(std::int64_t value, std::int64_t most, int width) {
    const int eighths = filled(value, most, width * 8);
    std::string out;
    for (int i = 0; i < eighths / 8; ++i) {
        out += left_blocks.back();
    }
    return out.append(left_blocks[static_cast<std::size_t>(eighths % 8)]);
}

std::string spark_line(std::span<const std::int64_t> values) {
    const auto most = values.empty() ? 0 : *std::ranges::max_element(values);
    std::string out;
    for (const auto value : values) {
        out += value > 0 ? lower_blocks[static_cast<std::size_t>(filled(value, most, 8))] : std::string_view("·");
    }
    return out;
}

}  // namespace llmgw
