// A reply that is kept while it is made, byte for byte as its client gets it, so that it can be read from any place,
// by several readers, and by one that comes later. The beginning of a long one lies in a file, the newest part in
// memory. The one that makes it writes into it as into a client that never goes away.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/http.hpp"
#include "core/net/transport.hpp"
#include "core/replay/replay_file.hpp"
#include "core/util/clock.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct RecordingLimits {
    std::size_t memory_bytes = 64 << 10;  // more lies in the file
    std::uint64_t bytes_max = 64 << 20;   // of the body; a longer one is not kept, its readers get it all the same
    std::uint64_t disk_bytes = 1 << 30;   // of all that are being made together; beyond that this one is not kept
    std::chrono::milliseconds alone_max = std::chrono::hours(1);  // without a reader; then it ends
};

// How much the files of those that are being made hold.
using BytesOnDisk = std::atomic<std::uint64_t>;

// Safe to use from any thread; written by one at a time.
class Recording final : public ClientStream {
public:
    // `path`: of its file, which is made when it is needed. `clock` and `on_disk` outlive it.
    Recording(const Clock& clock, BytesOnDisk& on_disk, std::string id, std::string path, std::string owner,
              RecordingLimits limits);
    // One that is whole, in its file.
    Recording(std::string id, std::unique_ptr<ReplayFile> file);
    ~Recording() override;

    enum class State {
        pending,  // no head yet
        running,
        whole,
        cut,      // it broke off
        dropped,  // before it began: there is nothing to read
    };

    // For the one that makes it, in this order. flush() and try_flush() are false when nobody is left to make it for:
    // it is no longer kept and nobody reads it, or nobody has for too long.
    void begin(int status, Headers headers, std::optional<std::uint64_t> content_length);
    bool write(std::string_view bytes) override;
    bool flush() override;
    bool try_flush() override;
    int fd() const override { return -1; }
    // All of it into its file, under this name: it outlives the process. False: it is too long, or no file could be
    // written; then it may still be here as a whole, which from_start() tells.
    Result<bool> save(const std::string& path);
    void end(State state);

    // For its readers.
    const std::string& id() const { return id_; }
    const std::string& owner() const { return owner_; }
    State state() const;
    // Once it has begun.
    const ReplayHead& head() const { return head_; }
    std::uint64_t bytes() const;  // of the body, so far
    // It can be read from its first byte on.
    bool from_start() const;
    // Up to `size` bytes from `offset` on; 0 when there are no more yet.
    std::size_t read(std::uint64_t offset, char* into, std::size_t size) const;

    // One that follows it: its descriptor is readable when there is something new.
    class Reader {
    public:
        // Errors: not_found (what lies at `offset` is no longer there), unavailable (out of descriptors).
        static Result<std::unique_ptr<Reader>> at(std::shared_ptr<Recording> recording, std::uint64_t offset);
        ~Reader();
        Reader(const Reader&) = delete;
        Reader& operator=(const Reader&) = delete;

        int fd() const { return wake_.get(); }
        // What follows, up to `size` bytes. `state` tells whether more will come once it returns 0; one that took
        // nothing for too long is cut off, when the rest has to wait for it.
        std::size_t next(char* into, std::size_t size, State& state);
        const Recording& recording() const { return *recording_; }

    private:
        friend class Recording;
        Reader(std::shared_ptr<Recording> recording, std::uint64_t offset);

        std::shared_ptr<Recording> recording_;
        Fd wake_;
        std::uint64_t offset_;  // under the recording's lock
        bool woken_ = false;    // under the recording's lock
        bool cut_off_ = false;  // under the recording's lock
    };

    // Until it has begun, or never will. Errors: cancelled, unavailable (by `watch`).
    static Result<State> wait_begun(const std::shared_ptr<Recording>& recording, const Watch& watch);

private:
    // With the lock held.
    void wake_readers();
    static void wake(Reader& reader);
    void let_go_of_read();
    std::uint64_t memory_begin() const { return memory_at_ - spilling_.size(); }
    std::uint64_t slowest() const;  // offset; the end when nobody reads
    std::size_t unread() const;
    bool wanted() const;
    bool spill_due() const { return kept_ && memory_.size() > limits_.memory_bytes; }
    void spill(std::unique_lock<std::mutex>& lock);

    const Clock* clock_ = nullptr;  // null: it is whole from the start
    BytesOnDisk* on_disk_ = nullptr;
    const std::string id_;
    const std::string path_;
    const RecordingLimits limits_;
    const std::string owner_;
    ReplayHead head_;  // written once, by begin()

    mutable std::mutex mutex_;
    std::condition_variable read_on_;
    State state_ = State::pending;
    bool kept_ = true;
    std::unique_ptr<ReplayFile> file_;  // made once; from then on its bytes are read without the lock
    std::uint64_t file_bytes_ = 0;
    std::string spilling_;  // on its way into the file
    std::string memory_;    // what comes behind it
    std::uint64_t memory_at_ = 0;
    std::vector<Reader*> readers_;
    std::int64_t alone_since_us_ = 0;
};

}  // namespace llmgw
