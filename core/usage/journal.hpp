// The journal: where a finished call is safe before the database has it. A record is one line, written by one
// write(2) to a file (a segment) that stays until the database has all of its records. A segment is locked
// (flock) while the process that writes it lives, so that any llmgw can tell and drain what a dead one left.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/util/clock.hpp"
#include "core/util/file.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// Shared with the segments, which may outlive the journal.
struct JournalTotals {
    std::atomic<std::int64_t> bytes{0};              // on disk, of all processes as of the last scan
    std::atomic<int> segments_with_spilled_rows{0};  // of ours, still locked by us
};

// One file. Every record still in memory holds a reference; when the last one goes, the file is unlinked if all of
// its records were committed, and is left to be drained otherwise.
class Segment {
public:
    Segment(Fd fd, std::string path, std::shared_ptr<JournalTotals> totals);
    Segment(const Segment&) = delete;
    Segment& operator=(const Segment&) = delete;
    ~Segment();

    // False when the line is not in the file as a whole; errno says why (ENOSPC for a short write).
    bool append(std::string_view line);
    void mark_committed() { committed_.fetch_add(1, std::memory_order_relaxed); }
    // This record is in no memory any more: it comes back when the segment is drained.
    void mark_spilled();

    bool is_empty() const { return records_.load(std::memory_order_relaxed) == 0; }
    std::int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
    // False when somebody deleted the file, which then protects nothing.
    bool is_linked() const;

private:
    Fd fd_;
    std::string path_;
    std::shared_ptr<JournalTotals> totals_;
    std::atomic<std::int64_t> records_{0};
    std::atomic<std::int64_t> committed_{0};
    std::atomic<std::int64_t> bytes_{0};
    std::atomic<bool> spilled_{false};
};

struct JournalOptions {
    std::string directory;
    std::int64_t segment_bytes_max = 4 << 20;  // a segment that has this much gets a successor
    std::int64_t bytes_max = 256 << 20;        // of all segments together
};

enum class JournalState { ok, failing, full };

// append() is for any thread and takes no lock across its write; the rest is for one thread, the ledger's writer.
class Journal {
public:
    Journal(JournalOptions options, const Clock& clock);

    // Appends a line and returns the segment that holds it, or nullptr when it could not be written.
    std::shared_ptr<Segment> append(std::string_view line);

    // Replaces the current segment when it is missing, broken or big enough; with `retire` also when it merely has
    // records, so that it can be removed.
    void maintain(bool retire);

    bool has_records() const;
    bool has_spilled() const { return totals_->segments_with_spilled_rows.load() > 0; }
    std::int64_t bytes() const { return totals_->bytes.load(); }
    // As of the last append or attempt to make a file.
    JournalState state() const { return state_; }
    std::string error() const;  // the reason for the last `failing`
    const std::string& directory() const { return options_.directory; }

    // Sums up what is on disk. Only the sizes of files; nothing is opened.
    void measure();

private:
    std::shared_ptr<Segment> current() const;
    Result<std::shared_ptr<Segment>> make_segment();
    void set_failing(const Error& error);

    JournalOptions options_;
    const Clock& clock_;
    std::shared_ptr<JournalTotals> totals_ = std::make_shared<JournalTotals>();
    std::atomic<JournalState> state_{JournalState::ok};
    mutable std::mutex mutex_;          // guards the two below, for the time of a copy
    std::shared_ptr<Segment> current_;  // null while no file can be made
    std::string error_;
};

// The segments of a journal directory, whoever they belong to, oldest first. Empty when there is no directory.
std::vector<std::string> list_segments(const std::string& directory);

}  // namespace llmgw
