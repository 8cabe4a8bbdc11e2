// The parts of run_report(): collecting rows into groups, reading them one by one, reading summaries.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/store/db.hpp"
#include "core/usage/period.hpp"
#include "core/usage/report.hpp"
#include "core/usage/summaries.hpp"
#include "core/usage/time_labels.hpp"

namespace llmgw::reporting {

// The log as it was at one moment.
struct Snapshot {
    Database database;  // in a read transaction
    SummaryState state;
    std::int64_t last_call_id = 0;
};
Result<Snapshot> open_snapshot(const std::string& path);

struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// Sums by key. A key is the values of the query's dimensions, each ended by a NUL.
class Groups {
public:
    // The reference holds until the next call of at() for another key.
    ReportSums& at(std::string_view key, std::int64_t time_ms);
    void unpriced(std::string_view model);
    void add(const Groups& other);
    Report report(const std::vector<Dimension>& by) const;

private:
    struct Group {
        ReportSums sums;
        std::int64_t first_ms = 0;  // the earliest time that was added
    };
    std::unordered_map<std::string, Group, KeyHash, std::equal_to<>> groups_;
    std::set<std::string, std::less<>> unpriced_models_;
    // Calls come in bursts of the same kind.
    std::string last_key_;
    Group* last_ = nullptr;
};

// Appends a value to a key. It is cut where it holds a NUL of its own, which no text of ours does.
void append_value(std::string_view value, std::string& key);

// Part of a table: rows of that time with these numbers.
struct Rows {
    Period period;
    std::int64_t after_id = 0;
    std::int64_t up_to_id = std::numeric_limits<std::int64_t>::max();
};

// Reads rows one by one. Statements are looked up by time, or by number where `by_id` says that there are few.
Result<> add_calls(Database& database, const ReportQuery& query, const Rows& rows, bool by_id, Groups& groups);
Result<> add_rollups(Database& database, const ReportQuery& query, const Rows& rows, bool by_id, Groups& groups);

// Whether the summaries know everything that the query asks.
bool is_summarized(const ReportQuery& query);
// Adds what the summaries have of the period; the rows they do not cover are for add_calls() and add_rollups().
Result<> add_summaries(Database& database, const ReportQuery& query, Groups& groups);

}  // namespace llmgw::reporting
