#include "core/store/db.hpp"

#include <atomic>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/util/file.hpp"

namespace llmgw {

void Statement::Finalize::operator()(sqlite3_stmt* handle) const {
    sqlite3_finalize(handle);
}

void Statement::bind(int parameter, std::string_view text) {
    // A null pointer would bind NULL.
    sqlite3_bind_text(handle_.get(), parameter, text.data() == nullptr ? "" : text.data(),
                      static_cast<int>(text.size()), SQLITE_STATIC);
}

void Statement::bind_copy(int parameter, std::string_view text) {
    sqlite3_bind_text(handle_.get(), parameter, text.data() == nullptr ? "" : text.data(),
                      static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

void Statement::bind(int parameter, std::int64_t value) {
    sqlite3_bind_int64(handle_.get(), parameter, value);
}

void Statement::bind_blob(int parameter, std::string_view bytes) {
    sqlite3_bind_blob64(handle_.get(), parameter, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                        SQLITE_STATIC);
}

void Statement::bind_null(int parameter) {
    sqlite3_bind_null(handle_.get(), parameter);
}

Statement::Step Statement::step() {
    switch (sqlite3_step(handle_.get())) {
        case SQLITE_ROW: return Step::row;
        case SQLITE_DONE: return Step::done;
        default: return Step::failed;
    }
}

void Statement::reset() {
    sqlite3_reset(handle_.get());
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

bool Statement::is_integer(int column) const {
    return sqlite3_column_type(handle_.get(), column) == SQLITE_INTEGER;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(handle_.get(), column);
}

std::string_view Statement::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
    if (bytes == nullptr) { return {}; }
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::string_view Statement::blob(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
    if (bytes == nullptr) { return {}; }
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::string Statement::column_name(int column) const {
    return sqlite3_column_name(handle_.get(), column);
}

int Statement::columns() const {
    return sqlite3_column_count(handle_.get());
}

void Database::Close::operator()(sqlite3* handle) const {
    sqlite3_close_v2(handle);
}

namespace {

std::string uri_of(const std::string& path) {
    std::string out = "file:";
    for (const char c : path) {
        switch (c) {
            case '%': out += "%25"; break;
            case '?': out += "%3f"; break;
            case '#': out += "%23"; break;
            default: out += c;
        }
    }
    return out;
}

// Nobody has the file open for writing, and this process could not make SQLite's helper files beside it, without which
// SQLite reads such a file only when it is told that nobody else changes it.
bool is_at_rest(const std::string& path) {
    const auto slash = path.rfind('/');
    const auto directory = slash == std::string::npos ? std::string(".") : path.substr(0, slash + 1);
    const bool may_write = ::faccessat(AT_FDCWD, directory.c_str(), W_OK, AT_EACCESS) == 0;
    return !may_write && ::access((path + "-wal").c_str(), F_OK) != 0;
}

}  // namespace

Result<Database> Database::open(const std::string& path, Mode mode, int busy_timeout_ms) {
    int flags = (mode == Mode::read_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
    auto name = path;
    if (mode == Mode::read_only && is_at_rest(path)) {
        name = uri_of(path) + "?immutable=1";
        flags |= SQLITE_OPEN_URI;
    }
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
    Database database(handle, path);
    if (code != SQLITE_OK) { return std::unexpected(database.error()); }
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, busy_timeout_ms);
    return database;
}

Result<> Database::execute(const char* sql) {
    if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) { return std::unexpected(error()); }
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const auto size = static_cast<int>(sql.size());
    if (sqlite3_prepare_v3(handle_.get(), sql.data(), size, 0, &statement, nullptr) != SQLITE_OK) {
        return std::unexpected(error());
    }
    return Statement(statement);
}

Result<std::int64_t> Database::integer(const char* sql) {
    auto statement = prepare(sql);
    if (!statement) { return std::unexpected(statement.error()); }
    switch (statement->step()) {
        case Statement::Step::row: return statement->integer(0);
        case Statement::Step::done: return 0;
        case Statement::Step::failed: break;
    }
    return std::unexpected(error());
}

Error Database::error() const {
    const char* text = handle_ ? sqlite3_errmsg(handle_.get()) : "out of memory";
    return {ErrorKind::io, path_ + ": " + text};
}

int Database::changes() const {
    return sqlite3_changes(handle_.get());
}

std::int64_t Database::last_insert_id() const {
    return sqlite3_last_insert_rowid(handle_.get());
}

bool Database::in_transaction() const {
    return sqlite3_get_autocommit(handle_.get()) == 0;
}

Result<Database::Checked> Database::quick_check(std::chrono::milliseconds limit) {
    auto statement = prepare("PRAGMA quick_check(1)");
    if (!statement) { return std::unexpected(statement.error()); }
    // The check is one long step, so that somebody else has to end it.
    const Fd done(::eventfd(0, EFD_CLOEXEC));
    std::atomic<bool> late = false;
    std::string said;
    {
        const std::jthread watch([&, handle = handle_.get()] {
            pollfd wait{done.get(), POLLIN, 0};
            if (::poll(&wait, 1, static_cast<int>(limit.count())) > 0) { return; }
            late = true;
            sqlite3_interrupt(handle);
        });
        if (statement->step() == Statement::Step::row) { said = statement->text(0); }
        [[maybe_unused]] const auto told = ::eventfd_write(done.get(), 1);
    }
    if (said == "ok") { return Checked{}; }
    // What an interrupted check says of pages it has not seen is no finding.
    if (late) { return Checked{Check::unfinished}; }
    return Checked{Check::damaged, said.empty() ? error().message : said};
}

void Database::checkpoint() {
    // Busy readers make it do less, which the next one makes up for; a failing disk shows at the next commit.
    sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

}  // namespace llmgw
