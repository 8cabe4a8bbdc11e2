// Points in time as people name them, in the local time zone; and back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/util/result.hpp"

namespace llmgw {

// Where a report begins. "7d", "2w": the same time of day so many days ago, whatever daylight saving did in between.
// "36h": so many hours ago. "2026-03-01": the start of that local day; "2026-03": of that month. "today",
// "yesterday", "this week", "last week", "this month", "last month", "this year", "last year": where that began.
// Weeks begin on Monday.
Result<std::int64_t> parse_since(std::string_view text, std::int64_t now_ms);

// Where a report ends (exclusive). As parse_since, but a date or a named period means its end.
Result<std::int64_t> parse_until(std::string_view text, std::int64_t now_ms);

struct Period {
    std::int64_t since_ms = 0;  // inclusive
    std::int64_t until_ms = 0;  // exclusive
    bool operator==(const Period&) const = default;
};

// What a period is a part of, by the words it begins with: "this week" is a part of a week. A date is a part of its
// month when it is the first, else of as many days as there are.
enum class PeriodUnit {
    exact,     // 36h: milliseconds
    days_ago,  // 7d, 2w: days as clocks on the wall show them
    day,
    week,
    month,
    year,
};
// `since` is what parse_since takes.
PeriodUnit unit_of(std::string_view since);

// The same part of the unit before, which is another day, week, month or year of the calendar, whatever its length:
// before "today" until 14:00 comes yesterday until 14:00, before March 1 to 10 February 1 to 10. Of a period longer
// than one unit, as many are gone back as it takes. What is a part of none has as long a time before it.
Period previous_period(Period period, PeriodUnit unit);

// "2026-03-01T12:34:56Z"
std::string utc_text(std::int64_t ms);

// "2026-03-01 13:34:56", in the local time zone.
std::string local_text(std::int64_t ms);

}  // namespace llmgw
