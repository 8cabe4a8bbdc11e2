// The kept replies: those that are being made, and those that are whole, each in a file of its own until it is too old
// or room is needed. A file's name says all that finding it takes, so that nothing is read at a start.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/config/config.hpp"
#include "core/replay/recording.hpp"
#include "core/util/clock.hpp"

namespace llmgw {

struct ReplayLimits {
    RecordingLimits recording;            // its disk_bytes are for whole ones, too
    std::chrono::milliseconds age_max{};  // since it was whole
};

ReplayLimits replay_limits(const StreamsConfig& config);

// Safe to use from any thread. Its recordings must be gone before it.
class ReplayStore {
public:
    // `directory` is made with the first reply that is kept.
    ReplayStore(const Clock& clock, std::string directory);

    struct Taken {
        std::shared_ptr<Recording> recording;
        bool mine = false;  // made for this call; otherwise one to attach to
    };
    // The recording a call writes its reply into. `digest` tells calls that may share one: another of the same
    // digest that runs, or was answered well, is given instead; "" for a call that shares nothing.
    Taken take(const std::string& call_id, const std::string& owner, const std::string& digest,
               const ReplayLimits& limits);
    // The reply is whole: it is saved, and then ended. `answered`: well enough for others to share it.
    void finish(const std::shared_ptr<Recording>& recording, bool answered, const ReplayLimits& limits);
    // It broke off, or did not begin.
    void drop(const std::shared_ptr<Recording>& recording);

    // Null when this owner has none of that id, it is too old, or it is not kept from its start. An id that llmgw did
    // not make finds nothing.
    std::shared_ptr<Recording> find(const std::string& call_id, std::string_view owner, const ReplayLimits& limits);
    // Removes what is too old, and what processes that are gone left behind; to be called now and then.
    void clean_up(const ReplayLimits& limits);

private:
    struct Running {
        std::shared_ptr<Recording> recording;
        std::string digest;
    };
    struct Saved {
        std::string path;
        std::string digest;
        std::int64_t saved_ms = 0;
        std::uint64_t bytes = 0;
        std::shared_ptr<Recording> recording;  // of one that no file could be written for
    };
    // The lock. Files are removed when it has been let go of.
    class Held;

    std::string path_of(const std::string& call_id, const std::string& digest, std::uint64_t bytes) const;
    // With the lock held.
    void look_into_directory();
    void make_room(const ReplayLimits& limits);
    void add(const std::string& call_id, Saved saved);
    void forget(const std::string& call_id);
    void stop_running(const std::string& call_id);
    // No longer given to others.
    void unshare(const std::string& digest, const std::string& call_id);
    std::shared_ptr<Recording> open_saved(const std::string& call_id);

    const Clock& clock_;
    const std::string directory_;
    BytesOnDisk running_bytes_ = 0;
    std::mutex mutex_;
    std::unordered_map<std::string, Running> running_;        // by call id
    std::unordered_map<std::string, Saved> saved_;            // by call id
    std::unordered_map<std::string, std::string> by_digest_;  // the call's id
    std::set<std::pair<std::int64_t, std::string>> by_age_;   // of the saved ones: when, and the call's id
    std::uint64_t saved_bytes_ = 0;
    std::uint64_t bytes_in_memory_ = 0;  // of those that no file could be written for
    std::vector<std::string> gone_;      // files to remove
    std::int64_t looked_us_ = 0;
    bool warned_ = false;
};

}  // namespace llmgw
