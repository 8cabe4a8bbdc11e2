#include "tests/support/usage_db.hpp"

#include <memory>
#include <stdexcept>
#include <thread>

#include <sqlite3.h>

namespace llmgw::testing {

std::vector<DbRow> db_query(const std::string& file, const std::string& sql, const std::vector<std::string>& values) {
    std::vector<DbRow> rows;
    sqlite3* opened = nullptr;
    const int status = ::sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
    const std::unique_ptr<sqlite3, decltype(&::sqlite3_close)> db(opened, &::sqlite3_close);
    if (status != SQLITE_OK) { return rows; }
    ::sqlite3_busy_timeout(db.get(), 5000);
    sqlite3_stmt* prepared = nullptr;
    if (::sqlite3_prepare_v2(db.get(), sql.c_str(), -1, &prepared, nullptr) != SQLITE_OK) { return rows; }
    const std::unique_ptr<sqlite3_stmt, decltype(&::sqlite3_finalize)> statement(prepared, &::sqlite3_finalize);
    int index = 0;
    for (const auto& value : values) {
        ::sqlite3_bind_text(prepared, ++index, value.c_str(), -1, SQLITE_TRANSIENT);
    }
    while (::sqlite3_step(prepared) == SQLITE_ROW) {
        auto& row = rows.emplace_back();
        for (int i = 0; i < ::sqlite3_column_count(prepared); ++i) {
            const auto* value = reinterpret_cast<const char*>(::sqlite3_column_text(prepared, i));
            row[::sqlite3_column_name(prepared, i)] =
                value == nullptr ? std::nullopt : std::optional<std::string>(value);
        }
    }
    return rows;
}

bool db_execute(const std::string& file, const std::string& sql) {
    sqlite3* opened = nullptr;
    const int status = ::sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
    const std::unique_ptr<sqlite3, decltype(&::sqlite3_close)> db(opened, &::sqlite3_close);
    if (status != SQLITE_OK) { return false; }
    ::sqlite3_busy_timeout(db.get(), 5000);
    return ::sqlite3_exec(db.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::vector<DbRow> db_wait(const std::string& file, const std::string& sql, const std::vector<std::string>& values,
                           std::size_t count, Millis timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (true) {
        auto rows = db_query(file, sql, values);
        if (rows.size() >= count || std::chrono::steady_clock::now() >= deadline) { return rows; }
        // The rows are written by another process; SQLite has no event to wait for.
        std::this_thread::sleep_for(Millis{5});
    }
}

std::string text(const DbRow& row, const std::string& column) {
    return row.at(column).value_or("");
}

bool is_null(const DbRow& row, const std::string& column) {
    return !row.at(column).has_value();
}

}  // namespace llmgw::testing
