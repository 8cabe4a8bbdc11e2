#include "core/store/usage_store.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/store/migrations.hpp"
#include "core/usage/record_text.hpp"
#include "core/usage/row_fields.hpp"
#include "core/util/file.hpp"
#include "core/util/utf8.hpp"

namespace llmgw {
namespace {

constexpr int reader_busy_timeout_ms = 5000;

// The columns are those of row_fields.hpp, in its order; calls have the number of failed attempts last, attempts the
// call's id first.
constexpr const char* insert_call_sql = R"sql(
INSERT OR IGNORE INTO calls (
    call_id, started_ms, duration_ms, first_token_ms, client_key, client, agent, session_id, feature, user, metadata,
    operation, client_dialect, provider_dialect, provider, requested_model, served_model, stream, ending, http_status,
    error_class, error_message, finish_reason, request_bytes, response_bytes,
    input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,
    audio_input_tokens, audio_output_tokens, iterations, service_tier, speed, inference_geo, web_search_requests,
    reported_cost_nano, cost_nano, cost_basis, price_source, price_date, cache_saved_nano, failed_attempts)
VALUES (?,?,?,?,?,?,?,?,?,?,?, ?,?,?,?,?,?,?,?,?, ?,?,?,?,?, ?,?,?,?,?,?, ?,?,?,?,?,?,?, ?,?,?,?,?,?, ?)
)sql";

constexpr const char* insert_attempt_sql = R"sql(
INSERT OR IGNORE INTO attempts (
    call_id, number, started_ms, duration_ms, first_byte_ms, provider, dialect, model, served_model, http_status,
    ending, error_class, error_message, upstream_request_id, connection_reused,
    input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,
    audio_input_tokens, audio_output_tokens, iterations, service_tier, speed, inference_geo, web_search_requests,
    reported_cost_nano, cost_nano, cost_basis, price_source, price_date, cache_saved_nano)
VALUES (?,?,?,?,?,?,?,?,?,?, ?,?,?,?,?, ?,?,?,?,?,?, ?,?,?,?,?,?,?, ?,?,?,?,?,?)
)sql";

// Binds fields to parameters in the order it is called with them.
class Binder {
public:
    Binder(Statement& statement, std::optional<std::int64_t> cost_nano) : statement_(statement), cost_(cost_nano) {}

    void operator()(std::string_view, const std::string& value) {
        if (is_utf8(value)) {
            statement_.bind(++parameter_, value);
        } else {
            statement_.bind_copy(++parameter_, to_utf8(value));
        }
    }
    void operator()(std::string_view, std::int64_t value) { statement_.bind(++parameter_, value); }
    void operator()(std::string_view, int value) { statement_.bind(++parameter_, std::int64_t{value}); }
    void operator()(std::string_view, bool value) { statement_.bind(++parameter_, std::int64_t{value ? 1 : 0}); }
    void operator()(std::string_view name, const std::optional<std::int64_t>& value) {
        const auto& stored = name == "cost_nano" ? cost_ : value;
        ++parameter_;
        if (stored) {
            statement_.bind(parameter_, *stored);
        } else {
            statement_.bind_null(parameter_);
        }
    }
    void operator()(std::string_view, Ending value) {
        statement_.bind(++parameter_, std::string_view(to_string(value)));
    }
    void operator()(std::string_view, CostBasis value) {
        statement_.bind(++parameter_, std::string_view(to_string(value)));
    }
    void operator()(std::string_view, const std::vector<UsageIteration>& value) {
        statement_.bind_copy(++parameter_, iterations_text(value));
    }

private:
    Statement& statement_;
    std::optional<std::int64_t> cost_;
    int parameter_ = 0;
};

bool exists(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0;
}

// Makes an empty database file. SQLite gives its helper files the same mode. When somebody deleted usage.db alone,
// the helper files left behind belong to that one and would damage the new one. Two processes that both miss the
// file must not undo each other's work: the directory is locked meanwhile.
Result<> ensure_file(const std::string& path) {
    if (exists(path)) { return {}; }
    const auto directory = path.substr(0, path.rfind('/'));
    const Fd lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock) { return std::unexpected(file_error("open", directory, errno)); }
    while (::flock(lock.get(), LOCK_EX) != 0) {
        if (errno != EINTR) { return std::unexpected(file_error("lock", directory, errno)); }
    }
    if (exists(path)) { return {}; }
    ::unlink((path + "-wal").c_str());
    ::unlink((path + "-shm").c_str());
    // Made elsewhere and moved here: closing any descriptor of a file drops the locks that SQLite holds on it for
    // this process, and another thread may open the file as soon as it is at its place.
    return write_private_file(path, "");
}

// A database that cannot be written is told so here: SQLite would open it for reading, and make helper files that
// are as read-only as the database is, and stay so when it no longer is.
Result<> ensure_writable(const std::string& path) {
    if (::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) {
        auto error = file_error("write", path, errno);
        error.kind = ErrorKind::io;
        return std::unexpected(std::move(error));
    }
    for (const char* suffix : {"-wal", "-shm"}) {
        const auto helper = path + suffix;
        struct stat info {};
        const bool ours = ::stat(helper.c_str(), &info) == 0 && info.st_uid == ::geteuid();
        if (ours && (info.st_mode & S_IWUSR) == 0) { ::chmod(helper.c_str(), 0600); }
    }
    return {};
}

}  // namespace

bool is_free_operation(std::string_view operation) {
    return operation == "models" || operation == "count_tokens";
}

UsageStore::UsageStore(Database database, Statement call, Statement attempt, std::string path)
    : database_(std::move(database)),
      insert_call_(std::move(call)),
      insert_attempt_(std::move(attempt)),
      path_(std::move(path)) {}

Result<UsageStore> UsageStore::open(const std::string& path, int busy_timeout_ms) {
    if (auto made = ensure_file(path); !made) { return std::unexpected(made.error()); }
    if (auto writable = ensure_writable(path); !writable) { return std::unexpected(writable.error()); }
    // Looked at before SQLite opens it: if the file is replaced in between, file_is_current() says so.
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) { return std::unexpected(file_error("open", path, errno)); }
    auto database = Database::open(path, Database::Mode::read_write, busy_timeout_ms);
    if (!database) { return std::unexpected(database.error()); }
    // Nothing may be written, not even the journal mode, before the version is known to be ours.
    if (auto version = read_schema_version(*database); !version) { return std::unexpected(version.error()); }
    if (auto done = database->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"); !done) {
        return std::unexpected(done.error());
    }
    if (auto done = migrate(*database); !done) { return std::unexpected(done.error()); }
    auto call = database->prepare(insert_call_sql);
    if (!call) { return std::unexpected(call.error()); }
    auto attempt = database->prepare(insert_attempt_sql);
    if (!attempt) { return std::unexpected(attempt.error()); }
    UsageStore store(std::move(*database), std::move(*call), std::move(*attempt), path);
    store.device_ = static_cast<std::uint64_t>(info.st_dev);
    store.inode_ = static_cast<std::uint64_t>(info.st_ino);
    return store;
}

Result<int> UsageStore::insert(std::span<const CallRecord* const> records) {
    // IMMEDIATE: waiting for another writer happens here, once, and not in the middle.
    if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) { return std::unexpected(begun.error()); }
    auto inserted = insert_all(records);
    if (inserted) {
        if (auto done = database_.execute("COMMIT"); !done) { inserted = std::unexpected(done.error()); }
    }
    if (!inserted && database_.in_transaction()) { (void)database_.execute("ROLLBACK"); }
    return inserted;
}

Result<int> UsageStore::insert_all(std::span<const CallRecord* const> records) {
    int inserted = 0;
    for (const auto* record : records) {
        const bool free_operation = is_free_operation(record->call.operation);
        Binder bind_call(insert_call_, stored_cost_nano(record->call, free_operation));
        each_call_field(record->call, bind_call);
        // The last attempt is what the call came to.
        bind_call("failed_attempts", std::max(static_cast<std::int64_t>(record->attempts.size()) - 1, std::int64_t{0}));
        const bool done = insert_call_.step() == Statement::Step::done;
        auto error = done ? Error{} : database_.error();
        insert_call_.reset();
        if (!done) { return std::unexpected(std::move(error)); }
        if (database_.changes() == 0) { continue; }
        ++inserted;
        for (const auto& attempt : record->attempts) {
            Binder bind(insert_attempt_, stored_cost_nano(attempt, free_operation));
            bind("call_id", record->call.call_id);
            each_attempt_field(attempt, bind);
            const bool attempt_done = insert_attempt_.step() == Statement::Step::done;
            error = attempt_done ? Error{} : database_.error();
            insert_attempt_.reset();
            if (!attempt_done) { return std::unexpected(std::move(error)); }
        }
    }
    return inserted;
}

Result<bool> UsageStore::has_call(std::string_view call_id) {
    auto statement = database_.prepare("SELECT 1 FROM calls WHERE call_id = ?1");
    if (!statement) { return std::unexpected(statement.error()); }
    statement->bind(1, call_id);
    switch (statement->step()) {
        case Statement::Step::row: return true;
        case Statement::Step::done: return false;
        default: return std::unexpected(database_.error());
    }
}

bool UsageStore::file_is_current() const {
    struct stat info {};
    return ::stat(path_.c_str(), &info) == 0 && static_cast<std::uint64_t>(info.st_dev) == device_ &&
           static_cast<std::uint64_t>(info.st_ino) == inode_;
}

Result<Database> open_usage_reader(const std::string& path) {
    if (!exists(path)) { return fail(ErrorKind::not_found, "no usage log at " + path); }
    auto database = Database::open(path, Database::Mode::read_only, reader_busy_timeout_ms);
    if (!database) { return database; }
    const auto version = read_schema_version(*database);
    if (!version) { return std::unexpected(version.error()); }
    if (*version == schema_version()) { return database; }
    // An old file, or one that was made a moment ago and is still empty.
    if (auto store = UsageStore::open(path, reader_busy_timeout_ms); !store) { return std::unexpected(store.error()); }
    return Database::open(path, Database::Mode::read_only, reader_busy_timeout_ms);
}

}  // namespace llmgw
