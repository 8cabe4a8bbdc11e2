// Sums kept ready, so that a report over a million calls reads thousands of numbers. They are made from the rows of
// calls and rollups, cover them up to a row number each, and lose nothing when they lag behind or are thrown away:
// a report adds the rows that came after.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/store/db.hpp"
#include "core/usage/period.hpp"
#include "core/usage/sums.hpp"

namespace llmgw {

// How far the summaries go.
struct SummaryState {
    std::int64_t covered_call_id = 0;
    std::int64_t covered_rollup_id = 0;
    std::int64_t generation = 0;  // changes whenever summaries change or rows are rolled up
    bool operator==(const SummaryState&) const = default;
};
Result<SummaryState> read_summary_state(Database& database);

// Rows that the summaries do not cover yet, at most.
Result<std::int64_t> uncovered_rows(Database& database);

// Adds up to `rows_max` further rows to the summaries, in one transaction. Returns how many it added; fewer than
// rows_max means that all are covered. The write lock is held for about a microsecond per row.
Result<std::int64_t> fold_into_summaries(Database& database, std::int64_t rows_max);

// One feature, model and provider of a span of time.
struct SummaryEntry {
    std::int64_t group_id = 0;
    ReportSums sums;
};

// Takes the next entry off the front of a column `entries`; false at its end, and of damaged bytes.
bool read_summary_entry(std::string_view& bytes, SummaryEntry& entry);

}  // namespace llmgw
