#include "core/util/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace llmgw {

std::size_t utf8_length(std::string_view text, std::size_t position) {
    const auto byte = [&](std::size_t at) -> unsigned {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const auto continues = [&](std::size_t at) { return (byte(at) & 0xc0U) == 0x80U; };
    if (position >= text.size()) { return 0; }
    const unsigned first = byte(position);
    const unsigned second = byte(position + 1);
    if (first < 0x80) { return 1; }
    if (first < 0xc2) { return 0; }
    if (first < 0xe0) { return continues(position + 1) ? 2 : 0; }
    if (first < 0xf0) {
        const bool overlong = first == 0xe0 && second < 0xa0;
        const bool surrogate = first == 0xed && second >= 0xa0;
        return !overlong && !surrogate && continues(position + 1) && continues(position + 2) ? 3 : 0;
    }
    if (first < 0xf5) {
        const bool overlong = first == 0xf0 && second < 0x90;
        const bool too_large = first == 0xf4 && second >= 0x90;
        const bool whole = continues(position + 1) && continues(position + 2) && continues(position + 3);
        return !overlong && !too_large && whole ? 4 : 0;
    }
    return 0;
}

bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        // Most text is ASCII, and goes eight bytes at a time.
        if (std::uint64_t eight = 0; text.size() - at >= sizeof eight) {
            std::memcpy(&eight, text.data() + at, sizeof eight);
            if ((eight & 0x8080808080808080U) == 0) {
                at += sizeof eight;
                continue;
            }
        }
        if (static_cast<unsigned char>(text[at]) < 0x80) {
            ++at;
            continue;
        }
        const auto length = utf8_length(text, at);
        if (length == 0) { return false; }
        at += length;
    }
    return true;
}

std::size_t utf8_cut_tail(std::string_view text) {
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if (byte < 0x80) { return 0; }
        if (byte < 0xC0) { continue; }
        const std::size_t needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
        return back < needed ? back : 0;
    }
    return 0;
}

std::string to_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto length = utf8_length(text, at);
        if (length == 0) {
            out += "\xef\xbf\xbd";
            ++at;
        } else {
            out += text.substr(at, length);
            at += length;
        }
    }
    return out;
}

}  // namespace llmgw
