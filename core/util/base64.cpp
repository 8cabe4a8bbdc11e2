#include "core/util/base64.hpp"

#include <array>
#include <cstdint>

namespace llmgw {
namespace {

constexpr std::string_view standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> make_values() {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < standard.size(); ++i) {
        values[static_cast<unsigned char>(standard[i])] = static_cast<std::int8_t>(i);
        values[static_cast<unsigned char>(url_safe[i])] = static_cast<std::int8_t>(i);
    }
    return values;
}
constexpr auto values = make_values();

std::string encode(std::string_view bytes, std::string_view alphabet, bool pad) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        count += 8;
        while (count >= 6) {
            count -= 6;
            out += alphabet[bits >> count & 63];
        }
    }
    if (count > 0) { out += alphabet[bits << (6 - count) & 63]; }
    while (pad && out.size() % 4 != 0) {
        out += '=';
    }
    return out;
}

}  // namespace

std::string base64(std::string_view bytes) {
    return encode(bytes, standard, true);
}

std::string base64url(std::string_view bytes) {
    return encode(bytes, url_safe, false);
}

std::optional<std::string> base64_decode(std::string_view text) {
    while (text.ends_with('=')) {
        text.remove_suffix(1);
    }
    if (text.size() % 4 == 1) { return std::nullopt; }
    std::string out;
    out.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const auto value = values[static_cast<unsigned char>(c)];
        if (value < 0) { return std::nullopt; }
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out += static_cast<char>(bits >> count & 255);
        }
    }
    return out;
}

}  // namespace llmgw
