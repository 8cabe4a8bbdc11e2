#include "providers/dialects/openai_chat/cut_text.hpp"

#include <algorithm>
#include <utility>

#include "core/util/utf8.hpp"

namespace llmgw::wire::chat {

using json_scan::Type;
using json_scan::Value;

namespace {

constexpr std::size_t escape_bytes = 6;  // \ud83d

enum class Half { none, high, low };

// What the escape at `at` is half of.
Half half_at(std::string_view raw, std::size_t at) {
    if (at + escape_bytes > raw.size() || raw[at] != '\\' || raw[at + 1] != 'u') { return Half::none; }
    if ((raw[at + 2] | 0x20) != 'd') { return Half::none; }
    const char kind = static_cast<char>(raw[at + 3] | 0x20);
    if (kind == '8' || kind == '9' || kind == 'a' || kind == 'b') { return Half::high; }
    return kind >= 'c' && kind <= 'f' ? Half::low : Half::none;
}

// The inside of a JSON string with halves that stand alone replaced; `last` gets a high one at the end instead.
std::string mended(std::string_view raw, std::string& last) {
    std::string out;
    for (std::size_t at = 0; at < raw.size();) {
        const std::size_t step = raw[at] != '\\' ? 1 : at + 1 < raw.size() && raw[at + 1] == 'u' ? escape_bytes : 2;
        const Half half = half_at(raw, at);
        if (half == Half::high && half_at(raw, at + escape_bytes) == Half::low) {
            out += raw.substr(at, 2 * escape_bytes);
            at += 2 * escape_bytes;
            continue;
        }
        if (half == Half::high && at + escape_bytes == raw.size()) {
            last = raw.substr(at);
        } else if (half != Half::none) {
            out += "\\ufffd";
        } else {
            out += raw.substr(at, step);
        }
        at += step;
    }
    return out;
}

std::string unescaped(std::string_view raw) {
    const std::string literal = '"' + std::string(raw) + '"';
    return Value{Type::string, literal}.as_string().value_or("");
}

}  // namespace

std::string CutStrings::take(const Value& value) {
    if (value.type != Type::string) { return {}; }
    if (half_.empty()) {
        if (auto whole = value.as_string()) { return std::move(*whole); }
    }
    const std::string raw = std::exchange(half_, {}) + std::string(value.raw_string());
    return unescaped(mended(raw, half_));
}

std::string_view WholeCharacters::take(std::string_view piece, std::string& buffer) {
    const std::size_t cut = utf8_cut_tail(piece);
    if (tail_.empty() && cut == 0) { return piece; }
    buffer = std::exchange(tail_, {});
    buffer += piece;
    const std::size_t whole = buffer.size() - utf8_cut_tail(buffer);
    tail_ = buffer.substr(whole);
    buffer.resize(whole);
    return buffer;
}

std::string WholeCharacters::finish() {
    return std::exchange(tail_, {});
}

}  // namespace llmgw::wire::chat
