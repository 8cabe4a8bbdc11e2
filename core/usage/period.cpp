#include "core/usage/period.hpp"

#include <charconv>
#include <ctime>
#include <optional>

namespace llmgw {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
// No zone's offset and no change of one is finer than this (since 1980), so a local date never changes within it.
constexpr std::int64_t quarter_ms = 900'000;

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0) { return std::nullopt; }
    return value;
}

std::tm local_time(std::int64_t ms) {
    const auto seconds = static_cast<std::time_t>(ms >= 0 ? ms / 1000 : (ms - 999) / 1000);
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    return parts;
}

std::int64_t to_ms(std::tm parts) {
    parts.tm_isdst = -1;
    return static_cast<std::int64_t>(std::mktime(&parts)) * 1000;
}

// The start of the local day that is `days_later` after the date; nothing when the text is no date.
std::optional<std::int64_t> date_start(std::string_view text, int days_later) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') { return std::nullopt; }
    const auto year = number(text.substr(0, 4));
    const auto month = number(text.substr(5, 2));
    const auto day = number(text.substr(8, 2));
    if (!year || !month || !day) { return std::nullopt; }
    std::tm parts{};
    parts.tm_year = *year - 1900;
    parts.tm_mon = *month - 1;
    parts.tm_mday = *day;
    // mktime makes March 3 of February 31; noon is in every day of every zone.
    std::tm check = parts;
    check.tm_hour = 12;
    check.tm_isdst = -1;
    std::mktime(&check);
    if (check.tm_mon != *month - 1 || check.tm_mday != *day) { return std::nullopt; }
    parts.tm_mday += days_later;
    return to_ms(parts);
}

std::optional<std::int64_t> time_ago(std::string_view text, std::int64_t now_ms) {
    if (text.empty()) { return std::nullopt; }
    const auto count = number(text.substr(0, text.size() - 1));
    if (!count || *count > 1'000'000) { return std::nullopt; }
    if (text.back() == 'h') { return now_ms - *count * hour_ms; }
    if (text.back() != 'd') { return std::nullopt; }
    auto parts = local_time(now_ms);
    parts.tm_mday -= *count;
    return to_ms(parts) + now_ms % 1000;
}

Result<std::int64_t> parse(std::string_view text, std::int64_t now_ms, int date_days_later) {
    if (const auto ms = time_ago(text, now_ms)) { return *ms; }
    if (const auto ms = date_start(text, date_days_later)) { return *ms; }
    return fail(ErrorKind::usage, "\"" + std::string(text) + "\" is no time: say 7d, 36h or a date such as 2026-03-01");
}

}  // namespace

Result<std::int64_t> parse_since(std::string_view text, std::int64_t now_ms) {
    return parse(text, now_ms, 0);
}

Result<std::int64_t> parse_until(std::string_view text, std::int64_t now_ms) {
    return parse(text, now_ms, 1);
}

std::string utc_text(std::int64_t ms) {
    const auto seconds = static_cast<std::time_t>(ms / 1000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

const std::string& LocalDays::day(std::int64_t ms) {
    if (const auto quarter = ms / quarter_ms; quarter != quarter_ || name_.empty()) {
        quarter_ = quarter;
        const auto parts = local_time(ms);
        char text[32];
        name_.assign(text, std::strftime(text, sizeof text, "%Y-%m-%d", &parts));
    }
    return name_;
}

}  // namespace llmgw
