// What the ledger's writer does with the database besides writing calls: summaries for fast reports, and the roll-up
// of old calls. In small steps, each its own transaction, so that calls wait for none of it.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/store/usage_store.hpp"
#include "core/util/clock.hpp"

namespace llmgw {

class Housekeeping {
public:
    // Calls older than `keep_days` are rolled up; 0: none are.
    Housekeeping(std::int64_t keep_days, const Clock& clock) : keep_days_(keep_days), clock_(clock) {}

    // The journals of processes that are gone were drained just now. Without this no call is rolled up.
    void journals_are_drained() { drained_ = true; }

    // One step. `written`: calls put into the database so far.
    Result<> step(UsageStore& store, std::int64_t written);

    // There is more to do at once.
    bool is_pending() const { return pending_; }

private:
    Result<> fold(Database& database, std::int64_t written);
    Result<> roll(Database& database);

    const std::int64_t keep_days_;
    const Clock& clock_;
    std::int64_t looked_at_written_ = -1;
    bool drained_ = false;
    bool folding_ = false;
    bool rolling_ = false;
    bool pending_ = true;
    std::chrono::steady_clock::time_point rolled_{};
};

}  // namespace llmgw
