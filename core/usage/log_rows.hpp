// Reading the log's two kinds of rows, single calls and rolled-up ones, into sums.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/store/db.hpp"
#include "core/usage/sums.hpp"

namespace llmgw {

// SELECT statements without a WHERE. Columns: the row's time (of a rollup the start of its quarter), then what
// add_call() or add_rollup() read, then the given expressions, which must be constants of this program.
std::string select_calls(std::span<const std::string_view> expressions);
std::string select_rollups(std::span<const std::string_view> expressions);

inline constexpr int time_column = 0;
// Where the expressions' columns begin.
inline constexpr int calls_first_expression = 13;
inline constexpr int rollups_first_expression = 1 + static_cast<int>(sum_members.size()) + 2;

// Adds the statement's current row.
void add_call(const Statement& row, ReportSums& sums);
// False when somebody damaged the row's histograms.
bool add_rollup(const Statement& row, ReportSums& sums);

}  // namespace llmgw
