#include "core/util/url.hpp"

namespace llmgw {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') { return c - '0'; }
    if (c >= 'a' && c <= 'f') { return c - 'a' + 10; }
    if (c >= 'A' && c <= 'F') { return c - 'A' + 10; }
    return -1;
}

bool unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size()) { return std::nullopt; }
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) { return std::nullopt; }
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

std::string percent_encode(std::string_view text, std::string_view keep) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (unreserved(c) || keep.find(c) != std::string_view::npos) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    return out;
}

std::optional<std::string> take_query_value(std::string& query, std::string_view name) {
    std::size_t at = 0;
    while (at < query.size()) {
        auto end = query.find('&', at);
        if (end == std::string::npos) { end = query.size(); }
        const std::string_view part = std::string_view(query).substr(at, end - at);
        if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=') {
            auto value = percent_decode(part.substr(name.size() + 1));
            // The separator goes with the value: the one behind it, or the one before the last.
            const std::size_t from = end == query.size() && at > 0 ? at - 1 : at;
            const std::size_t to = end == query.size() ? end : end + 1;
            query.erase(from, to - from);
            return value;
        }
        at = end + 1;
    }
    return std::nullopt;
}

}  // namespace llmgw
