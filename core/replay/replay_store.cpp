#include "core/replay/replay_store.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/telemetry/log.hpp"
#include "core/util/file.hpp"

namespace llmgw {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::string_view ending = ".reply";
constexpr std::string_view part_ending = ".part";
// One that was only just made may not be locked yet.
constexpr std::chrono::minutes abandoned_after{1};
// Of all that no file can be written for.
constexpr std::uint64_t in_memory_max = 16 << 20;
// Another process' files are looked for no more often.
constexpr std::chrono::microseconds look_every = std::chrono::seconds(1);

// The form of make_id(): nothing else becomes part of a path.
bool is_id(std::string_view text) {
    return text.size() == 36 && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
           });
}

// <call id>.<bytes of the body>[.<digest>].reply
struct Name {
    std::string id;
    std::uint64_t bytes = 0;
    std::string digest;
};

std::optional<Name> name_from(std::string_view text) {
    if (!text.ends_with(ending)) { return std::nullopt; }
    text.remove_suffix(ending.size());
    Name name;
    const auto dot = text.find('.');
    name.id = text.substr(0, dot);
    if (dot == std::string_view::npos || !is_id(name.id)) { return std::nullopt; }
    text.remove_prefix(dot + 1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), name.bytes);
    if (error != std::errc()) { return std::nullopt; }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.empty() && text.front() != '.') { return std::nullopt; }
    if (!text.empty()) { name.digest = text.substr(1); }
    return name;
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
    limits.recording.disk_bytes = static_cast<std::uint64_t>(config.disk_mb) << 20;
    limits.recording.alone_max = std::chrono::seconds(config.alone_s);
    limits.age_max = std::chrono::seconds(config.keep_s);
    return limits;
}

class ReplayStore::Held {
public:
    explicit Held(ReplayStore& store) : store_(store), lock_(store.mutex_) {}
    ~Held() {
        const auto gone = std::exchange(store_.gone_, {});
        lock_.unlock();
        std::error_code ignored;
        for (const auto& path : gone) {
            fs::remove(path, ignored);
        }
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

private:
    ReplayStore& store_;
    std::unique_lock<std::mutex> lock_;
};

ReplayStore::ReplayStore(const Clock& clock, std::string directory) : clock_(clock), directory_(std::move(directory)) {
    const Held held(*this);
    look_into_directory();
}

std::string ReplayStore::path_of(const std::string& call_id, const std::string& digest, std::uint64_t bytes) const {
    return directory_ + "/" + call_id + "." + std::to_string(bytes) + (digest.empty() ? "" : "." + digest) +
           std::string(ending);
}

void ReplayStore::look_into_directory() {
    looked_us_ = clock_.steady_us();
    const auto now_ms = clock_.now_ms();
    std::error_code none;
    for (fs::directory_iterator it(directory_, none), end; !none && it != end; it.increment(none)) {
        const auto text = it->path().filename().string();
        if (is_id(text.substr(0, text.find('.'))) && text.ends_with(part_ending)) {
            const auto age = std::chrono::milliseconds(now_ms - modified_ms(*it));
            if (age > abandoned_after) { ReplayFile::remove_abandoned(it->path().string()); }
            continue;
        }
        auto name = name_from(text);
        if (!name || saved_.contains(name->id) || running_.contains(name->id)) { continue; }
        Saved found;
        found.path = it->path().string();
        // A clock that was set back must not keep it for longer.
        found.saved_ms = std::min(modified_ms(*it), now_ms);
        found.bytes = name->bytes;
        found.digest = std::move(name->digest);
        add(name->id, std::move(found));
    }
}

void ReplayStore::add(const std::string& call_id, Saved saved) {
    (saved.recording ? bytes_in_memory_ : saved_bytes_) += saved.bytes;
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
    (saved.recording ? bytes_in_memory_ : saved_bytes_) -= saved.bytes;
    by_age_.erase({saved.saved_ms, call_id});
    if (!saved.path.empty()) { gone_.push_back(saved.path); }
    saved_.erase(known);
}

void ReplayStore::make_room(const ReplayLimits& limits) {
    const auto oldest_ms = clock_.now_ms() - limits.age_max.count();
    const auto no_room = [&] {
        return saved_bytes_ + running_bytes_ > limits.recording.disk_bytes || bytes_in_memory_ > in_memory_max;
    };
    while (!by_age_.empty() && (by_age_.begin()->first < oldest_ms || no_room())) {
        forget(std::string(by_age_.begin()->second));
    }
}

std::shared_ptr<Recording> ReplayStore::open_saved(const std::string& call_id) {
    const auto known = saved_.find(call_id);
    if (known == saved_.end()) { return nullptr; }
    if (known->second.recording) { return known->second.recording; }
    auto file = ReplayFile::open(known->second.path, known->second.bytes);
    if (file) { return std::make_shared<Recording>(call_id, std::move(*file)); }
    // Another process may have made room, or somebody cleaned up.
    forget(call_id);
    return nullptr;
}

ReplayStore::Taken ReplayStore::take(const std::string& call_id, const std::string& owner, const std::string& digest,
                                     const ReplayLimits& limits) {
    const auto made = ensure_private_dir(directory_);
    const Held held(*this);
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
    auto recording = std::make_shared<Recording>(clock_, running_bytes_, call_id, directory_ + "/" + call_id, owner,
                                                 limits.recording);
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
        const Held held(*this);
        const auto known = running_.find(id);
        // One that went wrong is not shared: whoever asks again is answered anew.
        if (answered && known != running_.end()) { saved.digest = known->second.digest; }
    }
    saved.bytes = recording->bytes();
    saved.path = path_of(id, saved.digest, saved.bytes);
    const auto written = recording->save(saved.path);
    const bool in_file = written && *written;
    const bool whole = recording->from_start();
    if (!in_file) {
        saved.path.clear();
        saved.recording = recording;
    }
    {
        const Held held(*this);
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
        const Held held(*this);
        stop_running(recording->id());
    }
    const bool begun = recording->state() != Recording::State::pending;
    recording->end(begun ? Recording::State::cut : Recording::State::dropped);
}

std::shared_ptr<Recording> ReplayStore::find(const std::string& call_id, std::string_view owner,
                                             const ReplayLimits& limits) {
    if (!is_id(call_id)) { return nullptr; }
    const Held held(*this);
    make_room(limits);
    std::shared_ptr<Recording> found;
    if (const auto runs = running_.find(call_id); runs != running_.end()) {
        found = runs->second.recording;
    } else {
        // A second gateway on the same directory may have made it.
        if (!saved_.contains(call_id) && clock_.steady_us() - looked_us_ >= look_every.count()) {
            look_into_directory();
            make_room(limits);
        }
        found = open_saved(call_id);
    }
    const bool allowed = found && found->owner() == owner && found->from_start();
    return allowed ? found : nullptr;
}

void ReplayStore::clean_up(const ReplayLimits& limits) {
    const Held held(*this);
    look_into_directory();
    make_room(limits);
}

}  // namespace llmgw
