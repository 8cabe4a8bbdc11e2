#include "core/usage/ledger.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "core/store/usage_store.hpp"
#include "core/usage/drain.hpp"
#include "core/usage/housekeeping.hpp"
#include "core/usage/journal.hpp"
#include "core/usage/ledger_warnings.hpp"
#include "core/usage/record_text.hpp"

namespace llmgw {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

constexpr milliseconds flush_retry{10};     // between two tries while somebody waits in flush()
constexpr milliseconds backoff_first{100};  // between two tries of a database that does not work
constexpr milliseconds backoff_most{5'000};
constexpr milliseconds tidy_every{1'000};  // done journal files are removed, commits reach the disk
constexpr milliseconds drain_every{30'000};
constexpr int writer_niceness = 10;

// Made before the queue's lock is taken, and moved as a pointer: nobody waits for a row to be copied.
struct Entry {
    CallRecord record;
    std::shared_ptr<Segment> segment;  // null: in memory only
};
using Entries = std::vector<std::unique_ptr<Entry>>;

SteadyTime now() {
    return std::chrono::steady_clock::now();
}

class WriterLedger final : public UsageLedger {
public:
    WriterLedger(LedgerOptions options, const Clock& clock, std::function<void(std::string)> warn)
        : options_(std::move(options)),
          warnings_(warn ? std::move(warn) : [](const std::string&) {}),
          journal_({.directory = journal_path(options_.data_dir),
                    .segment_bytes_max = options_.segment_bytes_max,
                    .bytes_max = options_.journal_max_bytes},
                   clock),
          housekeeping_(options_.keep_days, clock),
          writer_([this] { run(); }) {}

    ~WriterLedger() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            stop_by_ = now() + milliseconds(options_.close_ms_max);
        }
        wake_.notify_one();
        writer_.join();
    }

    void record(CallRecord record) override;
    bool flush(milliseconds timeout) override;
    LedgerStats stats() const override;

private:
    // What the writer was woken for.
    struct Task {
        bool stop = false;
        std::uint64_t flush = 0;  // the newest request for a flush
    };

    void run();
    Task wait_for_work(milliseconds pause);
    bool pass(bool thorough);
    bool commit_queue();
    bool commit_batch(std::size_t count);
    void take_queue();
    bool open_store();
    bool drain_orphans();
    bool out_of_time() const;
    void tidy(bool thorough);
    void database_failed(const Error& error);
    void database_worked();
    void abandon();

    const LedgerOptions options_;
    LedgerWarnings warnings_;
    Journal journal_;

    mutable std::mutex mutex_;  // guards the block below; never held across I/O
    std::condition_variable wake_;
    std::condition_variable flushed_;
    Entries queue_;
    std::size_t taken_count_ = 0;  // what the writer has taken and not yet committed
    std::uint64_t flush_wanted_ = 0;
    std::uint64_t flush_done_ = 0;
    int flush_waiting_ = 0;
    bool stopping_ = false;
    SteadyTime stop_by_{};  // once stopping_

    std::atomic<std::int64_t> written_{0};
    std::atomic<std::int64_t> spilled_{0};
    std::atomic<std::int64_t> dropped_{0};
    std::atomic<bool> database_ok_{true};

    // The writer thread's own.
    Entries taken_;  // from the queue, not committed yet, oldest first
    std::optional<UsageStore> store_;
    std::uint64_t flush_seen_ = 0;
    bool stop_seen_ = false;
    std::int64_t spilled_drained_ = 0;  // so many of spilled_ are in segments that were drained since
    bool unsynced_ = false;             // committed, but not yet safe from a power cut
    SteadyTime tidied_ = now();
    SteadyTime drained_{};
    Housekeeping housekeeping_;

    std::thread writer_;  // last: everything else is there when it starts
};

void WriterLedger::record(CallRecord record) {
    thread_local std::string line;
    line.clear();
    append_record(record, line);
    auto entry = std::make_unique<Entry>(std::move(record), journal_.append(line));
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (static_cast<std::int64_t>(queue_.size() + taken_count_) < options_.queue_max) {
            queue_.push_back(std::move(entry));
            wake = queue_.size() == 1 || static_cast<std::int64_t>(queue_.size()) == options_.batch_max;
        } else if (entry->segment) {
            entry->segment->mark_spilled();
            ++spilled_;
        } else {
            ++dropped_;
        }
    }
    if (wake) { wake_.notify_one(); }
}

bool WriterLedger::flush(milliseconds timeout) {
    std::unique_lock lock(mutex_);
    const auto wanted = ++flush_wanted_;
    ++flush_waiting_;
    wake_.notify_one();
    const bool done = flushed_.wait_for(lock, timeout, [&] { return flush_done_ >= wanted; });
    --flush_waiting_;
    return done;
}

LedgerStats WriterLedger::stats() const {
    LedgerStats stats;
    stats.written = written_;
    stats.spilled = spilled_;
    stats.dropped = dropped_;
    stats.journal_bytes = journal_.bytes();
    stats.database_ok = database_ok_;
    stats.journal_ok = journal_.state() == JournalState::ok;
    const std::lock_guard lock(mutex_);
    stats.queued = static_cast<std::int64_t>(queue_.size() + taken_count_);
    return stats;
}

// The writer thread. Each pass commits what is queued and, when asked to be thorough, retires the journal's file
// and drains what dead processes left.
void WriterLedger::run() {
    // Calls come first: when the machine is busy the database waits, its rows are safe in the journal.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), writer_niceness);
    auto pause = milliseconds(0);
    auto backoff = backoff_first;
    bool thorough = true;
    for (;;) {
        const auto task = wait_for_work(pause);
        thorough = thorough || task.stop || task.flush > flush_seen_;
        flush_seen_ = task.flush;
        const bool clean = pass(thorough);
        bool somebody_waits = false;
        {
            const std::lock_guard lock(mutex_);
            if (clean && thorough) { flush_done_ = task.flush; }
            somebody_waits = flush_waiting_ > 0 && flush_done_ < flush_wanted_;
        }
        flushed_.notify_all();
        if (task.stop && (clean || out_of_time())) { break; }
        // A thorough pass that was not clean is done again, by itself.
        thorough = thorough && !clean;
        backoff = database_ok_ ? backoff_first : std::min(backoff * 2, backoff_most);
        const bool hurry = somebody_waits || task.stop || (clean && housekeeping_.is_pending());
        const bool untidy = unsynced_ || journal_.has_records() || journal_.state() != JournalState::ok;
        pause = hurry ? flush_retry : !clean ? backoff : untidy ? tidy_every : drain_every;
    }
    abandon();
}

WriterLedger::Task WriterLedger::wait_for_work(milliseconds pause) {
    std::unique_lock lock(mutex_);
    const auto news = [&] { return (stopping_ && !stop_seen_) || flush_wanted_ > flush_seen_; };
    const bool retrying = stop_seen_ || flush_done_ < flush_seen_ || !database_ok_;
    if (retrying) {
        // Neither the queue nor the old request is a reason to try earlier.
        wake_.wait_for(lock, pause, news);
    } else if (wake_.wait_for(lock, pause, [&] { return news() || !queue_.empty(); })) {
        wake_.wait_for(lock, milliseconds(options_.group_ms),
                       [&] { return news() || static_cast<std::int64_t>(queue_.size()) >= options_.batch_max; });
    }
    stop_seen_ = stopping_;
    return {.stop = stopping_, .flush = flush_wanted_};
}

bool WriterLedger::pass(bool thorough) {
    bool clean = commit_queue();
    tidy(thorough);
    const bool due = now() - drained_ >= drain_every;
    const auto spilled = spilled_.load();
    if (clean && (thorough || due || spilled != spilled_drained_)) {
        clean = drain_orphans() && !journal_.has_spilled();
        if (clean) { spilled_drained_ = spilled; }
        if (clean) { housekeeping_.journals_are_drained(); }
    }
    if (clean && !thorough) {  // not while somebody waits for a flush
        const auto kept = housekeeping_.step(*store_, written_);
        if (!kept) { database_failed(kept.error()); }
        clean = kept.has_value();
    }
    warnings_.journal_state(journal_);
    warnings_.losses(dropped_);
    return clean;
}

// Commits what was queued when it began. False when the database does not take it.
bool WriterLedger::commit_queue() {
    if (!open_store()) { return false; }
    take_queue();
    while (!taken_.empty()) {
        if (out_of_time()) { return false; }
        if (!commit_batch(std::min(taken_.size(), static_cast<std::size_t>(options_.batch_max)))) { return false; }
    }
    return true;
}

// The journal keeps what is not written by then: the next process drains it.
bool WriterLedger::out_of_time() const {
    const std::lock_guard lock(mutex_);
    return stopping_ && now() >= stop_by_;
}

void WriterLedger::take_queue() {
    const std::lock_guard lock(mutex_);
    if (taken_.empty()) {
        taken_.swap(queue_);
    } else {
        std::move(queue_.begin(), queue_.end(), std::back_inserter(taken_));
        queue_.clear();
    }
    taken_count_ = taken_.size();
}

// Commits the first `count` of taken_.
bool WriterLedger::commit_batch(std::size_t count) {
    const auto end = taken_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<const CallRecord*> records;
    std::transform(taken_.begin(), end, std::back_inserter(records), [](const auto& entry) { return &entry->record; });
    // A second try, because the file may have been deleted under us: then a new one is made.
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (!open_store()) { return false; }
        const auto inserted = store_->insert(records);
        if (!inserted) {
            database_failed(inserted.error());
            return false;
        }
        // Looked at after the commit: what went into a file that nobody can find is not written.
        if (!store_->file_is_current()) {
            store_.reset();
            continue;
        }
        written_ += *inserted;
        unsynced_ = true;
        database_worked();
        for (auto entry = taken_.begin(); entry != end; ++entry) {
            if ((*entry)->segment) { (*entry)->segment->mark_committed(); }
        }
        taken_.erase(taken_.begin(), end);
        const std::lock_guard lock(mutex_);
        taken_count_ = taken_.size();
        return true;
    }
    return false;
}

bool WriterLedger::open_store() {
    if (store_) { return true; }
    if (auto made = ensure_private_dir(options_.data_dir); !made) {
        database_failed(made.error());
        return false;
    }
    auto opened = UsageStore::open(database_path(options_.data_dir), options_.busy_timeout_ms);
    if (!opened) {
        database_failed(opened.error());
        return false;
    }
    store_.emplace(std::move(*opened));
    return true;
}

// One segment at a time, with the queue's turn in between, so that a large left-over delays nobody.
bool WriterLedger::drain_orphans() {
    drained_ = now();
    Drained drained;
    for (const auto& path : list_segments(journal_.directory())) {
        if (out_of_time()) { return false; }
        const auto one = drain_segment(path, *store_);
        if (!one) {
            database_failed(one.error());
            return false;
        }
        if (one->calls > 0) { unsynced_ = true; }
        written_ += one->calls;
        drained += *one;
        if (!commit_queue()) { return false; }
    }
    database_worked();
    journal_.measure();
    warnings_.drained(drained, journal_.directory());
    return true;
}

void WriterLedger::tidy(bool thorough) {
    const bool due = now() - tidied_ >= tidy_every;
    journal_.maintain(thorough || due);
    if (!due && !thorough) { return; }
    tidied_ = now();
    if (store_ && unsynced_) {
        store_->checkpoint();
        unsynced_ = false;
    }
}

void WriterLedger::database_failed(const Error& error) {
    // Every failure is answered in one way: close, keep the calls, open again later.
    store_.reset();
    database_ok_ = false;
    warnings_.database_failed(error, journal_);
}

void WriterLedger::database_worked() {
    database_ok_ = true;
    warnings_.database_worked();
}

// At the end, for what could not be committed: the journal keeps what it has.
void WriterLedger::abandon() {
    take_queue();
    dropped_ += std::count_if(taken_.begin(), taken_.end(), [](const auto& entry) { return !entry->segment; });
    taken_.clear();
    warnings_.losses(dropped_);
}

}  // namespace

std::unique_ptr<UsageLedger> make_ledger(LedgerOptions options, const Clock& clock,
                                         std::function<void(std::string)> warn) {
    return std::make_unique<WriterLedger>(std::move(options), clock, std::move(warn));
}

}  // namespace llmgw
