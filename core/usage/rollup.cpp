#include "core/usage/rollup.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/usage/dimensions.hpp"
#include "core/usage/log_rows.hpp"
#include "core/usage/summaries.hpp"
#include "core/usage/time_labels.hpp"

namespace llmgw {
namespace {

// The columns of rollups that hold text, and where calls have it.
struct TextColumn {
    std::string_view column;
    std::string_view calls_sql;
};

std::vector<TextColumn> text_columns() {
    std::vector<TextColumn> columns;
    for (const auto& kind : dimension_kinds()) {
        if (!kind.time && kind.rolled_sql != "''") { columns.push_back({kind.rolled_sql, kind.sql}); }
    }
    return columns;
}

struct Moved {
    std::int64_t id;
    std::string call_id;
    bool failed_over;
};

struct Key {
    std::int64_t quarter;
    std::vector<std::string> texts;
    auto operator<=>(const Key&) const = default;
};

class RollUp {
public:
    explicit RollUp(Database& database) : database_(database), texts_(text_columns()) {}

    Result<std::int64_t> run(std::int64_t before_ms, std::int64_t rows_max) {
        const auto state = read_summary_state(database_);
        if (!state) { return std::unexpected(state.error()); }
        const auto rollups = database_.integer("SELECT max(id) FROM rollups");
        if (!rollups) { return std::unexpected(rollups.error()); }
        // Rows that the summaries lack would be left out of them for good.
        if (*rollups > state->covered_rollup_id) { return 0; }
        if (auto found = find(before_ms, state->covered_call_id, rows_max); !found) {
            return std::unexpected(found.error());
        }
        if (moved_.empty()) { return 0; }
        if (auto done = database_.execute("UPDATE summary_state SET rolling = 1"); !done) {
            return std::unexpected(done.error());
        }
        for (const auto step : {&RollUp::read, &RollUp::write, &RollUp::remove, &RollUp::finish}) {
            if (auto done = (this->*step)(); !done) { return std::unexpected(done.error()); }
        }
        return static_cast<std::int64_t>(moved_.size());
    }

private:
    Result<> find(std::int64_t before_ms, std::int64_t covered, std::int64_t rows_max) {
        auto statement = database_.prepare(
            "SELECT id, call_id, failed_attempts > 0 FROM calls WHERE started_ms < ? AND +id <= ? AND +id < (SELECT "
            "max(id) FROM calls) ORDER BY started_ms LIMIT ?");
        if (!statement) { return std::unexpected(statement.error()); }
        statement->bind(1, before_ms);
        statement->bind(2, covered);
        statement->bind(3, rows_max);
        for (;;) {
            switch (statement->step()) {
                case Statement::Step::done: return {};
                case Statement::Step::failed: return std::unexpected(database_.error());
                case Statement::Step::row: break;
            }
            moved_.push_back({statement->integer(0), std::string(statement->text(1)), statement->integer(2) != 0});
        }
    }

    Result<> read() {
        std::vector<std::string_view> expressions;
        for (const auto& text : texts_) {
            expressions.push_back(text.calls_sql);
        }
        auto sql = select_calls(expressions);
        sql += " WHERE id = ?";
        auto call = database_.prepare(sql);
        if (!call) { return std::unexpected(call.error()); }
        sql = select_attempts(expressions);
        sql += " WHERE id = ?";
        auto attempts = database_.prepare(sql);
        if (!attempts) { return std::unexpected(attempts.error()); }
        for (const auto& one : moved_) {
            if (auto done = add(one.id, one.failed_over ? *attempts : *call); !done) { return done; }
        }
        return {};
    }

    Result<> add(std::int64_t id, Statement& statement) {
        statement.bind(1, id);
        for (;;) {
            const auto step = statement.step();
            if (step == Statement::Step::failed) { return std::unexpected(database_.error()); }
            if (step == Statement::Step::done) { break; }
            Key key{quarter_of(statement.integer(time_column)), {}};
            for (int i = 0; i < static_cast<int>(texts_.size()); ++i) {
                key.texts.emplace_back(statement.text(calls_first_expression + i));
            }
            add_call(statement, sums_[std::move(key)]);
        }
        statement.reset();
        return {};
    }

    Result<> write() {
        std::string sql = "INSERT INTO rollups (quarter_ms";
        std::string marks = ") VALUES (?";
        const auto column = [&](std::string_view name) {
            sql += ", ";
            sql += name;
            marks += ", ?";
        };
        for (const auto& text : texts_) {
            column(text.column);
        }
        for (const auto& member : sum_members) {
            column(member.column);
        }
        column("duration_histogram");
        column("first_token_histogram");
        auto put = database_.prepare(sql + marks + ")");
        if (!put) { return std::unexpected(put.error()); }
        for (const auto& [key, sums] : sums_) {
            int parameter = 0;
            put->bind(++parameter, key.quarter);
            for (const auto& text : key.texts) {
                put->bind(++parameter, text);
            }
            for (const auto& member : sum_members) {
                put->bind(++parameter, sums.*member.value);
            }
            std::string duration;
            std::string first_token;
            sums.duration_ms.write(duration);
            sums.first_token_ms.write(first_token);
            put->bind_blob(++parameter, duration);
            put->bind_blob(++parameter, first_token);
            const bool done = put->step() == Statement::Step::done;
            put->reset();
            if (!done) { return std::unexpected(database_.error()); }
        }
        return {};
    }

    Result<> remove() {
        auto call = database_.prepare("DELETE FROM calls WHERE id = ?");
        if (!call) { return std::unexpected(call.error()); }
        auto attempts = database_.prepare("DELETE FROM attempts WHERE call_id = ?");
        if (!attempts) { return std::unexpected(attempts.error()); }
        for (const auto& one : moved_) {
            call->bind(1, one.id);
            attempts->bind(1, one.call_id);
            const bool done = call->step() == Statement::Step::done && attempts->step() == Statement::Step::done;
            call->reset();
            attempts->reset();
            if (!done) { return std::unexpected(database_.error()); }
        }
        return {};
    }

    // The new rows' calls are in the summaries already.
    Result<> finish() {
        return database_.execute(
            "UPDATE summary_state SET rolling = 0, generation = generation + 1,"
            " covered_rollup_id = (SELECT max(id) FROM rollups)");
    }

    Database& database_;
    const std::vector<TextColumn> texts_;
    std::map<Key, ReportSums> sums_;
    std::vector<Moved> moved_;
};

}  // namespace

Result<std::int64_t> roll_up(Database& database, std::int64_t before_ms, std::int64_t rows_max) {
    if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) { return std::unexpected(begun.error()); }
    auto moved = RollUp(database).run(before_ms, rows_max);
    if (moved) {
        if (auto done = database.execute("COMMIT"); !done) { moved = std::unexpected(done.error()); }
    }
    if (!moved && database.in_transaction()) { (void)database.execute("ROLLBACK"); }
    return moved;
}

}  // namespace llmgw
