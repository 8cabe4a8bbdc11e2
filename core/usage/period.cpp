#include "core/usage/period.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>

#include "core/usage/time_labels.hpp"

namespace llmgw {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

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

// Midnight of a date whose fields may be out of range (day 0 is the last of the month before).
std::tm midnight(int year, int month, int day) {
    std::tm parts{};
    parts.tm_year = year;
    parts.tm_mon = month;
    parts.tm_mday = day;
    return parts;
}

// The first moment of a local day. Where clocks change at midnight, 00:00 may not exist, or exist twice.
std::int64_t day_start(const std::tm& parts) {
    auto wanted = parts;
    ::timegm(&wanted);  // brings the fields into their ranges, as mktime does
    const auto day_of = [](std::int64_t ms) {
        const auto local = local_time(ms);
        return (local.tm_year * 12 + local.tm_mon) * 31 + local.tm_mday;
    };
    const auto day = (wanted.tm_year * 12 + wanted.tm_mon) * 31 + wanted.tm_mday;
    auto ms = to_ms(parts);
    while (day_of(ms) < day) {
        ms += quarter_ms;
    }
    while (day_of(ms - quarter_ms) == day) {
        ms -= quarter_ms;
    }
    return ms;
}

struct Span {
    std::tm begin;
    std::tm end;
};

std::optional<Span> month_span(std::string_view text) {
    if (text.size() != 7 || text[4] != '-') { return std::nullopt; }
    const auto year = number(text.substr(0, 4));
    const auto month = number(text.substr(5, 2));
    if (!year || !month || *month < 1 || *month > 12) { return std::nullopt; }
    return Span{midnight(*year - 1900, *month - 1, 1), midnight(*year - 1900, *month, 1)};
}

std::optional<Span> day_span(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') { return std::nullopt; }
    const auto year = number(text.substr(0, 4));
    const auto month = number(text.substr(5, 2));
    const auto day = number(text.substr(8, 2));
    if (!year || !month || !day) { return std::nullopt; }
    // mktime makes March 3 of February 31; noon is in every day of every zone.
    std::tm check = midnight(*year - 1900, *month - 1, *day);
    check.tm_hour = 12;
    check.tm_isdst = -1;
    std::mktime(&check);
    if (check.tm_mon != *month - 1 || check.tm_mday != *day) { return std::nullopt; }
    return Span{midnight(*year - 1900, *month - 1, *day), midnight(*year - 1900, *month - 1, *day + 1)};
}

std::optional<Span> named_span(std::string_view text, std::int64_t now_ms) {
    const auto now = local_time(now_ms);
    const int year = now.tm_year;
    const int month = now.tm_mon;
    const int day = now.tm_mday;
    const int monday = day - (now.tm_wday + 6) % 7;
    if (text == "today") { return Span{midnight(year, month, day), midnight(year, month, day + 1)}; }
    if (text == "yesterday") { return Span{midnight(year, month, day - 1), midnight(year, month, day)}; }
    if (text == "this week") { return Span{midnight(year, month, monday), midnight(year, month, monday + 7)}; }
    if (text == "last week") { return Span{midnight(year, month, monday - 7), midnight(year, month, monday)}; }
    if (text == "this month") { return Span{midnight(year, month, 1), midnight(year, month + 1, 1)}; }
    if (text == "last month") { return Span{midnight(year, month - 1, 1), midnight(year, month, 1)}; }
    if (text == "this year") { return Span{midnight(year, 0, 1), midnight(year + 1, 0, 1)}; }
    if (text == "last year") { return Span{midnight(year - 1, 0, 1), midnight(year, 0, 1)}; }
    return std::nullopt;
}

std::optional<std::int64_t> time_ago(std::string_view text, std::int64_t now_ms) {
    if (text.empty()) { return std::nullopt; }
    const auto count = number(text.substr(0, text.size() - 1));
    if (!count || *count > 1'000'000) { return std::nullopt; }
    if (text.back() == 'h') { return now_ms - *count * hour_ms; }
    if (text.back() != 'd' && text.back() != 'w') { return std::nullopt; }
    auto parts = local_time(now_ms);
    parts.tm_mday -= *count * (text.back() == 'w' ? 7 : 1);
    return to_ms(parts) + now_ms % 1000;
}

Result<std::int64_t> parse(std::string_view text, std::int64_t now_ms, std::tm Span::*side) {
    if (const auto ms = time_ago(text, now_ms)) { return *ms; }
    for (const auto& span : {day_span(text), month_span(text), named_span(text, now_ms)}) {
        if (span) { return day_start((*span).*side); }
    }
    return fail(ErrorKind::usage,
                "\"" + std::string(text) +
                    "\" is no time: say 7d, 36h, a date such as 2026-03-01, a month such as 2026-03, today, yesterday, "
                    "or this or last with week, month or year");
}

// Some number that grows by one from day to day, or from month to month, on the calendar.
int day_number(std::tm parts) {
    parts.tm_hour = 12;
    parts.tm_min = parts.tm_sec = 0;
    return static_cast<int>(::timegm(&parts) / 86'400);
}

int month_number(const std::tm& parts) {
    return parts.tm_year * 12 + parts.tm_mon;
}

bool is_day_start(std::int64_t ms) {
    const auto parts = local_time(ms);
    return ms == day_start(midnight(parts.tm_year, parts.tm_mon, parts.tm_mday));
}

// The same time of day, and where a day begins the beginning of one, on the calendar so much earlier. A month that is
// too short for that day (February 30) has its end there.
std::int64_t earlier(std::int64_t ms, int months, int days) {
    auto wanted = local_time(ms);
    const auto month_end = day_start(midnight(wanted.tm_year, wanted.tm_mon - months + 1, 1));
    wanted.tm_mon -= months;
    wanted.tm_mday -= days;
    const auto same = is_day_start(ms) ? day_start(midnight(wanted.tm_year, wanted.tm_mon, wanted.tm_mday))
                                       : to_ms(wanted) + ms % 1000;
    return months == 0 ? same : std::min(same, month_end);
}

// How many units, each `size` long, it takes to hold a length.
int units_in(int length, int size) {
    return std::max(1, (length + size - 1) / size);
}

// What "7d" says is as long on every clock that was changed meanwhile, and so is what comes before it.
Period before_days_ago(const Period& period) {
    const auto wall_seconds = [](std::int64_t ms) {
        auto parts = local_time(ms);
        return static_cast<std::int64_t>(::timegm(&parts));
    };
    const auto seconds = static_cast<std::time_t>(2 * wall_seconds(period.since_ms) - wall_seconds(period.until_ms));
    std::tm begin{};
    ::gmtime_r(&seconds, &begin);
    return {to_ms(begin) + period.since_ms % 1000, period.since_ms};
}

}  // namespace

Result<std::int64_t> parse_since(std::string_view text, std::int64_t now_ms) {
    return parse(text, now_ms, &Span::begin);
}

Result<std::int64_t> parse_until(std::string_view text, std::int64_t now_ms) {
    return parse(text, now_ms, &Span::end);
}

PeriodUnit unit_of(std::string_view since) {
    if (since == "today" || since == "yesterday") { return PeriodUnit::day; }
    if (since.ends_with(" week")) { return PeriodUnit::week; }
    if (since.ends_with(" month") || month_span(since)) { return PeriodUnit::month; }
    if (since.ends_with(" year")) { return PeriodUnit::year; }
    if (day_span(since)) { return since.ends_with("-01") ? PeriodUnit::month : PeriodUnit::day; }
    return since.ends_with('h') ? PeriodUnit::exact : PeriodUnit::days_ago;
}

Period previous_period(Period period, PeriodUnit unit) {
    if (unit == PeriodUnit::exact) { return {period.since_ms - (period.until_ms - period.since_ms), period.since_ms}; }
    if (unit == PeriodUnit::days_ago) { return before_days_ago(period); }
    const auto since = local_time(period.since_ms);
    const auto until = local_time(period.until_ms);
    const int rest = is_day_start(period.until_ms) ? 0 : 1;  // a part of a unit is one, too
    int months = 0;
    int days = 0;
    if (unit == PeriodUnit::month || unit == PeriodUnit::year) {
        const int size = unit == PeriodUnit::month ? 1 : 12;
        const bool whole = rest == 0 && until.tm_mday == 1;
        months = size * units_in(month_number(until) - month_number(since) + (whole ? 0 : 1), size);
    } else {
        const int size = unit == PeriodUnit::day ? 1 : 7;
        days = size * units_in(day_number(until) - day_number(since) + rest, size);
    }
    return {earlier(period.since_ms, months, days), std::min(earlier(period.until_ms, months, days), period.since_ms)};
}

std::string utc_text(std::int64_t ms) {
    const auto seconds = static_cast<std::time_t>(ms / 1000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string local_text(std::int64_t ms) {
    const auto parts = local_time(ms);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts)};
}

}  // namespace llmgw
