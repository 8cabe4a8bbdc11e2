// What was spent, grouped. Reads the log; knows nothing of how it is shown.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/util/result.hpp"

namespace llmgw {

// What calls can be grouped by. `sql` is a constant expression over the calls table; what users type chooses a
// line of the table and is never part of a statement.
struct Dimension {
    std::string_view name;  // as typed after --by, and the member's name in JSON
    std::string_view title;
    std::string_view sql;
    bool is_time = false;  // the expression gives a time, which is grouped by local day
};

std::span<const Dimension> report_dimensions();

// "feature,day" and the like. A usage error that lists the names when one is unknown or said twice.
Result<std::vector<const Dimension*>> parse_dimensions(std::string_view names);

struct ReportQuery {
    std::vector<const Dimension*> by;
    std::int64_t since_ms = 0;                                         // inclusive, UTC
    std::int64_t until_ms = std::numeric_limits<std::int64_t>::max();  // exclusive
};

// Tokens are sums of what was reported. A call is unpriced when its cost is unknown; its tokens are counted in
// the sums and again in unpriced_tokens, its cost is not.
struct ReportSums {
    std::int64_t calls = 0;
    std::int64_t input_tokens = 0;
    std::int64_t cache_read_tokens = 0;
    std::int64_t cache_write_5m_tokens = 0;
    std::int64_t cache_write_1h_tokens = 0;
    std::int64_t output_tokens = 0;
    std::int64_t reasoning_tokens = 0;
    std::int64_t priced_cost_nano = 0;
    std::int64_t unpriced_calls = 0;
    std::int64_t unpriced_tokens = 0;
    std::int64_t estimated_calls = 0;
    std::int64_t partial_calls = 0;

    ReportSums& operator+=(const ReportSums& other);
    // Nothing when there are calls and the cost of none is known.
    std::optional<std::int64_t> cost_nano() const {
        if (calls > 0 && unpriced_calls == calls) { return std::nullopt; }
        return priced_cost_nano;
    }
};

struct ReportRow {
    std::vector<std::string> keys;  // one for each dimension of the query
    ReportSums sums;
};

struct Report {
    std::vector<ReportRow> rows;  // by day when that is the first dimension, else the most expensive first
    ReportSums total;
    std::set<std::string> unpriced_models;
};

// not_found when there is no log. Large periods are read by several threads.
Result<Report> run_report(const std::string& database_path, const ReportQuery& query);

}  // namespace llmgw
