#include "core/replay/replay_store.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/telemetry/log.hpp"
#include "core/util/file.hpp"

namespace llmgw {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::string_view ending = ".reply";
constexpr std::string_view part_ending = ".part";
// One that is still being written is younger; its process is gone.
constexpr std::chrono::hours abandoned_after{48};

// The form of make_id(): nothing else becomes part of a path.
bool is_id(std::string_view text) {
    return text.size() == 36 && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
           });
}

std::int64_t modified_ms(const fs::directory_entry& entry) {
    std::error_code ignored;
    const auto written = std::chrono::file_clock::to_sys(entry.last_write_time(ignored));
    return std::chrono::duration_cast<milliseconds>(written.time_since_epoch()).count();
}

}  // namespace

ReplayLimits replay_limits(const StreamsConfig& config) {
    ReplayLimits limits;
    limits.recording.memory_bytes = static_cast<std::size_t>(config.memory_kb) << 10;
    limits.recording.bytes_max = static_cast<std::uint64_t>(config.stream_mb) << 20;
    limits.age_max = std::chrono::seconds(config.keep_s);
    limits.disk_bytes = static_cast<std::uint64_t>(config.disk_mb) << 20;
    return limits;
}

ReplayStore::ReplayStore(const Clock& clock, std::string directory) : clock_(clock), directory_(std::move(directory)) {
    const std::lock_guard lock(mutex_);
    look_into_directory();
}

// <call id>[.<digest>].reply
std::string ReplayStore::path_of(const std::string& call_id, const std::string& digest) const {
    return directory_ + "/" + call_id + (digest.empty() ? "" : "." + digest) + std::string(ending);
}

void ReplayStore::look_into_directory() {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(directory_, none)) {
        std::error_code ignored;
        const auto name = entry.path().filename().string();
        const auto id = name.substr(0, name.find('.'));
        if (!is_id(id)) { continue; }
        if (name.ends_with(part_ending)) {
            if (clock_.now_ms() - modified_ms(entry) > milliseconds(abandoned_after).count()) {
                fs::remove(entry.path(), ignored);
            }
            continue;
        }
        if (!name.ends_with(ending) || saved_.contains(id) || running_.contains(id)) { continue; }
        Saved found;
        found.path = entry.path().string();
        found.saved_ms = modified_ms(entry);
        found.bytes = entry.file_size(ignored);
        const auto middle = name.substr(id.size(), name.size() - id.size() - ending.size());
        if (!middle.empty()) { found.digest = middle.substr(1); }
        add(id, std::move(found));
    }
}

void ReplayStore::add(const std::string& call_id, Saved saved) {
    saved_bytes_ += saved.bytes;
    by_age_.emplace(saved.saved_ms, call_id);
    if (!saved.digest.empty()) { by_digest_.emplace(saved.digest, call_id); }
    saved_.emplace(call_id, std::move(saved));
}

void ReplayStore::unshare(const std::string& digest, const std::string& call_id) {
    const auto shared = by_digest_.find(digest);
    if (shared != by_digest_.end() && shared->second == call_id) { by_digest_.erase(shared); }
}

void ReplayStore::forget(const std::string& call_id) {
    const auto known = saved_.find(call_id);
    if (known == saved_.end()) { return; }
    const auto& saved = known->second;
    unshare(saved.digest, call_id);
    saved_bytes_ -= saved.bytes;
    by_age_.erase({saved.saved_ms, call_id});
    std::error_code ignored;
    if (!saved.path.empty()) { fs::remove(saved.path, ignored); }
    saved_.erase(known);
}

void ReplayStore::make_room(const ReplayLimits& limits) {
    const auto oldest_ms = clock_.now_ms() - limits.age_max.count();
    while (!by_age_.empty() && (by_age_.begin()->first < oldest_ms || saved_bytes_ > limits.disk_bytes)) {
        forget(std::string(by_age_.begin()->second));
    }
}

std::shared_ptr<Recording> ReplayStore::open_saved(const std::string& call_id) {
    const auto known = saved_.find(call_id);
    if (known == saved_.end()) { return nullptr; }
    if (known->second.recording) { return known->second.recording; }
    auto file = ReplayFile::open(known->second.path);
    if (file) { return std::make_shared<Recording>(call_id, std::move(*file)); }
    // Another process may have made room, or somebody cleaned up.
    forget(call_id);
    return nullptr;
}

ReplayStore::Taken ReplayStore::take(const std::string& call_id, const std::string& owner, const std::string& digest,
                                     const ReplayLimits& limits) {
    const auto made = ensure_private_dir(directory_);
    const std::lock_guard lock(mutex_);
    if (!made && !std::exchange(warned_, true)) {
        log_warn("streams are kept in memory only", {{"why", made.error().message}});
    }
    make_room(limits);
    if (const auto shared = by_digest_.find(digest); !digest.empty() && shared != by_digest_.end()) {
        const auto id = shared->second;
        const auto runs = running_.find(id);
        auto other = runs != running_.end() ? runs->second.recording : open_saved(id);
        if (other && other->from_start()) { return {std::move(other), false}; }
        unshare(digest, id);
    }
    auto recording = std::make_shared<Recording>(call_id, path_of(call_id, digest), owner, limits.recording);
    running_.emplace(call_id, Running{recording, digest});
    if (!digest.empty()) { by_digest_.emplace(digest, call_id); }
    return {std::move(recording), true};
}

void ReplayStore::stop_running(const std::string& call_id) {
    const auto known = running_.find(call_id);
    if (known == running_.end()) { return; }
    unshare(known->second.digest, call_id);
    running_.erase(known);
}

void ReplayStore::finish(const std::shared_ptr<Recording>& recording, bool answered, const ReplayLimits& limits) {
    const auto& id = recording->id();
    Saved saved;
    {
        const std::lock_guard lock(mutex_);
        const auto known = running_.find(id);
        // One that went wrong is not shared: whoever asks again is answered anew.
        if (answered && known != running_.end()) { saved.digest = known->second.digest; }
    }
    saved.path = path_of(id, saved.digest);
    const auto written = recording->save(saved.path);
    const bool in_file = written && *written;
    const bool whole = recording->from_start();
    saved.bytes = recording->bytes();
    if (!in_file) {
        saved.path.clear();
        saved.recording = recording;
    }
    {
        const std::lock_guard lock(mutex_);
        stop_running(id);
        saved.saved_ms = clock_.now_ms();
        if (whole) { add(id, std::move(saved)); }
        make_room(limits);
        if (!in_file && !std::exchange(warned_, true)) {
            log_warn(whole ? "a stream is kept in memory only" : "a stream is not kept",
                     {{"directory", directory_},
                      {"why", written ? "it is longer than [streams] stream_mb, or its file could not be written"
                                      : written.error().message}});
        }
    }
    recording->end(Recording::State::whole);
}

void ReplayStore::drop(const std::shared_ptr<Recording>& recording) {
    {
        const std::lock_guard lock(mutex_);
        stop_running(recording->id());
    }
    const bool begun = recording->state() != Recording::State::pending;
    recording->end(begun ? Recording::State::cut : Recording::State::dropped);
}

std::shared_ptr<Recording> ReplayStore::find(const std::string& call_id, std::string_view owner,
                                             const ReplayLimits& limits) {
    if (!is_id(call_id)) { return nullptr; }
    const std::lock_guard lock(mutex_);
    make_room(limits);
    std::shared_ptr<Recording> found;
    if (const auto runs = running_.find(call_id); runs != running_.end()) {
        found = runs->second.recording;
    } else {
        // A second gateway on the same directory may have made it.
        if (!saved_.contains(call_id)) {
            look_into_directory();
            make_room(limits);
        }
        found = open_saved(call_id);
    }
    const bool allowed = found && found->owner() == owner && found->from_start();
    return allowed ? found : nullptr;
}

void ReplayStore::clean_up(const ReplayLimits& limits) {
    const std::lock_guard lock(mutex_);
    make_room(limits);
}

}  // namespace llmgw
