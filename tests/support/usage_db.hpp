// Reads usage.db as a user with his own tool would: through SQLite, read-only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/socket.hpp"

namespace llmgw::testing {

// Column name to text; nullopt is SQL NULL.
using DbRow = std::map<std::string, std::optional<std::string>>;

// Empty when the file or table does not exist yet, or on any other failure: callers wait for rows.
std::vector<DbRow> db_query(const std::string& file, const std::string& sql,
                            const std::vector<std::string>& values = {});

// Changes the log, as a user with his own tool could. False when that failed.
bool db_execute(const std::string& file, const std::string& sql);

// Asks again until at least `count` rows come; returns what there was in the end.
std::vector<DbRow> db_wait(const std::string& file, const std::string& sql, const std::vector<std::string>& values,
                           std::size_t count, Millis timeout = patience);

// The text of a column, "" for NULL; throws std::out_of_range for a column that does not exist.
std::string text(const DbRow& row, const std::string& column);
bool is_null(const DbRow& row, const std::string& column);

}  // namespace llmgw::testing
