// Reading the log's two kinds of rows, single calls and rolled-up ones, into sums.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/store/db.hpp"
#include "core/usage/sums.hpp"

namespace llmgw {

// What stands where a call has its ending, for an attempt that failed before its call's last one.
inline constexpr std::string_view failed_attempt_status = "failed attempt";

// SELECT statements without a WHERE. Columns: the row's time (of a rollup the start of its quarter), then what
// add_call() or add_rollup() read, then the given expressions, which must be constants of this program.
//
// Calls are read from two sources whose rows have the same columns and which together have all: those that were tried
// once or not at all, and the attempts of the others. Of these the last stands for its call; the ones before it are
// rows of their own, with the call's time and names, but their own provider, model, error, tokens and cost.
std::string select_calls(std::span<const std::string_view> expressions);
std::string select_attempts(std::span<const std::string_view> expressions);
std::string select_rollups(std::span<const std::string_view> expressions);

inline constexpr int time_column = 0;
// Where the expressions' columns begin.
inline constexpr int calls_first_expression = 14;
inline constexpr int rollups_first_expression = 1 + static_cast<int>(sum_members.size()) + 2;

// Adds the statement's current row, of either source.
void add_call(const Statement& row, ReportSums& sums);
// False when somebody damaged the row's histograms.
bool add_rollup(const Statement& row, ReportSums& sums);

}  // namespace llmgw
