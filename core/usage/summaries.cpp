#include "core/usage/summaries.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <utility>

#include "core/usage/dimensions.hpp"
#include "core/usage/log_rows.hpp"
#include "core/usage/time_labels.hpp"

namespace llmgw {
namespace {

// The expressions whose values make a group, of either table.
std::vector<std::string_view> group_expressions(std::string_view DimensionKind::*sql) {
    std::vector<std::string_view> expressions;
    for (const char* name : {"feature", "model", "provider"}) {
        const auto kinds = dimension_kinds();
        expressions.push_back((*std::ranges::find(kinds, name, &DimensionKind::name)).*sql);
    }
    return expressions;
}
constexpr int group_texts = 3;

// The sums of one span, by group.
using Page = std::unordered_map<std::int64_t, ReportSums>;

class Folding {
public:
    explicit Folding(Database& database) : database_(database) {}

    // The next rows after `after`. Returns how many.
    Result<std::int64_t> add_calls(std::int64_t after, std::int64_t rows_max) {
        const auto rows = find("calls", after, rows_max);
        if (!rows) { return rows; }
        for (const auto select : {&select_calls, &select_attempts}) {
            const auto add_row = [](const Statement& row, ReportSums& sums) {
                add_call(row, sums);
                return true;
            };
            const auto sql = select(group_expressions(&DimensionKind::sql));
            if (auto added = add(sql, calls_first_expression, after, add_row); !added) {
                return std::unexpected(added.error());
            }
        }
        return rows;
    }
    Result<std::int64_t> add_rollups(std::int64_t after, std::int64_t rows_max) {
        const auto rows = find("rollups", after, rows_max);
        if (!rows) { return rows; }
        const auto sql = select_rollups(group_expressions(&DimensionKind::rolled_sql));
        if (auto added = add(sql, rollups_first_expression, after, add_rollup); !added) {
            return std::unexpected(added.error());
        }
        return rows;
    }
    std::int64_t last_id() const { return last_id_; }

    Result<> write() {
        auto put = database_.prepare("INSERT OR REPLACE INTO summaries (span_ms, start_ms, entries) VALUES (?, ?, ?)");
        if (!put) { return std::unexpected(put.error()); }
        for (auto& [place, page] : pages_) {
            if (auto loaded = load(place, page); !loaded) { return loaded; }
            std::string bytes;
            for (const auto& [group, sums] : page) {
                write_varint(group, bytes);
                write_sums(sums, bytes);
            }
            put->bind(1, place.first);
            put->bind(2, place.second);
            put->bind_blob(3, bytes);
            const bool done = put->step() == Statement::Step::done;
            put->reset();
            if (!done) { return std::unexpected(database_.error()); }
        }
        return {};
    }

private:
    // How many rows come next, and the number of the last of them.
    Result<std::int64_t> find(std::string_view table, std::int64_t after, std::int64_t rows_max) {
        std::string sql = "SELECT count(*), max(id) FROM (SELECT id FROM ";
        sql += table;
        sql += " WHERE id > ? ORDER BY id LIMIT ?)";
        auto statement = database_.prepare(sql);
        if (!statement) { return std::unexpected(statement.error()); }
        statement->bind(1, after);
        statement->bind(2, rows_max);
        if (statement->step() != Statement::Step::row) { return std::unexpected(database_.error()); }
        last_id_ = statement->integer(1);
        return statement->integer(0);
    }

    // The rows after `after` up to the last one found.
    template <class AddRow>
    Result<> add(std::string sql, int first, std::int64_t after, AddRow add_row) {
        sql += " WHERE id > ? AND id <= ?";
        auto statement = database_.prepare(sql);
        if (!statement) { return std::unexpected(statement.error()); }
        statement->bind(1, after);
        statement->bind(2, last_id_);
        for (;;) {
            switch (statement->step()) {
                case Statement::Step::done: return {};
                case Statement::Step::failed: return std::unexpected(database_.error());
                case Statement::Step::row: break;
            }
            const auto group = group_of(*statement, first);
            if (!group) { return std::unexpected(group.error()); }
            one_ = {};
            if (!add_row(*statement, one_)) { return fail(ErrorKind::io, "the usage log's rollups are damaged"); }
            const auto time = statement->integer(time_column);
            pages_[{quarter_ms, quarter_of(time)}][*group] += one_;
            pages_[{utc_day_ms, utc_day_of(time)}][*group] += one_;
        }
    }

    Result<std::int64_t> group_of(const Statement& row, int first) {
        key_.clear();
        for (int i = 0; i < group_texts; ++i) {
            // NUL ends no text of ours; one from another tool's hand is cut there, as reports do.
            const auto text = row.text(first + i);
            key_ += text.substr(0, text.find('\0'));
            key_ += '\0';
        }
        if (const auto known = groups_.find(key_); known != groups_.end()) { return known->second; }
        auto put =
            database_.prepare("INSERT OR IGNORE INTO summary_groups (feature, model, provider) VALUES (?, ?, ?)");
        if (!put) { return std::unexpected(put.error()); }
        auto get = database_.prepare("SELECT id FROM summary_groups WHERE feature = ? AND model = ? AND provider = ?");
        if (!get) { return std::unexpected(get.error()); }
        for (auto* statement : {&*put, &*get}) {
            std::string_view rest = key_;
            for (int i = 1; i <= group_texts; ++i) {
                statement->bind(i, rest.substr(0, rest.find('\0')));
                rest.remove_prefix(rest.find('\0') + 1);
            }
        }
        if (put->step() != Statement::Step::done || get->step() != Statement::Step::row) {
            return std::unexpected(database_.error());
        }
        return groups_[key_] = get->integer(0);
    }

    // What the database has for the page already is added to it.
    Result<> load(std::pair<std::int64_t, std::int64_t> place, Page& page) {
        auto get = database_.prepare("SELECT entries FROM summaries WHERE span_ms = ? AND start_ms = ?");
        if (!get) { return std::unexpected(get.error()); }
        get->bind(1, place.first);
        get->bind(2, place.second);
        switch (get->step()) {
            case Statement::Step::done: return {};
            case Statement::Step::failed: return std::unexpected(database_.error());
            case Statement::Step::row: break;
        }
        auto bytes = get->blob(0);
        SummaryEntry entry;
        while (read_summary_entry(bytes, entry)) {
            page[entry.group_id] += entry.sums;
        }
        return {};
    }

    Database& database_;
    std::map<std::pair<std::int64_t, std::int64_t>, Page> pages_;  // by span and start
    std::unordered_map<std::string, std::int64_t> groups_;
    std::string key_;
    ReportSums one_;
    std::int64_t last_id_ = 0;
};

Result<std::int64_t> fold(Database& database, std::int64_t rows_max) {
    auto state = read_summary_state(database);
    if (!state) { return std::unexpected(state.error()); }
    Folding rollups(database);
    auto rows = rollups.add_rollups(state->covered_rollup_id, rows_max);
    if (!rows) { return rows; }
    if (*rows > 0) {
        state->covered_rollup_id = rollups.last_id();
        if (auto written = rollups.write(); !written) { return std::unexpected(written.error()); }
    }
    if (*rows < rows_max) {
        Folding calls(database);
        const auto more = calls.add_calls(state->covered_call_id, rows_max - *rows);
        if (!more) { return more; }
        if (*more > 0) {
            state->covered_call_id = calls.last_id();
            if (auto written = calls.write(); !written) { return std::unexpected(written.error()); }
        }
        *rows += *more;
    }
    if (*rows == 0) { return 0; }
    auto put = database.prepare(
        "UPDATE summary_state SET covered_call_id = ?, covered_rollup_id = ?, generation = generation + 1");
    if (!put) { return std::unexpected(put.error()); }
    put->bind(1, state->covered_call_id);
    put->bind(2, state->covered_rollup_id);
    if (put->step() != Statement::Step::done) { return std::unexpected(database.error()); }
    return rows;
}

}  // namespace

Result<SummaryState> read_summary_state(Database& database) {
    auto get = database.prepare("SELECT covered_call_id, covered_rollup_id, generation FROM summary_state");
    if (!get) { return std::unexpected(get.error()); }
    if (get->step() != Statement::Step::row) { return std::unexpected(database.error()); }
    return SummaryState{get->integer(0), get->integer(1), get->integer(2)};
}

Result<std::int64_t> uncovered_rows(Database& database) {
    return database.integer(
        "SELECT coalesce((SELECT max(id) FROM calls), 0) + coalesce((SELECT max(id) FROM rollups), 0)"
        " - covered_call_id - covered_rollup_id FROM summary_state");
}

Result<std::int64_t> fold_into_summaries(Database& database, std::int64_t rows_max) {
    if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) { return std::unexpected(begun.error()); }
    auto rows = fold(database, rows_max);
    if (rows) {
        if (auto done = database.execute("COMMIT"); !done) { rows = std::unexpected(done.error()); }
    }
    if (!rows && database.in_transaction()) { (void)database.execute("ROLLBACK"); }
    return rows;
}

bool read_summary_entry(std::string_view& bytes, SummaryEntry& entry) {
    return !bytes.empty() && read_varint(bytes, entry.group_id) && read_sums(bytes, entry.sums);
}

}  // namespace llmgw
