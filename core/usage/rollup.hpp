// Old calls become sums: `[log] keep_days`.
#pragma once

#include <cstdint>

#include "core/store/db.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// Moves up to `rows_max` calls that began before `before_ms`, the oldest first, from calls and attempts into rollups,
// in one transaction: no sum of any report changes. Only calls that the summaries cover are moved, and the newest row
// of the table stays, because SQLite would give its number to the next call. Returns how many were moved.
//
// A call that was rolled up is no longer known by its id. Who calls this has first drained every journal that could
// still hold it (core/usage/drain.hpp): else it would be counted twice.
Result<std::int64_t> roll_up(Database& database, std::int64_t before_ms, std::int64_t rows_max);

}  // namespace llmgw
