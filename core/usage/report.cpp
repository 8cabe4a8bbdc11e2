#include "core/usage/report.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "core/store/usage_store.hpp"
#include "core/usage/report_parts.hpp"
#include "core/usage/summaries.hpp"

namespace llmgw {
namespace reporting {

Result<Snapshot> open_snapshot(const std::string& path) {
    auto database = open_usage_reader(path);
    if (!database) { return std::unexpected(database.error()); }
    if (auto begun = database->execute("BEGIN"); !begun) { return std::unexpected(begun.error()); }
    const auto state = read_summary_state(*database);
    if (!state) { return std::unexpected(state.error()); }
    const auto last = database->integer("SELECT max(id) FROM calls");
    if (!last) { return std::unexpected(last.error()); }
    return Snapshot{std::move(*database), *state, *last};
}

}  // namespace reporting

namespace {

using namespace reporting;

// Reads slices of the period in several threads, each with its own connection. False when the log was rearranged
// while they opened theirs: then they do not see the same rows.
Result<bool> add_in_parallel(const std::string& path, const Snapshot& first, const ReportQuery& query, const Rows& rows,
                             unsigned threads, Groups& groups) {
    const std::int64_t slices = threads * 8;  // more than threads, because calls are not spread evenly
    const auto& period = rows.period;
    const auto width = std::max<std::int64_t>(1, (period.until_ms - period.since_ms) / slices + 1);
    std::atomic<std::int64_t> next{0};
    std::mutex mutex;  // guards the three below
    std::optional<Error> failure;
    bool same = true;
    const auto work = [&] {
        Groups own;
        bool mine = true;
        const auto done = [&]() -> Result<> {
            auto snapshot = open_snapshot(path);
            if (!snapshot) { return std::unexpected(snapshot.error()); }
            mine = snapshot->state == first.state;
            if (!mine) { return {}; }
            for (auto slice = next++; slice < slices; slice = next++) {
                auto part = rows;
                part.period.since_ms = period.since_ms + slice * width;
                part.period.until_ms = std::min(part.period.since_ms + width, period.until_ms);
                if (auto added = add_calls(snapshot->database, query, part, false, own); !added) { return added; }
            }
            return {};
        }();
        const std::lock_guard lock(mutex);
        if (!done) { failure = done.error(); }
        same = same && mine;
        groups.add(own);
    };
    {
        std::vector<std::jthread> others;
        for (unsigned i = 1; i < threads; ++i) {
            others.emplace_back(work);
        }
        work();
    }
    if (failure) { return std::unexpected(*failure); }
    return same;
}

// Every call and rollup of the period, one by one. False: to be tried again, see above.
Result<bool> add_all_rows(const std::string& path, Snapshot& snapshot, const ReportQuery& query, unsigned threads_max,
                          Groups& groups) {
    auto& database = snapshot.database;
    Rows rows{{query.since_ms, query.until_ms}, 0, std::numeric_limits<std::int64_t>::max()};
    if (auto added = add_rollups(database, query, rows, false, groups); !added) {
        return std::unexpected(added.error());
    }
    rows.up_to_id = snapshot.last_call_id;
    const auto first = database.integer("SELECT min(started_ms) FROM calls");
    if (!first) { return std::unexpected(first.error()); }
    const auto last = database.integer("SELECT max(started_ms) FROM calls");
    if (!last) { return std::unexpected(last.error()); }
    rows.period = {std::max(query.since_ms, *first), std::min(query.until_ms, *last + 1)};
    // Below this many rows a second thread costs more than it brings.
    constexpr std::int64_t rows_per_thread_min = 50'000;
    const auto useful = static_cast<unsigned>(std::clamp<std::int64_t>(rows.up_to_id / rows_per_thread_min, 1, 8));
    const auto threads = std::min({useful, threads_max, std::max(1U, std::thread::hardware_concurrency())});
    if (threads > 1) { return add_in_parallel(path, snapshot, query, rows, threads, groups); }
    if (auto added = add_calls(database, query, rows, false, groups); !added) { return std::unexpected(added.error()); }
    return true;
}

Result<> add_summaries_and_news(Snapshot& snapshot, const ReportQuery& query, Groups& groups) {
    auto& database = snapshot.database;
    if (auto added = add_summaries(database, query, groups); !added) { return added; }
    Rows rows{{query.since_ms, query.until_ms}, snapshot.state.covered_call_id, snapshot.last_call_id};
    if (auto added = add_calls(database, query, rows, true, groups); !added) { return added; }
    rows.after_id = snapshot.state.covered_rollup_id;
    rows.up_to_id = std::numeric_limits<std::int64_t>::max();
    return add_rollups(database, query, rows, true, groups);
}

}  // namespace

Result<Report> run_report(const std::string& database_path, const ReportQuery& asked) {
    auto query = asked;
    query.since_ms = quarter_of(std::max<std::int64_t>(query.since_ms, 0));
    query.until_ms = quarter_of(query.until_ms);
    constexpr int tries = 3;
    for (int attempt = 1;; ++attempt) {
        auto snapshot = open_snapshot(database_path);
        if (!snapshot) { return std::unexpected(snapshot.error()); }
        Groups groups;
        if (is_summarized(query)) {
            if (auto done = add_summaries_and_news(*snapshot, query, groups); !done) {
                return std::unexpected(done.error());
            }
            return groups.report(query.by);
        }
        // One connection alone always sees one moment.
        const unsigned threads_max = attempt < tries ? 8 : 1;
        const auto same = add_all_rows(database_path, *snapshot, query, threads_max, groups);
        if (!same) { return std::unexpected(same.error()); }
        if (*same) { return groups.report(query.by); }
    }
}

void freshen_summaries(const std::string& database_path) {
    constexpr std::int64_t worth_it = 20'000;
    constexpr std::int64_t rows_at_once = 20'000;
    constexpr int busy_timeout_ms = 100;
    {
        auto reader = open_usage_reader(database_path);
        if (!reader || uncovered_rows(*reader).value_or(0) < worth_it) { return; }
    }
    auto store = UsageStore::open(database_path, busy_timeout_ms);
    if (!store) { return; }
    for (;;) {
        const auto rows = fold_into_summaries(store->database(), rows_at_once);
        if (!rows || *rows < rows_at_once) { return; }
    }
}

}  // namespace llmgw
