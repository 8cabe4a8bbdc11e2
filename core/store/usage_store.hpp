// The usage log's database, opened for writing. One thread at a time; any number of processes.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/store/db.hpp"
#include "core/usage/row.hpp"

namespace llmgw {

// What the log says a call cost. As given, except that a call that cannot have been billed (refused, failed or
// cancelled before any token; listing models; counting tokens) costs 0, so that NULL always and only means
// "billed at a price nobody knows".
template <class Row>
std::optional<std::int64_t> stored_cost_nano(const Row& row, bool free_operation) {
    const auto& counts = row.usage.counts;
    const bool has_tokens = counts.prompt_total() + counts.output.value_or(0) > 0;
    const bool stopped_early =
        row.ending == Ending::refused || row.ending == Ending::failed || row.ending == Ending::cancelled;
    const bool unbilled = row.cost.basis == CostBasis::none && !has_tokens && stopped_early;
    if (!row.cost.nano && (free_operation || unbilled)) { return 0; }
    return row.cost.nano;
}

// Operations no provider bills.
bool is_free_operation(std::string_view operation);

class UsageStore {
public:
    // Makes the file (0600, in a directory that exists) when there is none, and brings its schema up to date.
    // A file made by a newer llmgw, or that is no database, is an error and is left untouched.
    static Result<UsageStore> open(const std::string& path, int busy_timeout_ms);

    // Inserts all records in one transaction, or none. A call that is already there is left as it is.
    // Returns how many were new.
    Result<int> insert(std::span<const CallRecord* const> records);

    // Whether the call is in the database.
    Result<bool> has_call(std::string_view call_id);

    // False when the path no longer leads to the file that is open (deleted, moved, replaced).
    bool file_is_current() const;

    // The connection, for the summaries' and roll-ups' own transactions.
    Database& database() { return database_; }

    // Makes what was committed survive a power cut.
    void checkpoint() { database_.checkpoint(); }

private:
    UsageStore(Database database, Statement call, Statement attempt, std::string path);
    Result<int> insert_all(std::span<const CallRecord* const> records);

    // The order matters: statements go before their database.
    Database database_;
    Statement insert_call_;
    Statement insert_attempt_;
    std::string path_;
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

// The database opened for reading; it waits out writers. not_found when there is no log yet. A file with an older
// schema is brought up to date first, a file that cannot be written is read as it is.
Result<Database> open_usage_reader(const std::string& path);

}  // namespace llmgw
