#include "core/util/json_scan.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "core/util/string_end.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace llmgw::json_scan {

namespace {

bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Most strings in JSON are keys and short words, for which a call costs more than looking.
inline const char* skip_string(const char* from, const char* end) {
#if defined(__SSE2__)
    if (end - from >= 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
        const auto mask_of = [&](char c) {
            return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c))));
        };
        const unsigned quotes = mask_of('"');
        const unsigned hits = quotes | mask_of('\\');
        if (hits == 0) { return skip_string_body(from + 16, end); }
        const int first = std::countr_zero(hits);
        if (((quotes >> first) & 1U) != 0) { return from + first + 1; }
    }
#endif
    return skip_string_body(from, end);
}

// Past the bracket that closes the container opened at `from[-1]`.
const char* skip_container(const char* from, const char* end) {
    int depth = 1;
    for (const char* p = from; p < end;) {
        const char c = *p++;
        if (c == '"') {
            p = skip_string(p, end);
            if (p == nullptr) { return nullptr; }
            continue;
        }
        if (c < '[') { continue; }
        const char folded = static_cast<char>(c | 0x20);  // '[' and '{', ']' and '}' differ in this bit only
        if (folded == '}') {
            if (--depth == 0) { return p; }
        } else if (folded == '{' && ++depth > depth_max) {
            return nullptr;
        }
    }
    return nullptr;
}

// Past a number by JSON's grammar; nullptr when there is none.
const char* skip_number(const char* p, const char* end) {
    const auto digits = [&] {
        const char* start = p;
        while (p < end && is_digit(*p)) {
            ++p;
        }
        return p != start;
    };
    if (p < end && *p == '-') { ++p; }
    const char* whole = p;
    if (!digits()) { return nullptr; }
    if (*whole == '0') { p = whole + 1; }  // what follows a leading zero is not part of it
    if (p < end && *p == '.') {
        ++p;
        if (!digits()) { return nullptr; }
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        ++p;
        if (p < end && (*p == '+' || *p == '-')) { ++p; }
        if (!digits()) { return nullptr; }
    }
    return p;
}

const char* skip_word(const char* p, const char* end, std::string_view word) {
    const bool same = static_cast<std::size_t>(end - p) >= word.size() && std::memcmp(p, word.data(), word.size()) == 0;
    return same ? p + word.size() : nullptr;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) { return false; }
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) { return false; }
    }
    return true;
}

}  // namespace

std::optional<std::int64_t> Value::as_int() const {
    if (type != Type::number) { return std::nullopt; }
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto whole = std::from_chars(text.data(), end, value);
    if (whole.ec == std::errc{} && whole.ptr == end) { return value; }
    double real = 0;
    const auto parsed = std::from_chars(text.data(), end, real);
    // Doubles hold whole numbers exactly up to 2^53.
    if (parsed.ec != std::errc{} || std::abs(real) > 9007199254740992.0 || real != std::floor(real)) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(real);
}

std::optional<bool> Value::as_bool() const {
    if (type != Type::boolean) { return std::nullopt; }
    return text == "true";
}

Reader::Reader(std::string_view text, char open)
    : at_(text.data()), end_(text.data() + text.size()), close_(open == '{' ? '}' : ']') {
    if (text.starts_with("\xEF\xBB\xBF")) { at_ += 3; }
    if (!skip_space() || *at_ != open) {
        broken();
        return;
    }
    ++at_;
}

bool Reader::broken() {
    state_ = State::broken;
    return false;
}

bool Reader::skip_space() {
    while (at_ < end_ && is_space(*at_)) {
        ++at_;
    }
    return at_ < end_;
}

// Moves past what stands before a member or an element: nothing before the first, a comma before the others.
bool Reader::separator() {
    if (state_ == State::before_value) {
        Value skipped;
        if (!read_value(skipped)) { return false; }
    }
    if (state_ != State::first && state_ != State::after_value) { return false; }
    if (!skip_space()) { return broken(); }
    if (*at_ == close_) {
        ++at_;
        state_ = State::complete;
        return false;
    }
    if (state_ == State::after_value) {
        if (*at_ != ',') { return broken(); }
        ++at_;
        if (!skip_space()) { return broken(); }
    }
    return true;
}

bool Reader::next_key(std::string_view& key) {
    if (!separator()) { return false; }
    if (*at_ != '"') { return broken(); }
    const char* start = at_ + 1;
    const char* after = skip_string(start, end_);
    if (after == nullptr) { return broken(); }
    key = {start, static_cast<std::size_t>(after - 1 - start)};
    at_ = after;
    if (!skip_space() || *at_ != ':') { return broken(); }
    ++at_;
    if (!skip_space()) { return broken(); }
    state_ = State::before_value;
    return true;
}

bool Reader::next_element(Value& value) {
    if (!separator()) { return false; }
    state_ = State::before_value;
    return read_value(value);
}

bool Reader::read_value(Value& value) {
    if (state_ != State::before_value) { return false; }
    const char* start = at_;
    const char* after = nullptr;
    switch (*at_) {
        case '"':
            value.type = Type::string;
            after = skip_string(at_ + 1, end_);
            break;
        case '{':
            value.type = Type::object;
            after = skip_container(at_ + 1, end_);
            break;
        case '[':
            value.type = Type::array;
            after = skip_container(at_ + 1, end_);
            break;
        case 't':
            value.type = Type::boolean;
            after = skip_word(at_, end_, "true");
            break;
        case 'f':
            value.type = Type::boolean;
            after = skip_word(at_, end_, "false");
            break;
        case 'n':
            value.type = Type::null;
            after = skip_word(at_, end_, "null");
            break;
        default:
            value.type = Type::number;
            after = skip_number(at_, end_);
            break;
    }
    if (after == nullptr) { return broken(); }
    value.text = {start, static_cast<std::size_t>(after - start)};
    at_ = after;
    state_ = State::after_value;
    return true;
}

std::optional<Value> member(std::string_view object_text, std::string_view key) {
    return at(object_text, {key});
}

std::optional<Value> at(std::string_view text, std::initializer_list<std::string_view> path) {
    std::string_view inside = text;
    for (const auto* step = path.begin(); step != path.end(); ++step) {
        Reader reader(inside, '{');
        std::string_view key;
        do {
            if (!reader.next_key(key)) { return std::nullopt; }
        } while (key != *step);
        if (step + 1 == path.end()) {
            Value value;
            if (!reader.read_value(value)) { return std::nullopt; }
            return value;
        }
        inside = reader.rest();
    }
    return std::nullopt;
}

Lookup lookup(std::string_view object_text, std::string_view key) {
    Lookup result;
    Reader reader(object_text, '{');
    std::string_view written;
    Value value;
    std::optional<std::string> resolved;
    while (reader.next_member(written, value)) {
        std::string_view name = written;
        if (written.find('\\') != std::string_view::npos) {
            // The key as a string literal: its quotes are next to it. One with broken escapes is nobody's; a strict
            // parser refuses the whole text.
            const Value literal{Type::string, {written.data() - 1, written.size() + 2}};
            resolved = literal.as_string();
            if (!resolved) { return result; }
            name = *resolved;
        }
        if (name == key) { result.value = value; }
        if (equal_ignoring_case(name, key)) { ++result.matches; }
    }
    result.whole = reader.complete();
    return result;
}

std::optional<Value> last_member(std::string_view object_text, std::string_view key) {
    return lookup(object_text, key).value;
}

}  // namespace llmgw::json_scan
