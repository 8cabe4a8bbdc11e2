// Strings in JSON: resolving escapes, and writing.
#include <cstddef>

#include "core/util/json_scan.hpp"

namespace llmgw::json_scan {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') { return c - '0'; }
    if (c >= 'a' && c <= 'f') { return c - 'a' + 10; }
    if (c >= 'A' && c <= 'F') { return c - 'A' + 10; }
    return -1;
}

// Four hex digits at text[at]; -1 when they are not there.
int hex4(std::string_view text, std::size_t at) {
    if (at + 4 > text.size()) { return -1; }
    int value = 0;
    for (std::size_t i = at; i < at + 4; ++i) {
        const int digit = hex_digit(text[i]);
        if (digit < 0) { return -1; }
        value = value * 16 + digit;
    }
    return value;
}

void append_utf8(std::string& out, unsigned code) {
    const auto put = [&](unsigned byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | (code >> 6));
        put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put(0xE0 | (code >> 12));
        put(0x80 | ((code >> 6) & 0x3F));
        put(0x80 | (code & 0x3F));
    } else {
        put(0xF0 | (code >> 18));
        put(0x80 | ((code >> 12) & 0x3F));
        put(0x80 | ((code >> 6) & 0x3F));
        put(0x80 | (code & 0x3F));
    }
}

// Resolves the escapes of a string's inside. Half a surrogate pair is broken.
bool unescape(std::string_view in, std::string& out) {
    out.reserve(in.size());
    std::size_t i = 0;
    while (i < in.size()) {
        const std::size_t slash = in.find('\\', i);
        if (slash == std::string_view::npos) {
            out.append(in.substr(i));
            return true;
        }
        out.append(in.substr(i, slash - i));
        if (slash + 1 >= in.size()) { return false; }
        const char c = in[slash + 1];
        i = slash + 2;
        switch (c) {
            case '"':
            case '\\':
            case '/': out.push_back(c); break;
            case 'b': out.push_back('\b'); break;
            case 'f': out.push_back('\f'); break;
            case 'n': out.push_back('\n'); break;
            case 'r': out.push_back('\r'); break;
            case 't': out.push_back('\t'); break;
            case 'u': {
                const int high = hex4(in, i);
                if (high < 0 || (high >= 0xDC00 && high <= 0xDFFF)) { return false; }
                i += 4;
                if (high < 0xD800 || high > 0xDBFF) {
                    append_utf8(out, static_cast<unsigned>(high));
                    break;
                }
                const bool pair = i + 6 <= in.size() && in[i] == '\\' && in[i + 1] == 'u';
                const int low = pair ? hex4(in, i + 2) : -1;
                if (low < 0xDC00 || low > 0xDFFF) { return false; }
                i += 6;
                append_utf8(out, 0x10000U + ((static_cast<unsigned>(high) - 0xD800U) << 10) +
                                     (static_cast<unsigned>(low) - 0xDC00U));
                break;
            }
            default: return false;
        }
    }
    return true;
}

// Length of the UTF-8 sequence at text[at], or 0 when it is not one (overlong forms and surrogates included).
std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(at);
    std::size_t length = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (lead < 0x80) { return 1; }
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        if (lead == 0xE0) { low = 0xA0; }
        if (lead == 0xED) { high = 0x9F; }
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        if (lead == 0xF0) { low = 0x90; }
        if (lead == 0xF4) { high = 0x8F; }
    } else {
        return 0;
    }
    if (at + length > text.size()) { return 0; }
    if (byte(at + 1) < low || byte(at + 1) > high) { return 0; }
    for (std::size_t i = at + 2; i < at + length; ++i) {
        if (byte(i) < 0x80 || byte(i) > 0xBF) { return 0; }
    }
    return length;
}

}  // namespace

std::optional<std::string> Value::as_string() const {
    if (type != Type::string || text.size() < 2) { return std::nullopt; }
    std::string out;
    if (!unescape(raw_string(), out)) { return std::nullopt; }
    return out;
}

std::string quote(std::string_view text) {
    static constexpr char hex[] = "0123456789abcdef";
    std::string out;
    out.reserve(text.size() + 2);
    out.push_back('"');
    for (std::size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x80) {
            const std::size_t length = utf8_length(text, i);
            if (length == 0) {
                out.append("\xEF\xBF\xBD");
                ++i;
            } else {
                out.append(text.substr(i, length));
                i += length;
            }
            continue;
        }
        switch (c) {
            case '"': out.append("\\\""); break;
            case '\\': out.append("\\\\"); break;
            case '\n': out.append("\\n"); break;
            case '\r': out.append("\\r"); break;
            case '\t': out.append("\\t"); break;
            default:
                if (c < 0x20 || c == 0x7F) {
                    out.append("\\u00");
                    out.push_back(hex[c >> 4]);
                    out.push_back(hex[c & 15]);
                } else {
                    out.push_back(static_cast<char>(c));
                }
        }
        ++i;
    }
    out.push_back('"');
    return out;
}

}  // namespace llmgw::json_scan
