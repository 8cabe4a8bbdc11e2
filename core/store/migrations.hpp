// The log's schema, and how old files become new ones. People query the tables with their own tools: the README
// has to say what a change here changes for them.
#pragma once

#include "core/store/db.hpp"

namespace llmgw {

// What this program writes, and the newest it reads (`PRAGMA user_version`).
int schema_version();

// The file's version: 0 for an empty file. Fails, without having changed anything, for a file that a newer
// llmgw made and for a database that is something else.
Result<int> read_schema_version(Database& database);

// Brings the schema up to date in one transaction; safe when two processes do it at once.
Result<> migrate(Database& database);

}  // namespace llmgw
