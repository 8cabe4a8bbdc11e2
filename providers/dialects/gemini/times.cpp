#include "providers/dialects/gemini/times.hpp"

#include <charconv>
#include <chrono>

#include <fmt/format.h>

namespace llmgw::wire::gemini {

namespace chrono = std::chrono;

namespace {

// The number in text[at, at + digits); -1 when there is none.
int number_at(std::string_view text, std::size_t at, std::size_t digits) {
    int number = -1;
    const char* end = text.data() + at + digits;
    const auto read = std::from_chars(text.data() + at, end, number);
    return read.ec == std::errc{} && read.ptr == end ? number : -1;
}

}  // namespace

std::int64_t seconds_of(std::string_view rfc3339) {
    constexpr std::string_view form = "0000-00-00T00:00:00";
    if (rfc3339.size() <= form.size()) { return 0; }
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool digit = rfc3339[i] >= '0' && rfc3339[i] <= '9';
        if (form[i] == '0' ? !digit : rfc3339[i] != form[i]) { return 0; }
    }
    const chrono::year_month_day day{chrono::year(number_at(rfc3339, 0, 4)),
                                     chrono::month(static_cast<unsigned>(number_at(rfc3339, 5, 2))),
                                     chrono::day(static_cast<unsigned>(number_at(rfc3339, 8, 2)))};
    if (!day.ok()) { return 0; }
    std::int64_t seconds = chrono::sys_days(day).time_since_epoch().count() * std::int64_t{86400};
    seconds += number_at(rfc3339, 11, 2) * 3600 + number_at(rfc3339, 14, 2) * 60 + number_at(rfc3339, 17, 2);
    const auto zone = rfc3339.find_first_of("Z+-", form.size());
    if (zone == std::string_view::npos) { return 0; }
    if (rfc3339[zone] != 'Z' && rfc3339.size() >= zone + 6) {
        const int offset = number_at(rfc3339, zone + 1, 2) * 3600 + number_at(rfc3339, zone + 4, 2) * 60;
        seconds += rfc3339[zone] == '+' ? -offset : offset;
    }
    return seconds;
}

std::string rfc3339_of(std::int64_t seconds) {
    const chrono::sys_seconds time{chrono::seconds(seconds)};
    const auto midnight = chrono::floor<chrono::days>(time);
    const chrono::year_month_day day{midnight};
    const chrono::hh_mm_ss clock{time - midnight};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(day.year()),
                       static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count());
}

}  // namespace llmgw::wire::gemini
