// SQLite as two small values. Only the files of core/store see sqlite3.h.
// A Database and its Statements belong to one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/util/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace llmgw {

// A prepared statement. It must not outlive its Database. Columns count from 0, parameters from 1.
class Statement {
public:
    enum class Step { row, done, failed };

    explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

    // Text is not copied: it must live until the next reset() or bind of that parameter.
    void bind(int parameter, std::string_view text);
    void bind_copy(int parameter, std::string_view text);
    void bind(int parameter, std::int64_t value);
    // Bytes, not copied either.
    void bind_blob(int parameter, std::string_view bytes);
    void bind_null(int parameter);

    Step step();
    // Makes the statement ready for its next run. Bound values stay.
    void reset();

    bool is_null(int column) const;
    bool is_integer(int column) const;
    std::int64_t integer(int column) const;   // 0 for NULL
    std::string_view text(int column) const;  // valid until the next step(); "" for NULL
    std::string_view blob(int column) const;  // as text()
    std::string column_name(int column) const;
    int columns() const;

private:
    struct Finalize {
        void operator()(sqlite3_stmt* handle) const;
    };
    std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

class Database {
public:
    enum class Mode { read_write, read_only };

    // Opens an existing file. The file is not looked into before the first statement runs.
    static Result<Database> open(const std::string& path, Mode mode, int busy_timeout_ms);

    // Runs statements that are constants of this program (schema, pragmas, BEGIN, COMMIT).
    Result<> execute(const char* sql);
    Result<Statement> prepare(std::string_view sql);
    // The first column of the first row of a constant statement; 0 when there is none.
    Result<std::int64_t> integer(const char* sql);

    // What went wrong last, in words, with the file's path.
    Error error() const;
    int changes() const;
    std::int64_t last_insert_id() const;
    bool in_transaction() const;
    enum class Check {
        sound,
        damaged,     // the message says how
        unfinished,  // what was looked at until the limit was sound
    };
    struct Checked {
        Check check = Check::sound;
        std::string message = {};
    };
    // SQLite's quick_check, for at most about `limit`.
    Result<Checked> quick_check(std::chrono::milliseconds limit);

    // Moves what is in the write-ahead log into the database and both to the disk, without waiting for readers.
    void checkpoint();

private:
    struct Close {
        void operator()(sqlite3* handle) const;
    };
    Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

    std::unique_ptr<sqlite3, Close> handle_;
    std::string path_;
};

}  // namespace llmgw
