#include "core/usage/call_log.hpp"

#include <algorithm>

#include "core/store/usage_store.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

LogRow read_row(const Statement& statement) {
    LogRow row;
    for (int column = 0; column < statement.columns(); ++column) {
        LogValue value;
        if (statement.is_integer(column)) {
            value = statement.integer(column);
        } else if (!statement.is_null(column)) {
            value = std::string(statement.text(column));
        }
        row.columns.emplace_back(statement.column_name(column), std::move(value));
    }
    return row;
}

const LogValue* find(const LogRow& row, std::string_view column) {
    const auto found = std::ranges::find(row.columns, column, &std::pair<std::string, LogValue>::first);
    return found == row.columns.end() ? nullptr : &found->second;
}

bool chosen_here(const Filter& filter) {
    return filter.dimension.kind->time.has_value() || filter.dimension.kind->is_metadata;
}

// What of an attempt that failed before its call's last one is asked for in this dimension; "" for what belongs to the
// call.
std::string_view attempt_sql(const DimensionKind& kind) {
    if (kind.name == "provider") { return "a.provider"; }
    if (kind.name == "model") { return "CASE WHEN a.served_model <> '' THEN a.served_model ELSE a.model END"; }
    if (kind.name == "error") { return "a.error_class"; }
    if (kind.name == "status") { return "'failed attempt'"; }
    return {};
}

// Put together from constants of this program; all values are bound. A call matches as it ended, or by one of the
// attempts that failed before, which then has to meet every condition: two attempts that meet one each are no match, as
// in a report.
std::string newest_sql(const ReportQuery& choice) {
    std::string sql = "SELECT * FROM calls WHERE started_ms >= ?1 AND started_ms < ?2";
    std::string of_call;
    std::string of_attempt;
    int parameter = 2;
    for (const auto& filter : choice.where) {
        if (chosen_here(filter)) { continue; }
        const auto& kind = *filter.dimension.kind;
        const auto is_it = " = ?" + std::to_string(++parameter);
        const auto attempt = attempt_sql(kind);
        if (attempt.empty()) {
            sql += " AND " + std::string(kind.sql) + is_it;
            continue;
        }
        of_call += (of_call.empty() ? "" : " AND ") + std::string(kind.sql) + is_it;
        of_attempt += " AND " + std::string(attempt) + is_it;
    }
    if (!of_call.empty()) {
        sql += " AND (" + of_call +
               " OR failed_attempts > 0 AND EXISTS (SELECT 1 FROM attempts AS a WHERE a.call_id = calls.call_id AND "
               "a.number <= calls.failed_attempts" +
               of_attempt + "))";
    }
    return sql += " ORDER BY started_ms DESC, id DESC";
}

Result<> read_failed_attempts(Database& database, std::vector<LogRow>& calls) {
    auto statement = database.prepare(
        "SELECT number, provider, model, http_status, error_class, cost_nano FROM attempts WHERE call_id = ? AND "
        "number "
        "<= ? ORDER BY number");
    if (!statement) { return std::unexpected(statement.error()); }
    for (auto& call : calls) {
        const auto failed = call.integer("failed_attempts");
        if (failed == 0) { continue; }
        const auto id = call.text("call_id");
        statement->bind(1, id);
        statement->bind(2, failed);
        for (;;) {
            const auto step = statement->step();
            if (step == Statement::Step::failed) { return std::unexpected(database.error()); }
            if (step == Statement::Step::done) { break; }
            call.failed_attempts.push_back(read_row(*statement));
        }
        statement->reset();
    }
    return {};
}

bool matches(const LogRow& row, const Filter& filter) {
    if (!chosen_here(filter)) { return true; }
    if (filter.dimension.kind->is_metadata) {
        return metadata_member(row.text("metadata"), filter.dimension.member) == filter.value;
    }
    return time_label(*filter.dimension.kind->time, row.integer("started_ms")) == filter.value;
}

}  // namespace

std::string LogRow::text(std::string_view column) const {
    const auto* value = find(*this, column);
    const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
    return text == nullptr ? "" : *text;
}

std::int64_t LogRow::integer(std::string_view column) const {
    const auto* value = find(*this, column);
    const auto* number = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
    return number == nullptr ? 0 : *number;
}

bool LogRow::is_null(std::string_view column) const {
    const auto* value = find(*this, column);
    return value == nullptr || std::holds_alternative<std::monostate>(*value);
}

Result<std::vector<LogRow>> newest_calls(const std::string& database_path, const ReportQuery& choice,
                                         std::int64_t count) {
    auto database = open_usage_reader(database_path);
    if (!database) { return std::unexpected(database.error()); }
    auto statement = database->prepare(newest_sql(choice));
    if (!statement) { return std::unexpected(statement.error()); }
    statement->bind(1, choice.since_ms);
    statement->bind(2, choice.until_ms);
    int parameter = 2;
    for (const auto& filter : choice.where) {
        if (!chosen_here(filter)) { statement->bind(++parameter, filter.value); }
    }
    std::vector<LogRow> rows;
    while (static_cast<std::int64_t>(rows.size()) < count) {
        const auto step = statement->step();
        if (step == Statement::Step::failed) { return std::unexpected(database->error()); }
        if (step == Statement::Step::done) { break; }
        auto row = read_row(*statement);
        if (std::ranges::all_of(choice.where, [&](const Filter& filter) { return matches(row, filter); })) {
            rows.push_back(std::move(row));
        }
    }
    std::ranges::reverse(rows);
    if (auto read = read_failed_attempts(*database, rows); !read) { return std::unexpected(read.error()); }
    return rows;
}

Result<WholeCall> find_call(const std::string& database_path, std::string_view id_prefix) {
    constexpr std::size_t named_max = 5;
    auto database = open_usage_reader(database_path);
    if (!database) { return std::unexpected(database.error()); }
    auto statement =
        database->prepare("SELECT * FROM calls WHERE call_id >= ? AND call_id < ? ORDER BY call_id LIMIT ?");
    if (!statement) { return std::unexpected(statement.error()); }
    const auto first = lower(id_prefix);
    // Behind every id that begins so: ids are made of smaller characters.
    const auto last = first + "\x7f";
    statement->bind(1, first);
    statement->bind(2, last);
    statement->bind(3, static_cast<std::int64_t>(named_max));
    std::vector<LogRow> found;
    for (;;) {
        const auto step = statement->step();
        if (step == Statement::Step::failed) { return std::unexpected(database->error()); }
        if (step == Statement::Step::done) { break; }
        found.push_back(read_row(*statement));
    }
    if (found.empty()) {
        return fail(ErrorKind::not_found, "no call in the log has an id that begins with \"" + std::string(id_prefix) +
                                              "\"; calls older than log.keep_days are not kept one by one");
    }
    if (found.size() > 1) {
        std::string ids;
        for (const auto& row : found) {
            ids += "\n  " + row.text("call_id");
        }
        return fail(ErrorKind::usage, "several calls have an id that begins with \"" + std::string(id_prefix) +
                                          "\"; say more of it:" + ids + (found.size() == named_max ? "\n  ..." : ""));
    }
    WholeCall whole{std::move(found.front()), {}};
    auto attempts = database->prepare("SELECT * FROM attempts WHERE call_id = ? ORDER BY number");
    if (!attempts) { return std::unexpected(attempts.error()); }
    const auto id = whole.call.text("call_id");
    attempts->bind(1, id);
    for (;;) {
        const auto step = attempts->step();
        if (step == Statement::Step::failed) { return std::unexpected(database->error()); }
        if (step == Statement::Step::done) { return whole; }
        whole.attempts.push_back(read_row(*attempts));
    }
}

}  // namespace llmgw
