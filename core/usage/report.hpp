// What was spent, grouped. Reads the log; knows nothing of how it is shown.
#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "core/usage/dimensions.hpp"
#include "core/usage/sums.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// Times are taken down to their quarter of an hour, because that is how finely rolled-up calls are known: a report
// must not change when they are rolled up, and two periods that meet must not both have a call.
struct ReportQuery {
    std::vector<Dimension> by;                                         // none: one row
    std::int64_t since_ms = 0;                                         // inclusive, UTC
    std::int64_t until_ms = std::numeric_limits<std::int64_t>::max();  // exclusive
    std::vector<Filter> where = {};                                    // all of them must hold
};

struct ReportRow {
    std::vector<std::string> keys;  // one for each dimension of the query
    ReportSums sums;
};

struct Report {
    std::vector<ReportRow> rows;  // in time when that is the first dimension, else the most expensive first
    ReportSums total;
    std::set<std::string> unpriced_models;
};

// not_found when there is no log. What feature, model, provider and time can answer comes from the summaries; other
// questions read every call of the period, with several threads when there are many. Either way the report is of one
// moment, whatever is written or rolled up meanwhile.
Result<Report> run_report(const std::string& database_path, const ReportQuery& query);

// Brings the summaries up to date when so many calls came since that reading them one by one would take longer. For
// who is about to run reports; a log that cannot be written, or that somebody is writing, is left as it is.
void freshen_summaries(const std::string& database_path);

}  // namespace llmgw
