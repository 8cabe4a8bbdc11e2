// Points in time as people name them, in the local time zone; and back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/util/result.hpp"

namespace llmgw {

// Where a report begins. "7d": the same time of day seven days ago, whatever daylight saving did in between.
// "36h": so many hours ago. "2026-03-01": the start of that local day.
Result<std::int64_t> parse_since(std::string_view text, std::int64_t now_ms);

// Where a report ends (exclusive). As parse_since, but a date means the end of that local day.
Result<std::int64_t> parse_until(std::string_view text, std::int64_t now_ms);

// "2026-03-01T12:34:56Z"
std::string utc_text(std::int64_t ms);

// Names the local day of a time. Fast for times that come in order. Not for several threads.
class LocalDays {
public:
    const std::string& day(std::int64_t ms);  // "2026-03-01"

private:
    std::int64_t quarter_ = -1;
    std::string name_;
};

}  // namespace llmgw
