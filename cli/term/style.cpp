#include "cli/term/style.hpp"

#include <algorithm>
#include <array>

#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

// Unicode's East Asian Width W and F, in coarse blocks.
constexpr std::array<Range, 14> wide{{{0x1100, 0x115f},
                                      {0x231a, 0x231b},
                                      {0x23e9, 0x23f3},
                                      {0x2614, 0x2615},
                                      {0x2e80, 0x303e},
                                      {0x3041, 0x33ff},
                                      {0x3400, 0x4dbf},
                                      {0x4e00, 0x9fff},
                                      {0xa000, 0xa4cf},
                                      {0xac00, 0xd7a3},
                                      {0xf900, 0xfaff},
                                      {0xfe30, 0xfe6f},
                                      {0xff00, 0xff60},
                                      {0x1f300, 0x1faff}}};

// Combining marks, joiners and variation selectors.
constexpr std::array<Range, 8> zero{{{0x0300, 0x036f},
                                     {0x0591, 0x05bd},
                                     {0x0610, 0x061a},
                                     {0x064b, 0x065f},
                                     {0x1ab0, 0x1aff},
                                     {0x200b, 0x200f},
                                     {0x20d0, 0x20ff},
                                     {0xfe00, 0xfe0f}}};

template <std::size_t N>
bool in(const std::array<Range, N>& ranges, char32_t c) {
    return std::any_of(ranges.begin(), ranges.end(), [c](Range range) { return range.first <= c && c <= range.last; });
}

char32_t decode(std::string_view sequence) {
    const auto first = static_cast<unsigned char>(sequence.front());
    if (sequence.size() == 1) { return first; }
    // The lead byte of n bytes has 7 - n bits of its own, the others 6 each.
    char32_t value = first & (0x7fU >> sequence.size());
    for (const char c : sequence.substr(1)) {
        value = (value << 6) | (static_cast<unsigned char>(c) & 0x3fU);
    }
    return value;
}

int character_width(char32_t c) {
    if (in(zero, c)) { return 0; }
    // The ideographic planes are wide as a whole.
    return in(wide, c) || (c >= 0x20000 && c <= 0x3fffd) ? 2 : 1;
}

bool is_control(char32_t c) {
    // C0, DEL, C1, and the marks that reorder text.
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

std::string Style::paint(std::string_view code, std::string_view text) const {
    if (!color_ || text.empty()) { return std::string(text); }
    return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

int display_width(std::string_view text) {
    int width = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto length = utf8_length(text, at);
        width += length == 0 ? 1 : character_width(decode(text.substr(at, length)));
        at += std::max<std::size_t>(1, length);
    }
    return width;
}

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto length = utf8_length(text, at);
        const auto sequence = text.substr(at, std::max<std::size_t>(1, length));
        const bool shown = length > 0 && !is_control(decode(sequence));
        out += shown ? sequence : std::string_view("\xef\xbf\xbd");
        at += sequence.size();
    }
    return out;
}

std::string shorten(std::string_view text, int width) {
    if (display_width(text) <= width) { return std::string(text); }
    std::string out;
    int used = 1;  // the ellipsis
    for (std::size_t at = 0; at < text.size();) {
        const auto sequence = text.substr(at, std::max<std::size_t>(1, utf8_length(text, at)));
        used += display_width(sequence);
        if (used > width) { break; }
        out += sequence;
        at += sequence.size();
    }
    return out + "…";
}

}  // namespace llmgw
