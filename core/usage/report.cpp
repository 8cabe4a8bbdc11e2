#include "core/usage/report.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "core/store/usage_store.hpp"
#include "core/usage/period.hpp"

namespace llmgw {
namespace {

// Where nobody answered, the model that was asked for is the best name there is.
constexpr std::string_view model_sql = "CASE WHEN served_model <> '' THEN served_model ELSE requested_model END";

// Expressions over columns that the index calls_report has are read from it alone.
constexpr std::array<Dimension, 4> dimensions{{
    {.name = "feature", .title = "FEATURE", .sql = "feature"},
    {.name = "model", .title = "MODEL", .sql = model_sql},
    {.name = "provider", .title = "PROVIDER", .sql = "provider"},
    {.name = "day", .title = "DAY", .sql = "started_ms", .is_time = true},
}};

// Columns of the statement, before those of the dimensions.
enum Column {
    column_model,
    column_input,
    column_cache_read,
    column_cache_write_5m,
    column_cache_write_1h,
    column_output,
    column_reasoning,
    column_cost,
    column_basis,
    columns_fixed
};

// Put together from constants of this file only; the period is bound.
std::string statement_text(const std::vector<const Dimension*>& by) {
    // The model's name is needed for unpriced calls only, and it is the texts that cost time.
    std::string sql = "SELECT CASE WHEN cost_nano IS NULL THEN ";
    sql += model_sql;
    sql +=
        " END, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,"
        " reasoning_tokens, cost_nano, cost_basis";
    for (const auto* dimension : by) {
        sql += ", ";
        sql += dimension->sql;
    }
    sql += " FROM calls WHERE started_ms >= ? AND started_ms < ?";
    return sql;
}

struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// Adds rows up. SQLite could group, but sorts all rows to do so: three times slower.
class Sums {
public:
    explicit Sums(const std::vector<const Dimension*>& by) : by_(&by) {}

    void add(const Statement& row) {
        auto& sums = group(row);
        ReportSums one{.calls = 1,
                       .input_tokens = row.integer(column_input),
                       .cache_read_tokens = row.integer(column_cache_read),
                       .cache_write_5m_tokens = row.integer(column_cache_write_5m),
                       .cache_write_1h_tokens = row.integer(column_cache_write_1h),
                       .output_tokens = row.integer(column_output),
                       .reasoning_tokens = row.integer(column_reasoning)};
        if (row.is_null(column_cost)) {
            one.unpriced_calls = 1;
            one.unpriced_tokens = one.input_tokens + one.cache_read_tokens + one.cache_write_5m_tokens +
                                  one.cache_write_1h_tokens + one.output_tokens;
            unpriced_models_.emplace(row.text(column_model));
        } else {
            one.priced_cost_nano = row.integer(column_cost);
        }
        const auto basis = row.text(column_basis);
        if (basis == "estimated") { one.estimated_calls = 1; }
        if (basis == "partial") { one.partial_calls = 1; }
        sums += one;
    }

    void add(const Sums& other) {
        for (const auto& [key, sums] : other.groups_) {
            groups_[key] += sums;
        }
        unpriced_models_.insert(other.unpriced_models_.begin(), other.unpriced_models_.end());
    }

    Report report() const;

private:
    // A group's key: its values, each ended by a NUL, and cut where one holds a NUL of its own.
    ReportSums& group(const Statement& row) {
        key_.clear();
        for (std::size_t i = 0; i < by_->size(); ++i) {
            const int column = columns_fixed + static_cast<int>(i);
            const auto value = (*by_)[i]->is_time ? std::string_view(days_.day(row.integer(column))) : row.text(column);
            key_ += value.substr(0, value.find('\0'));
            key_ += '\0';
        }
        // Calls come in bursts of the same kind.
        if (last_ != nullptr && key_ == last_key_) { return *last_; }
        last_key_ = key_;
        auto found = groups_.find(std::string_view(key_));
        if (found == groups_.end()) { found = groups_.emplace(key_, ReportSums{}).first; }
        last_ = &found->second;
        return *last_;
    }

    const std::vector<const Dimension*>* by_;
    std::unordered_map<std::string, ReportSums, KeyHash, std::equal_to<>> groups_;
    std::set<std::string> unpriced_models_;
    LocalDays days_;
    std::string key_;
    std::string last_key_;
    ReportSums* last_ = nullptr;
};

std::vector<std::string> split_key(std::string_view key) {
    std::vector<std::string> values;
    while (!key.empty()) {
        const auto end = key.find('\0');
        values.emplace_back(key.substr(0, end));
        key.remove_prefix(end + 1);
    }
    return values;
}

Report Sums::report() const {
    Report report;
    report.unpriced_models = unpriced_models_;
    for (const auto& [key, sums] : groups_) {
        report.total += sums;
        report.rows.push_back({split_key(key), sums});
    }
    const bool chronological = !by_->empty() && by_->front()->is_time;
    std::sort(report.rows.begin(), report.rows.end(), [&](const ReportRow& a, const ReportRow& b) {
        if (chronological && a.keys.front() != b.keys.front()) { return a.keys.front() < b.keys.front(); }
        if (a.sums.priced_cost_nano != b.sums.priced_cost_nano) {
            return a.sums.priced_cost_nano > b.sums.priced_cost_nano;
        }
        if (a.sums.calls != b.sums.calls) { return a.sums.calls > b.sums.calls; }
        return a.keys < b.keys;
    });
    return report;
}

struct Period {
    std::int64_t since_ms;
    std::int64_t until_ms;
};

Result<> add_period(Database& database, std::string_view sql, Period period, Sums& sums) {
    auto statement = database.prepare(sql);
    if (!statement) { return std::unexpected(statement.error()); }
    statement->bind(1, period.since_ms);
    statement->bind(2, period.until_ms);
    for (;;) {
        switch (statement->step()) {
            case Statement::Step::row: sums.add(*statement); break;
            case Statement::Step::done: return {};
            case Statement::Step::failed: return std::unexpected(database.error());
        }
    }
}

// What of the asked period has calls, and how many rows the whole log has at most.
struct Extent {
    Period period;
    std::int64_t rows;
};

Result<Extent> measure(Database& database, const ReportQuery& query) {
    const auto first = database.integer("SELECT min(started_ms) FROM calls");
    if (!first) { return std::unexpected(first.error()); }
    const auto last = database.integer("SELECT max(started_ms) FROM calls");
    if (!last) { return std::unexpected(last.error()); }
    const auto rows = database.integer("SELECT max(id) FROM calls");
    if (!rows) { return std::unexpected(rows.error()); }
    return Extent{{std::max(query.since_ms, *first), std::min(query.until_ms, *last + 1)}, *rows};
}

// Reads slices of the period in several threads, each with its own connection. A call is in exactly one slice, so
// calls that are written meanwhile are counted once or not yet.
Result<> add_in_parallel(const std::string& path, std::string_view sql, Period period, const ReportQuery& query,
                         unsigned threads, Sums& sums) {
    const std::int64_t slices = threads * 8;  // more than threads, because calls are not spread evenly
    const auto width = std::max<std::int64_t>(1, (period.until_ms - period.since_ms) / slices + 1);
    std::atomic<std::int64_t> next{0};
    std::mutex mutex;  // guards `sums` and `failure`
    std::optional<Error> failure;
    const auto work = [&] {
        Sums own(query.by);
        const auto done = [&]() -> Result<> {
            auto database = open_usage_reader(path);
            if (!database) { return std::unexpected(database.error()); }
            for (auto slice = next++; slice < slices; slice = next++) {
                const auto since_ms = period.since_ms + slice * width;
                const Period part{since_ms, std::min(since_ms + width, period.until_ms)};
                if (auto added = add_period(*database, sql, part, own); !added) { return added; }
            }
            return {};
        }();
        const std::lock_guard lock(mutex);
        if (!done) { failure = done.error(); }
        sums.add(own);
    };
    {
        std::vector<std::jthread> others;
        for (unsigned i = 1; i < threads; ++i) {
            others.emplace_back(work);
        }
        work();
    }
    if (failure) { return std::unexpected(*failure); }
    return {};
}

}  // namespace

std::span<const Dimension> report_dimensions() {
    return dimensions;
}

Result<std::vector<const Dimension*>> parse_dimensions(std::string_view names) {
    std::vector<const Dimension*> by;
    for (std::string_view rest = names;;) {
        const auto comma = rest.find(',');
        const auto name = rest.substr(0, comma);
        const auto found =
            std::find_if(dimensions.begin(), dimensions.end(), [&](const auto& line) { return line.name == name; });
        if (found == dimensions.end()) {
            std::string known;
            for (const auto& line : dimensions) {
                known += (known.empty() ? "" : ", ") + std::string(line.name);
            }
            return fail(ErrorKind::usage, "cannot group by \"" + std::string(name) + "\": choose from " + known);
        }
        if (std::find(by.begin(), by.end(), &*found) != by.end()) {
            return fail(ErrorKind::usage, "\"" + std::string(name) + "\" is there twice");
        }
        by.push_back(&*found);
        if (comma == std::string_view::npos) { return by; }
        rest.remove_prefix(comma + 1);
    }
}

ReportSums& ReportSums::operator+=(const ReportSums& other) {
    calls += other.calls;
    input_tokens += other.input_tokens;
    cache_read_tokens += other.cache_read_tokens;
    cache_write_5m_tokens += other.cache_write_5m_tokens;
    cache_write_1h_tokens += other.cache_write_1h_tokens;
    output_tokens += other.output_tokens;
    reasoning_tokens += other.reasoning_tokens;
    priced_cost_nano += other.priced_cost_nano;
    unpriced_calls += other.unpriced_calls;
    unpriced_tokens += other.unpriced_tokens;
    estimated_calls += other.estimated_calls;
    partial_calls += other.partial_calls;
    return *this;
}

Result<Report> run_report(const std::string& database_path, const ReportQuery& query) {
    auto database = open_usage_reader(database_path);
    if (!database) { return std::unexpected(database.error()); }
    const auto extent = measure(*database, query);
    if (!extent) { return std::unexpected(extent.error()); }
    const auto sql = statement_text(query.by);
    // Below this many rows a second thread costs more than it brings.
    constexpr std::int64_t rows_per_thread_min = 50'000;
    const auto useful = static_cast<unsigned>(std::clamp<std::int64_t>(extent->rows / rows_per_thread_min, 1, 8));
    const auto threads = std::min(useful, std::max(1U, std::thread::hardware_concurrency()));
    Sums sums(query.by);
    const auto done = threads == 1 ? add_period(*database, sql, extent->period, sums)
                                   : add_in_parallel(database_path, sql, extent->period, query, threads, sums);
    if (!done) { return std::unexpected(done.error()); }
    return sums.report();
}

}  // namespace llmgw
