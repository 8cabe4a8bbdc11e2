#include <deque>

#include "core/usage/log_rows.hpp"
#include "core/usage/report_parts.hpp"

namespace llmgw::reporting {
namespace {

// Rows are chosen by the database where a column can be compared, and here where a name has to be found first.
bool chosen_here(const Dimension& dimension) {
    return dimension.kind->time.has_value() || dimension.kind->is_metadata;
}

// One dimension's value of the current row.
class ValueReader {
public:
    ValueReader(const Dimension& dimension, int column) : dimension_(dimension), column_(column) {
        if (dimension.kind->time) { labels_.emplace(*dimension.kind->time); }
    }

    std::string_view value(const Statement& row) {
        if (labels_) { return labels_->label(row.integer(column_)); }
        const auto text = row.text(column_);
        return dimension_.kind->is_metadata ? member(text) : text;
    }

private:
    // Objects repeat; those that do not are not worth keeping.
    std::string_view member(std::string_view object) {
        constexpr std::size_t known_max = 10'000;
        if (const auto found = members_.find(object); found != members_.end()) { return found->second; }
        if (members_.size() >= known_max) { members_.clear(); }
        return members_.emplace(object, metadata_member(object, dimension_.member)).first->second;
    }

    const Dimension& dimension_;
    int column_;
    std::optional<TimeLabels> labels_;
    std::unordered_map<std::string, std::string, KeyHash, std::equal_to<>> members_;
};

struct Table {
    std::string_view DimensionKind::*sql;
    std::string_view unpriced_model;  // the model of a row that has unpriced calls, else NULL
    std::string_view by_time;         // conditions on time and row number; one of the two finds the rows
    std::string_view by_id;
    std::string (*select)(std::span<const std::string_view>);
    int first_expression;
    bool (*add)(const Statement&, ReportSums&);
};

constexpr Table calls_table{
    &DimensionKind::sql,
    "CASE WHEN cost_nano IS NULL THEN CASE WHEN served_model <> '' THEN served_model ELSE requested_model END END",
    " WHERE started_ms >= ? AND started_ms < ? AND +id > ? AND +id <= ?",
    " WHERE +started_ms >= ? AND +started_ms < ? AND id > ? AND id <= ?",
    &select_calls,
    calls_first_expression,
    [](const Statement& row, ReportSums& sums) {
        add_call(row, sums);
        return true;
    }};

constexpr Table attempts_table{calls_table.sql,  calls_table.unpriced_model,   calls_table.by_time, calls_table.by_id,
                               &select_attempts, calls_table.first_expression, calls_table.add};

constexpr Table rollups_table{&DimensionKind::rolled_sql,
                              "CASE WHEN unpriced_calls > 0 THEN model END",
                              " WHERE quarter_ms >= ? AND quarter_ms < ? AND +id > ? AND +id <= ?",
                              " WHERE +quarter_ms >= ? AND +quarter_ms < ? AND id > ? AND id <= ?",
                              &select_rollups,
                              rollups_first_expression,
                              &add_rollup};

// Put together from constants of this program only; the period and all values are bound.
std::string statement_text(const Table& table, const ReportQuery& query, bool by_id) {
    std::vector<std::string_view> expressions{table.unpriced_model};
    for (const auto& dimension : query.by) {
        expressions.push_back(dimension.kind->*table.sql);
    }
    for (const auto& filter : query.where) {
        if (chosen_here(filter.dimension)) { expressions.push_back(filter.dimension.kind->*table.sql); }
    }
    auto sql = table.select(expressions);
    sql += by_id ? table.by_id : table.by_time;
    for (const auto& filter : query.where) {
        if (chosen_here(filter.dimension)) { continue; }
        sql += " AND ";
        sql += filter.dimension.kind->*table.sql;
        sql += " = ?";
    }
    return sql;
}

Result<> add_rows(const Table& table, Database& database, const ReportQuery& query, const Rows& rows, bool by_id,
                  Groups& groups) {
    auto statement = database.prepare(statement_text(table, query, by_id));
    if (!statement) { return std::unexpected(statement.error()); }
    statement->bind(1, rows.period.since_ms);
    statement->bind(2, rows.period.until_ms);
    statement->bind(3, rows.after_id);
    statement->bind(4, rows.up_to_id);
    int parameter = 4;
    int column = table.first_expression + 1;
    std::deque<ValueReader> keys;
    for (const auto& dimension : query.by) {
        keys.emplace_back(dimension, column++);
    }
    std::deque<std::pair<ValueReader, const std::string*>> filters;
    for (const auto& filter : query.where) {
        if (chosen_here(filter.dimension)) {
            filters.emplace_back(ValueReader(filter.dimension, column++), &filter.value);
        } else {
            statement->bind(++parameter, filter.value);
        }
    }
    std::string key;
    for (;;) {
        switch (statement->step()) {
            case Statement::Step::done: return {};
            case Statement::Step::failed: return std::unexpected(database.error());
            case Statement::Step::row: break;
        }
        bool wanted = true;
        for (auto& [reader, value] : filters) {
            wanted = wanted && reader.value(*statement) == *value;
        }
        if (!wanted) { continue; }
        key.clear();
        for (auto& reader : keys) {
            append_value(reader.value(*statement), key);
        }
        if (!table.add(*statement, groups.at(key, statement->integer(time_column)))) {
            return fail(ErrorKind::io, "the usage log's rollups are damaged");
        }
        if (!statement->is_null(table.first_expression)) { groups.unpriced(statement->text(table.first_expression)); }
    }
}

}  // namespace

Result<> add_calls(Database& database, const ReportQuery& query, const Rows& rows, bool by_id, Groups& groups) {
    if (auto added = add_rows(calls_table, database, query, rows, by_id, groups); !added) { return added; }
    return add_rows(attempts_table, database, query, rows, by_id, groups);
}

Result<> add_rollups(Database& database, const ReportQuery& query, const Rows& rows, bool by_id, Groups& groups) {
    return add_rows(rollups_table, database, query, rows, by_id, groups);
}

}  // namespace llmgw::reporting
