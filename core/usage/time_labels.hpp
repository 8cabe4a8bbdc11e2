// Names of local hours, days, weeks and months.
#pragma once

#include <cstdint>
#include <string>

namespace llmgw {

// No zone's offset from UTC, and no change of one, is finer than a quarter of an hour (since 1972). So a quarter of
// an hour of UTC never lies in two local hours or days, and sums kept for each of them give every local grouping
// exactly.
inline constexpr std::int64_t quarter_ms = 900'000;
inline constexpr std::int64_t utc_day_ms = 86'400'000;

// The start of the quarter, or the UTC day, that holds the time.
std::int64_t quarter_of(std::int64_t ms);
std::int64_t utc_day_of(std::int64_t ms);

enum class TimeUnit { hour, day, week, month };

// "2026-11-21 13:00+0100" (the offset tells the two hours apart that have one name when clocks go back),
// "2026-11-21", "2026-W47" (ISO 8601: weeks begin on Monday), "2026-11".
std::string time_label(TimeUnit unit, std::int64_t ms);

// time_label, fast for times that come in order. Not for several threads.
class TimeLabels {
public:
    explicit TimeLabels(TimeUnit unit) : unit_(unit) {}
    const std::string& label(std::int64_t ms);

private:
    TimeUnit unit_;
    std::int64_t quarter_ = -1;
    std::string label_;
};

}  // namespace llmgw
