#include <doctest/doctest.h>

#include "core/usage/period.hpp"
#include "core/usage/time_labels.hpp"
#include "usage_seed.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t nov_21 = 1'795'269'600'000;  // 2026-11-21T14:00:00Z, a Saturday

std::string since(const char* text, std::int64_t now = nov_21) {
    const auto ms = parse_since(text, now);
    REQUIRE_MESSAGE(ms.has_value(), text);
    return local_text(*ms);
}

std::string until(const char* text, std::int64_t now = nov_21) {
    const auto ms = parse_until(text, now);
    REQUIRE_MESSAGE(ms.has_value(), text);
    return local_text(*ms);
}

// "begin to end" of the period before, both given as local dates or times.
std::string before(const char* from, const char* to, std::int64_t now = nov_21) {
    const auto period = previous_period({*parse_since(from, now), *parse_since(to, now)}, unit_of(from));
    return local_text(period.since_ms).substr(0, 16) + " to " + local_text(period.until_ms).substr(0, 16);
}

}  // namespace

TEST_SUITE("usage_period") {
    TEST_CASE("period: names begin and end where the calendar says, in the local zone") {
        const TimeZone zone(berlin);
        CHECK(since("today") == "2026-11-21 00:00:00");
        CHECK(until("today") == "2026-11-22 00:00:00");
        CHECK(since("yesterday") == "2026-11-20 00:00:00");
        CHECK(until("yesterday") == "2026-11-21 00:00:00");
        CHECK(since("this week") == "2026-11-16 00:00:00");
        CHECK(until("this week") == "2026-11-23 00:00:00");
        CHECK(since("last week") == "2026-11-09 00:00:00");
        CHECK(until("last week") == "2026-11-16 00:00:00");
        CHECK(since("this month") == "2026-11-01 00:00:00");
        CHECK(since("last month") == "2026-10-01 00:00:00");
        CHECK(until("last month") == "2026-11-01 00:00:00");
        CHECK(since("this year") == "2026-01-01 00:00:00");
        CHECK(until("last year") == "2026-01-01 00:00:00");
        CHECK(since("2026-02") == "2026-02-01 00:00:00");
        CHECK(until("2026-12") == "2027-01-01 00:00:00");
        CHECK(since("2w") == "2026-11-07 15:00:00");
        // On a Monday and a Sunday, and on the first of a January.
        CHECK(since("this week", nov_21 + 48 * hour_ms) == "2026-11-23 00:00:00");
        CHECK(since("this week", nov_21 + 24 * hour_ms) == "2026-11-16 00:00:00");
        CHECK(since("last month", *parse_since("2026-01-01", 0)) == "2025-12-01 00:00:00");
    }

    TEST_CASE("period: a day whose midnight does not exist, or exists twice, begins with its first moment") {
        const TimeZone zone(cairo);
        const auto april_24 = *parse_since("2026-04-24", nov_21);  // the clock goes from 00:00 to 01:00
        CHECK(local_text(april_24) == "2026-04-24 01:00:00");
        CHECK(time_label(TimeUnit::day, april_24 - 1) == "2026-04-23");
        CHECK(*parse_until("2026-04-24", nov_21) - april_24 == 23 * hour_ms);
        const auto october_29 = *parse_since("2026-10-29", nov_21);  // at its end the clock goes back to 23:00
        CHECK(*parse_until("2026-10-29", nov_21) - october_29 == 25 * hour_ms);
    }

    TEST_CASE("period: the one before is as long, by the calendar where the period is") {
        const TimeZone zone(berlin);
        CHECK(before("2026-11-01", "2026-12-01") == "2026-10-01 00:00 to 2026-11-01 00:00");
        CHECK(before("2026-03-01", "2026-04-01") == "2026-02-01 00:00 to 2026-03-01 00:00");
        CHECK(before("2026-10-01", "2027-01-01") == "2026-07-01 00:00 to 2026-10-01 00:00");
        CHECK(before("2026-01-01", "2027-01-01") == "2025-01-01 00:00 to 2026-01-01 00:00");
        // The same part of the month before; March 31 has none in February.
        CHECK(before("2026-11-01", "2026-11-21") == "2026-10-01 00:00 to 2026-10-21 00:00");
        CHECK(before("2026-03-01", "2026-03-31") == "2026-02-01 00:00 to 2026-03-01 00:00");
        // Days and weeks across a change of clocks: 2026-10-25 has 25 hours.
        CHECK(before("2026-10-26", "2026-10-27") == "2026-10-25 00:00 to 2026-10-26 00:00");
        CHECK(before("2026-10-26", "2026-11-02") == "2026-10-19 00:00 to 2026-10-26 00:00");
        const auto now = *parse_since("2026-10-28", 0) + 9 * hour_ms;
        CHECK(before("3d", "0d", now) == "2026-10-22 09:00 to 2026-10-25 09:00");
        // Anything else to the millisecond.
        CHECK(before("36h", "1h", nov_21) == "2026-11-18 16:00 to 2026-11-20 03:00");
    }

    TEST_CASE("period: before a named one comes the same part of the day, week, month or year before") {
        const TimeZone zone(berlin);
        CHECK(before("today", "0h") == "2026-11-20 00:00 to 2026-11-20 15:00");
        CHECK(before("2026-11-21", "0h") == "2026-11-20 00:00 to 2026-11-20 15:00");
        CHECK(before("yesterday", "0h") == "2026-11-18 00:00 to 2026-11-19 15:00");
        CHECK(before("yesterday", "today") == "2026-11-19 00:00 to 2026-11-20 00:00");
        CHECK(before("this week", "0h") == "2026-11-09 00:00 to 2026-11-14 15:00");
        CHECK(before("last week", "0h") == "2026-10-26 00:00 to 2026-11-07 15:00");
        CHECK(before("last week", "this week") == "2026-11-02 00:00 to 2026-11-09 00:00");
        CHECK(before("this month", "0h") == "2026-10-01 00:00 to 2026-10-21 15:00");
        CHECK(before("2026-11", "0h") == "2026-10-01 00:00 to 2026-10-21 15:00");
        CHECK(before("last month", "0h") == "2026-08-01 00:00 to 2026-09-21 15:00");
        CHECK(before("this year", "0h") == "2025-01-01 00:00 to 2025-11-21 15:00");
        CHECK(before("last year", "this year") == "2024-01-01 00:00 to 2025-01-01 00:00");
        CHECK(before("last year", "0h") == "2023-01-01 00:00 to 2024-11-21 15:00");
        // The unit counts, not that the first of a month is a Monday or a day.
        const auto monday_first = *parse_since("2026-06-01", 0) + 10 * hour_ms;
        CHECK(before("today", "0h", monday_first) == "2026-05-31 00:00 to 2026-05-31 10:00");
        CHECK(before("this week", "0h", monday_first) == "2026-05-25 00:00 to 2026-05-25 10:00");
        CHECK(before("this month", "0h", monday_first) == "2026-05-01 00:00 to 2026-05-01 10:00");
        // A day that the month or the year before has not.
        const auto march_30 = *parse_since("2026-03-30", 0) + 10 * hour_ms;
        CHECK(before("this month", "0h", march_30) == "2026-02-01 00:00 to 2026-03-01 00:00");
        const auto leap_day = *parse_since("2028-02-29", 0) + 10 * hour_ms;
        CHECK(before("this year", "0h", leap_day) == "2027-01-01 00:00 to 2027-03-01 00:00");
    }

    TEST_CASE("period: the same part is told by the clock on the wall, whatever was done to it") {
        const TimeZone zone(berlin);
        const auto at = [](const char* day, int hours) { return *parse_since(day, 0) + hours * hour_ms; };
        // The clocks went back on Sunday 2026-10-25 and forward on Sunday 2026-03-29.
        CHECK(before("today", "0h", at("2026-10-25", 13)) == "2026-10-24 00:00 to 2026-10-24 12:00");
        CHECK(before("today", "0h", at("2026-10-26", 12)) == "2026-10-25 00:00 to 2026-10-25 12:00");
        CHECK(before("this week", "0h", at("2026-10-27", 12)) == "2026-10-19 00:00 to 2026-10-20 12:00");
        CHECK(before("this week", "0h", at("2026-03-30", 12)) == "2026-03-23 00:00 to 2026-03-23 12:00");
        CHECK(before("this year", "0h", at("2026-11-21", 15)) == "2025-01-01 00:00 to 2025-11-21 15:00");
        // As `usage` asks: what is now belongs to a quarter of an hour that has not ended.
        const auto now = at("2026-10-28", 9);
        const auto asked = Period{*parse_since("3d", now), now + quarter_ms};
        CHECK(local_text(previous_period(asked, unit_of("3d")).since_ms) == "2026-10-22 08:45:00");
    }

    TEST_CASE("labels: hours that exist twice have two names, days of 23 and 25 hours are one") {
        struct Case {
            const char* zone;
            std::int64_t from_ms;
            int hours;
            std::size_t days;
        };
        for (const auto& [name, from_ms, hours, days] : {Case{berlin, 1'792'879'200'000, 25, 1},    // 2026-10-25
                                                         Case{berlin, 1'774'738'800'000, 23, 1},    // 2026-03-29
                                                         Case{new_york, 1'793'505'600'000, 25, 1},  // 2026-11-01
                                                         Case{kathmandu, 1'792'865'700'000, 24, 1}}) {
            const TimeZone zone(name);
            CAPTURE(name);
            std::set<std::string> hour_names;
            std::set<std::string> day_names;
            for (std::int64_t ms = from_ms; ms < from_ms + hours * hour_ms; ms += quarter_ms) {
                hour_names.insert(time_label(TimeUnit::hour, ms));
                day_names.insert(time_label(TimeUnit::day, ms));
            }
            CHECK(hour_names.size() == static_cast<std::size_t>(hours));
            CHECK(day_names.size() == days);
            CHECK(time_label(TimeUnit::day, from_ms - 1) < *day_names.begin());
            CHECK(time_label(TimeUnit::day, from_ms + hours * hour_ms) > *day_names.rbegin());
        }
        const TimeZone zone(berlin);
        CHECK(time_label(TimeUnit::hour, 1'792'879'200'000 + 2 * hour_ms) == "2026-10-25 02:00+0200");
        CHECK(time_label(TimeUnit::hour, 1'792'879'200'000 + 3 * hour_ms) == "2026-10-25 02:00+0100");
        CHECK(time_label(TimeUnit::week, *parse_since("2027-01-01", 0)) == "2026-W53");
        CHECK(time_label(TimeUnit::month, *parse_since("2027-01-01", 0) - 1) == "2026-12");
    }

    TEST_CASE("labels: no quarter of an hour of UTC lies in two hours or days of any zone") {
        for (const char* name : {berlin, new_york, kathmandu, lord_howe, cairo, "UTC0", "<+1245>-12:45"}) {
            const TimeZone zone(name);
            CAPTURE(name);
            for (std::int64_t ms = quarter_of(1'767'225'600'000); ms < 1'800'000'000'000; ms += quarter_ms) {
                REQUIRE(time_label(TimeUnit::hour, ms) == time_label(TimeUnit::hour, ms + quarter_ms - 1));
            }
        }
        CHECK(quarter_of(-1) == -quarter_ms);
        CHECK(utc_day_of(utc_day_ms + 5) == utc_day_ms);
    }
}
