#include "providers/dialects/common.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace llmgw::wire {

using json_scan::Type;
using json_scan::Value;

namespace {

constexpr std::int64_t tokens_max = 1'000'000'000'000;
constexpr int usd_to_nano_power = 9;
constexpr int tick_to_nano_power = -1;  // a tick is 1e-10 USD

// digits * 10^power, rounded half up; nullopt when it does not fit.
std::optional<std::int64_t> shift_digits(std::string_view digits, int power) {
    // The digits left of the decimal point after the shift.
    const int whole = static_cast<int>(digits.size()) + power;
    std::int64_t value = 0;
    for (int i = 0; i < whole; ++i) {
        const bool there = i < static_cast<int>(digits.size());
        const int digit = there ? digits[static_cast<std::size_t>(i)] - '0' : 0;
        if (value > (std::numeric_limits<std::int64_t>::max() - digit) / 10) { return std::nullopt; }
        value = value * 10 + digit;
    }
    const bool half_seen = whole >= 0 && whole < static_cast<int>(digits.size());
    if (half_seen && digits[static_cast<std::size_t>(whole)] >= '5') { ++value; }
    return value;
}

}  // namespace

Tokens tokens_in(const Value& value) {
    const auto number = value.as_int();
    if (!number || *number < 0 || *number > tokens_max) { return std::nullopt; }
    return number;
}

void set_tokens(Tokens& out, const Value& value) {
    if (const auto number = tokens_in(value)) { out = number; }
}

Tokens add_tokens(Tokens a, Tokens b) {
    if (!a) { return b; }
    return *a + b.value_or(0);
}

Tokens subtract_tokens(Tokens a, Tokens b) {
    if (!a) { return std::nullopt; }
    return std::max<std::int64_t>(0, *a - b.value_or(0));
}

Tokens part_of(Tokens part, Tokens whole) {
    if (!part || !whole) { return part; }
    return std::min(*part, *whole);
}

std::string string_or_empty(const Value& value) {
    return value.as_string().value_or("");
}

bool is_present(const Value& value) {
    return value.type != Type::null && value.text != "\"\"";
}

std::optional<std::int64_t> scale_decimal(std::string_view number, int power) {
    if (number.empty() || number.size() > 64 || number.front() == '-') { return std::nullopt; }
    std::string digits;
    int exponent = power;
    std::size_t i = 0;
    bool fraction = false;
    for (; i < number.size() && number[i] != 'e' && number[i] != 'E'; ++i) {
        const char c = number[i];
        if (c == '.' && !fraction) {
            fraction = true;
        } else if (c >= '0' && c <= '9') {
            if (!digits.empty() || c != '0') { digits.push_back(c); }
            if (fraction) { --exponent; }
        } else {
            return std::nullopt;
        }
    }
    if (i < number.size()) {
        std::string_view text = number.substr(i + 1);
        if (text.starts_with('+')) { text.remove_prefix(1); }
        int written = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), written);
        if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) { return std::nullopt; }
        if (written > 100 || written < -400) { return std::nullopt; }
        exponent += written;
    }
    if (digits.empty()) { return 0; }
    return shift_digits(digits, exponent);
}

void ReportedCost::take(std::string_view key, const Value& value) {
    if (key == "cost") {
        if (value.type == Type::number) { cost_ = scale_decimal(value.text, usd_to_nano_power); }
        // Perplexity states its bill by parts, with their sum.
        if (value.is_object()) {
            const auto total = json_scan::member(value.text, "total_cost");
            if (total && total->type == Type::number) { cost_ = scale_decimal(total->text, usd_to_nano_power); }
        }
    } else if (key == "cost_details") {
        const auto upstream = json_scan::member(value.text, "upstream_inference_cost");
        if (upstream && upstream->type == Type::number) {
            upstream_ = scale_decimal(upstream->text, usd_to_nano_power);
        }
    } else if (key == "is_byok") {
        own_key_ = value.as_bool().value_or(false);
    } else if (key == "cost_in_usd_ticks") {
        if (value.type == Type::number) { ticks_ = scale_decimal(value.text, tick_to_nano_power); }
    }
}

std::optional<std::int64_t> ReportedCost::nano() const {
    if (!cost_) { return ticks_; }
    // With the user's own key the host charges its fee in `cost`, and the provider charges the rest to that key.
    if (!own_key_ || !upstream_) { return cost_; }
    if (*upstream_ > std::numeric_limits<std::int64_t>::max() - *cost_) { return std::nullopt; }
    return *cost_ + *upstream_;
}

}  // namespace llmgw::wire
