// Where finished calls go. record() never blocks on the database and returns once the row would survive a
// kill -9 of this process (it is in the journal file), so the caller may then send the client its last byte.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/usage/row.hpp"
#include "core/util/clock.hpp"

namespace llmgw {

class Ledger {
public:
    virtual ~Ledger() = default;
    virtual void record(CallRecord record) = 0;
};

struct LedgerOptions {
    std::string data_dir;                        // usage.db and journal/ are made in it, 0700
    std::int64_t queue_max = 10'000;             // calls in memory; what is above waits in the journal
    std::int64_t journal_max_bytes = 256 << 20;  // above it, only what fits the queue is kept
    std::int64_t segment_bytes_max = 4 << 20;    // size of one journal file
    std::int64_t batch_max = 500;                // calls per transaction
    int group_ms = 50;                           // a transaction waits this long for company
    int busy_timeout_ms = 250;                   // one wait for another writer; there is a next try
    std::int64_t keep_days = 0;                  // older calls are rolled up; 0: never (core/usage/housekeeping.hpp)
    int close_ms_max = 2000;                     // the destructor's last flush; the journal keeps the rest
};

struct LedgerStats {
    std::int64_t queued = 0;   // in memory, not in the database yet
    std::int64_t written = 0;  // put into the database by this process, drained ones included
    std::int64_t spilled = 0;  // went to the journal alone, because the queue was full
    std::int64_t dropped = 0;  // lost: neither memory nor journal had room
    std::int64_t journal_bytes = 0;
    bool database_ok = true;
    bool journal_ok = true;
};

// The ledger of this process. One writer thread groups calls into transactions. Whatever happens to the database
// (locked, full, read-only, deleted, damaged), record() goes on in microseconds; calls wait in memory and in the
// journal and are written when it works again. Several processes may use one directory.
class UsageLedger : public Ledger {
public:
    // Waits until all that was recorded before is in the database, left-overs of dead processes included. The
    // database is tried again at once. False when `timeout` was not enough.
    virtual bool flush(std::chrono::milliseconds timeout) = 0;
    virtual LedgerStats stats() const = 0;
};

// Never fails: what does not work yet is told to `warn` (from the writer thread, once per change of state) and
// tried again. `clock` must outlive the ledger. The destructor flushes for at most close_ms_max.
std::unique_ptr<UsageLedger> make_ledger(LedgerOptions options, const Clock& clock,
                                         std::function<void(std::string)> warn);

}  // namespace llmgw
