#include "core/store/migrations.hpp"

#include <array>

namespace llmgw {
namespace {

// Version 1. Columns are in the order of core/usage/row_fields.hpp. Text that nobody stated is '', a number that
// nobody reported is NULL. cost_nano is NULL for a call that was billed at an unknown price, and for no other.
//
// attempts needs no index besides its key.
constexpr const char* version_1 = R"sql(
CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    call_id TEXT NOT NULL UNIQUE,
    started_ms INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    first_token_ms INTEGER,
    client_key TEXT NOT NULL,
    client TEXT NOT NULL,
    agent TEXT NOT NULL,
    session_id TEXT NOT NULL,
    feature TEXT NOT NULL,
    user TEXT NOT NULL,
    metadata TEXT NOT NULL,
    operation TEXT NOT NULL,
    client_dialect TEXT NOT NULL,
    provider_dialect TEXT NOT NULL,
    provider TEXT NOT NULL,
    requested_model TEXT NOT NULL,
    served_model TEXT NOT NULL,
    stream INTEGER NOT NULL,
    ending TEXT NOT NULL,
    http_status INTEGER NOT NULL,
    error_class TEXT NOT NULL,
    error_message TEXT NOT NULL,
    finish_reason TEXT NOT NULL,
    request_bytes INTEGER NOT NULL,
    response_bytes INTEGER NOT NULL,
    input_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_write_5m_tokens INTEGER,
    cache_write_1h_tokens INTEGER,
    output_tokens INTEGER,
    reasoning_tokens INTEGER,
    audio_input_tokens INTEGER,
    audio_output_tokens INTEGER,
    iterations TEXT NOT NULL,
    service_tier TEXT NOT NULL,
    speed TEXT NOT NULL,
    inference_geo TEXT NOT NULL,
    web_search_requests INTEGER NOT NULL,
    reported_cost_nano INTEGER,
    cost_nano INTEGER,
    cost_basis TEXT NOT NULL,
    price_source TEXT NOT NULL,
    price_date TEXT NOT NULL
);
CREATE INDEX calls_report ON calls (
    started_ms, feature, provider, served_model, requested_model,
    input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,
    cost_nano, cost_basis
);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    call_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    first_byte_ms INTEGER,
    provider TEXT NOT NULL,
    dialect TEXT NOT NULL,
    model TEXT NOT NULL,
    served_model TEXT NOT NULL,
    http_status INTEGER NOT NULL,
    ending TEXT NOT NULL,
    error_class TEXT NOT NULL,
    error_message TEXT NOT NULL,
    upstream_request_id TEXT NOT NULL,
    connection_reused INTEGER NOT NULL,
    input_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_write_5m_tokens INTEGER,
    cache_write_1h_tokens INTEGER,
    output_tokens INTEGER,
    reasoning_tokens INTEGER,
    audio_input_tokens INTEGER,
    audio_output_tokens INTEGER,
    iterations TEXT NOT NULL,
    service_tier TEXT NOT NULL,
    speed TEXT NOT NULL,
    inference_geo TEXT NOT NULL,
    web_search_requests INTEGER NOT NULL,
    reported_cost_nano INTEGER,
    cost_nano INTEGER,
    cost_basis TEXT NOT NULL,
    price_source TEXT NOT NULL,
    price_date TEXT NOT NULL,
    UNIQUE (call_id, number)
);
PRAGMA user_version = 1;
)sql";

// Version 2: reports that stay fast, and old calls rolled up.
//
// rollups has what became of calls that were too old to be kept one by one (`[log] keep_days`): their sums for each
// UTC quarter of an hour and each combination of what reports group by. Rows are only ever added, and one combination
// may have several. Its columns after `metadata` are those of core/usage/sums.hpp.
//
// summaries is made from calls and rollups and could be made again: sums by feature, model and provider for each
// quarter and each UTC day (core/usage/summaries.hpp). It covers calls up to covered_call_id and rollups up to
// covered_rollup_id; who reads it adds the rows after those. Changing or deleting a covered row empties it, so that
// reports stay true to tables that somebody edited. Only the roll-up itself moves rows without changing sums.
constexpr const char* version_2 = R"sql(
ALTER TABLE calls ADD COLUMN cache_saved_nano INTEGER;
ALTER TABLE attempts ADD COLUMN cache_saved_nano INTEGER;
DROP INDEX calls_report;
CREATE INDEX calls_started ON calls (started_ms);
CREATE TABLE rollups (
    id INTEGER PRIMARY KEY,
    quarter_ms INTEGER NOT NULL,
    feature TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    user TEXT NOT NULL,
    client_key TEXT NOT NULL,
    agent TEXT NOT NULL,
    session_id TEXT NOT NULL,
    ending TEXT NOT NULL,
    metadata TEXT NOT NULL,
    calls INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_5m_tokens INTEGER NOT NULL,
    cache_write_1h_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL,
    unpriced_calls INTEGER NOT NULL,
    unpriced_tokens INTEGER NOT NULL,
    estimated_calls INTEGER NOT NULL,
    partial_calls INTEGER NOT NULL,
    cache_saved_nano INTEGER NOT NULL,
    cache_saved_unknown_tokens INTEGER NOT NULL,
    duration_histogram BLOB NOT NULL,
    first_token_histogram BLOB NOT NULL
);
CREATE INDEX rollups_quarter ON rollups (quarter_ms);
CREATE TABLE summary_groups (
    id INTEGER PRIMARY KEY,
    feature TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    UNIQUE (feature, model, provider)
);
CREATE TABLE summaries (
    span_ms INTEGER NOT NULL,
    start_ms INTEGER NOT NULL,
    sums BLOB NOT NULL,
    PRIMARY KEY (span_ms, start_ms)
);
CREATE TABLE summary_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    covered_call_id INTEGER NOT NULL,
    covered_rollup_id INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    rolling INTEGER NOT NULL
);
INSERT INTO summary_state VALUES (1, 0, 0, 0, 0);
CREATE TRIGGER calls_deleted AFTER DELETE ON calls
WHEN OLD.id <= (SELECT covered_call_id FROM summary_state WHERE rolling = 0) BEGIN
    DELETE FROM summaries;
    UPDATE summary_state SET covered_call_id = 0, covered_rollup_id = 0, generation = generation + 1;
END;
CREATE TRIGGER calls_updated AFTER UPDATE ON calls
WHEN OLD.id <= (SELECT covered_call_id FROM summary_state WHERE rolling = 0) BEGIN
    DELETE FROM summaries;
    UPDATE summary_state SET covered_call_id = 0, covered_rollup_id = 0, generation = generation + 1;
END;
CREATE TRIGGER rollups_deleted AFTER DELETE ON rollups
WHEN OLD.id <= (SELECT covered_rollup_id FROM summary_state WHERE rolling = 0) BEGIN
    DELETE FROM summaries;
    UPDATE summary_state SET covered_call_id = 0, covered_rollup_id = 0, generation = generation + 1;
END;
CREATE TRIGGER rollups_updated AFTER UPDATE ON rollups
WHEN OLD.id <= (SELECT covered_rollup_id FROM summary_state WHERE rolling = 0) BEGIN
    DELETE FROM summaries;
    UPDATE summary_state SET covered_call_id = 0, covered_rollup_id = 0, generation = generation + 1;
END;
PRAGMA user_version = 2;
)sql";

// Version 3: reports that know which attempts failed before a call's last one. failed_attempts is how many those were:
// with it and its index a report finds the few calls whose attempts it has to look at (core/usage/log_rows.hpp).
// Where somebody deletes attempts, the call's own row has to do. Summaries say more now and are made anew; their
// column has another name, so that an older llmgw which is still running cannot put its own kind among them.
constexpr const char* version_3 = R"sql(
ALTER TABLE calls ADD COLUMN failed_attempts INTEGER NOT NULL DEFAULT 0;
UPDATE calls SET failed_attempts = (SELECT count(*) - 1 FROM attempts WHERE attempts.call_id = calls.call_id)
WHERE call_id IN (SELECT call_id FROM attempts WHERE number > 1);
CREATE INDEX calls_failed_over ON calls (started_ms) WHERE failed_attempts > 0;
CREATE TRIGGER attempts_deleted AFTER DELETE ON attempts BEGIN
    UPDATE calls SET failed_attempts = 0 WHERE call_id = OLD.call_id AND failed_attempts > 0;
END;
ALTER TABLE rollups ADD COLUMN error_class TEXT NOT NULL DEFAULT '';
ALTER TABLE rollups ADD COLUMN failed_attempts INTEGER NOT NULL DEFAULT 0;
DELETE FROM summaries;
ALTER TABLE summaries RENAME COLUMN sums TO entries;
UPDATE summary_state SET covered_call_id = 0, covered_rollup_id = 0, generation = generation + 1;
PRAGMA user_version = 3;
)sql";

// Entry N brings version N to N + 1, the last statement says so. Entries are never edited once released.
constexpr std::array<const char*, 3> steps{version_1, version_2, version_3};

}  // namespace

int schema_version() {
    return static_cast<int>(steps.size());
}

Result<int> read_schema_version(Database& database) {
    const auto version = database.integer("PRAGMA user_version");
    if (!version) { return std::unexpected(version.error()); }
    if (*version > schema_version()) {
        return fail(ErrorKind::io, "the usage log was made by a newer llmgw (schema " + std::to_string(*version) +
                                       ", this one knows " + std::to_string(schema_version()) + "): update llmgw");
    }
    if (*version <= 0) {
        const auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
        if (!tables) { return std::unexpected(tables.error()); }
        if (*tables > 0) {
            return fail(ErrorKind::io,
                        "the usage log's file is some other database: move it away, and llmgw makes its own");
        }
    }
    return static_cast<int>(*version);
}

Result<> migrate(Database& database) {
    auto version = read_schema_version(database);
    if (!version) { return std::unexpected(version.error()); }
    if (*version == schema_version()) { return {}; }
    if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) { return begun; }
    const auto undo = [&](Error error) {
        (void)database.execute("ROLLBACK");
        return std::unexpected(std::move(error));
    };
    // Another process may have been faster.
    version = read_schema_version(database);
    if (!version) { return undo(version.error()); }
    for (auto next = static_cast<std::size_t>(*version); next < steps.size(); ++next) {
        if (auto done = database.execute(steps[next]); !done) { return undo(done.error()); }
    }
    if (auto done = database.execute("COMMIT"); !done) { return undo(done.error()); }
    return {};
}

}  // namespace llmgw
