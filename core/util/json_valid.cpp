#include "core/util/json_valid.hpp"

#include <bitset>
#include <cstdint>
#include <cstring>

#include "core/util/json_scan.hpp"

namespace llmgw {

namespace {

bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

class Checker {
public:
    explicit Checker(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

    bool check() {
        if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with("\xef\xbb\xbf")) { at_ += 3; }
        if (!value()) { return false; }
        while (depth_ > 0) {
            skip_space();
            if (at_ == end_) { return false; }
            const bool object = objects_[static_cast<std::size_t>(depth_) - 1];
            const char c = *at_++;
            if (c == (object ? '}' : ']')) {
                --depth_;
            } else if (c != ',' || (object && !key()) || !value()) {
                return false;
            }
        }
        skip_space();
        return at_ == end_;
    }

private:
    void skip_space() {
        while (at_ < end_ && is_space(*at_)) {
            ++at_;
        }
    }

    // A value, or the beginning of one that is not empty.
    bool value() {
        for (;;) {
            skip_space();
            if (at_ == end_) { return false; }
            switch (*at_) {
                case '"': ++at_; return string();
                case 't': return word("true");
                case 'f': return word("false");
                case 'n': return word("null");
                case '{':
                case '[': break;
                default: return number();
            }
            if (depth_ == json_scan::depth_max) { return false; }
            const bool object = *at_++ == '{';
            skip_space();
            if (at_ < end_ && *at_ == (object ? '}' : ']')) {
                ++at_;
                return true;
            }
            objects_[static_cast<std::size_t>(depth_++)] = object;
            if (object && !key()) { return false; }
        }
    }

    bool key() {
        skip_space();
        if (at_ == end_ || *at_++ != '"' || !string()) { return false; }
        skip_space();
        return at_ < end_ && *at_++ == ':';
    }

    bool word(std::string_view wanted) {
        if (static_cast<std::size_t>(end_ - at_) < wanted.size() ||
            std::memcmp(at_, wanted.data(), wanted.size()) != 0) {
            return false;
        }
        at_ += wanted.size();
        return true;
    }

    bool digits() {
        const char* const from = at_;
        while (at_ < end_ && is_digit(*at_)) {
            ++at_;
        }
        return at_ != from;
    }

    bool number() {
        if (*at_ == '-') { ++at_; }
        const char* const whole = at_;
        if (!digits() || (*whole == '0' && at_ - whole > 1)) { return false; }
        if (at_ < end_ && *at_ == '.') {
            ++at_;
            if (!digits()) { return false; }
        }
        if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
            ++at_;
            if (at_ < end_ && (*at_ == '+' || *at_ == '-')) { ++at_; }
            if (!digits()) { return false; }
        }
        return true;
    }

    // Eight bytes at a time while none of them is a quote, a backslash or a control character.
    void skip_plain() {
        constexpr std::uint64_t ones = 0x0101010101010101;
        constexpr std::uint64_t tops = 0x8080808080808080;
        const auto has_zero = [](std::uint64_t bytes) { return (bytes - ones) & ~bytes & tops; };
        while (end_ - at_ >= 8) {
            std::uint64_t bytes = 0;
            std::memcpy(&bytes, at_, sizeof bytes);
            const std::uint64_t controls = (bytes - ones * 0x20) & ~bytes & tops;
            if ((controls | has_zero(bytes ^ (ones * '"')) | has_zero(bytes ^ (ones * '\\'))) != 0) { return; }
            at_ += 8;
        }
    }

    // Past its opening quote.
    bool string() {
        for (;;) {
            skip_plain();
            if (at_ == end_) { return false; }
            const char c = *at_++;
            if (c == '"') { return true; }
            if (static_cast<unsigned char>(c) < 0x20) { return false; }
            if (c == '\\' && !escape()) { return false; }
        }
    }

    bool escape() {
        if (at_ == end_) { return false; }
        const char c = *at_++;
        if (c != 'u') { return std::strchr("\"\\/bfnrt", c) != nullptr && c != '\0'; }
        for (int i = 0; i < 4; ++i) {
            if (at_ == end_ || !is_hex(*at_++)) { return false; }
        }
        return true;
    }

    const char* at_;
    const char* end_;
    int depth_ = 0;
    std::bitset<json_scan::depth_max> objects_;  // of the open containers, those that are objects
};

}  // namespace

bool is_json(std::string_view text) {
    return Checker(text).check();
}

bool is_json_object(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && text[first] == '{' && is_json(text);
}

}  // namespace llmgw
