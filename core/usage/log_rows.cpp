#include "core/usage/log_rows.hpp"

namespace llmgw {
namespace {

enum CallColumn {
    column_input = time_column + 1,
    column_cache_read,
    column_cache_write_5m,
    column_cache_write_1h,
    column_output,
    column_reasoning,
    column_cost,
    column_basis,
    column_saved,
    column_is_local,
    column_duration,
    column_first_token,
    column_is_failed,
    call_columns
};
static_assert(call_columns == calls_first_expression);

// How long a model took says something only of calls that one worked for and that ended well.
constexpr std::string_view call_columns_sql =
    "SELECT started_ms, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,"
    " reasoning_tokens, cost_nano, cost_basis, cache_saved_nano, price_source = 'local',"
    " CASE WHEN ending = 'done' AND operation NOT IN ('models', 'count_tokens') THEN duration_ms END,"
    " CASE WHEN ending = 'done' THEN first_token_ms END, is_failed_attempt";

constexpr std::string_view calls_sql = "(SELECT *, 0 AS is_failed_attempt FROM calls WHERE failed_attempts = 0)";

// The calls are few and found by their index, so they come first.
constexpr std::string_view attempts_sql =
    "(SELECT c.id AS id, c.call_id AS call_id, c.started_ms AS started_ms, c.duration_ms AS duration_ms,"
    " c.first_token_ms AS first_token_ms, c.operation AS operation, c.feature AS feature, c.user AS user,"
    " c.client_key AS client_key, c.agent AS agent, c.session_id AS session_id, c.metadata AS metadata,"
    " a.number <= c.failed_attempts AS is_failed_attempt, a.provider AS provider,"
    " CASE WHEN a.number <= c.failed_attempts THEN a.served_model ELSE c.served_model END AS served_model,"
    " CASE WHEN a.number <= c.failed_attempts THEN a.model ELSE c.requested_model END AS requested_model,"
    " CASE WHEN a.number <= c.failed_attempts THEN 'failed attempt' ELSE c.ending END AS ending,"
    " CASE WHEN a.number <= c.failed_attempts THEN a.error_class ELSE c.error_class END AS error_class,"
    " a.input_tokens AS input_tokens, a.cache_read_tokens AS cache_read_tokens,"
    " a.cache_write_5m_tokens AS cache_write_5m_tokens, a.cache_write_1h_tokens AS cache_write_1h_tokens,"
    " a.output_tokens AS output_tokens, a.reasoning_tokens AS reasoning_tokens, a.cost_nano AS cost_nano,"
    " a.cost_basis AS cost_basis, a.cache_saved_nano AS cache_saved_nano, a.price_source AS price_source"
    " FROM calls AS c CROSS JOIN attempts AS a ON a.call_id = c.call_id WHERE c.failed_attempts > 0)";
static_assert(attempts_sql.contains("'failed attempt'") && failed_attempt_status == "failed attempt");

std::string select_from(std::string_view source, std::span<const std::string_view> expressions) {
    std::string sql(call_columns_sql);
    for (const auto expression : expressions) {
        sql += ", ";
        sql += expression;
    }
    sql += " FROM ";
    sql += source;
    return sql;
}

}  // namespace

std::string select_calls(std::span<const std::string_view> expressions) {
    return select_from(calls_sql, expressions);
}

std::string select_attempts(std::span<const std::string_view> expressions) {
    return select_from(attempts_sql, expressions);
}

std::string select_rollups(std::span<const std::string_view> expressions) {
    std::string sql = "SELECT quarter_ms";
    for (const auto& member : sum_members) {
        sql += ", ";
        sql += member.column;
    }
    sql += ", duration_histogram, first_token_histogram";
    for (const auto expression : expressions) {
        sql += ", ";
        sql += expression;
    }
    sql += " FROM rollups";
    return sql;
}

void add_call(const Statement& row, ReportSums& sums) {
    const auto input = row.integer(column_input);
    const auto cache_read = row.integer(column_cache_read);
    const auto cache_write_5m = row.integer(column_cache_write_5m);
    const auto cache_write_1h = row.integer(column_cache_write_1h);
    const auto output = row.integer(column_output);
    ++(row.integer(column_is_failed) != 0 ? sums.failed_attempts : sums.calls);
    sums.input_tokens += input;
    sums.cache_read_tokens += cache_read;
    sums.cache_write_5m_tokens += cache_write_5m;
    sums.cache_write_1h_tokens += cache_write_1h;
    sums.output_tokens += output;
    sums.reasoning_tokens += row.integer(column_reasoning);
    if (row.is_null(column_cost)) {
        ++sums.unpriced_calls;
        sums.unpriced_tokens += input + cache_read + cache_write_5m + cache_write_1h + output;
    } else {
        sums.priced_cost_nano += row.integer(column_cost);
    }
    const auto basis = row.text(column_basis);
    if (basis == "estimated") { ++sums.estimated_calls; }
    if (basis == "partial") { ++sums.partial_calls; }
    if (!row.is_null(column_saved)) {
        sums.cache_saved_nano += row.integer(column_saved);
    } else if (row.integer(column_is_local) == 0) {
        sums.cache_saved_unknown_tokens += cache_read;
    }
    if (!row.is_null(column_duration)) { sums.duration_ms.add(row.integer(column_duration)); }
    if (!row.is_null(column_first_token)) { sums.first_token_ms.add(row.integer(column_first_token)); }
}

bool add_rollup(const Statement& row, ReportSums& sums) {
    int column = time_column;
    for (const auto& member : sum_members) {
        sums.*member.value += row.integer(++column);
    }
    for (auto* histogram : {&sums.duration_ms, &sums.first_token_ms}) {
        auto bytes = row.blob(++column);
        Histogram one;
        if (!one.read(bytes)) { return false; }
        *histogram += one;
    }
    return true;
}

}  // namespace llmgw
