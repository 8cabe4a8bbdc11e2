#include "core/store/migrations.hpp"

#include <array>

namespace llmgw {
namespace {

// Version 1. Columns are in the order of core/usage/row_fields.hpp. Text that nobody stated is '', a number that
// nobody reported is NULL. cost_nano is NULL for a call that was billed at an unknown price, and for no other.
//
// calls_report holds all that `llmgw usage` reads, in the order of time, so that a report reads the rows of its
// period from this index alone (a million calls: 230 ms on one core instead of seconds) and new rows are appended
// at its end. attempts needs no index besides its key.
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

// Entry N brings version N to N + 1, the last statement says so. Entries are never edited once released.
constexpr std::array<const char*, 1> steps{version_1};

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
