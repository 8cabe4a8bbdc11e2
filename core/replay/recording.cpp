#include "core/replay/recording.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace llmgw {
namespace {

// What may lie in memory of one that is not kept: its writer waits for its readers then.
constexpr std::size_t window_bytes = 1 << 20;
// A reader that takes nothing for so long is not waited for.
constexpr std::chrono::seconds reader_patience{60};
constexpr const char* out_of_descriptors = "llmgw has no file descriptor left; raise its limit (ulimit -n)";

}  // namespace

Recording::Recording(const Clock& clock, BytesOnDisk& on_disk, std::string id, std::string path, std::string owner,
                     RecordingLimits limits)
    : clock_(&clock),
      on_disk_(&on_disk),
      id_(std::move(id)),
      path_(std::move(path)),
      limits_(limits),
      owner_(std::move(owner)),
      alone_since_us_(clock.steady_us()) {}

Recording::Recording(std::string id, std::unique_ptr<ReplayFile> file)
    : id_(std::move(id)),
      owner_(file->head().owner),
      head_(file->head()),
      state_(State::whole),
      file_(std::move(file)) {
    file_bytes_ = memory_at_ = file_->size();
}

Recording::~Recording() {
    if (on_disk_ != nullptr) { *on_disk_ -= file_bytes_; }
}

void Recording::begin(int status, Headers headers, std::optional<std::uint64_t> content_length) {
    const std::lock_guard lock(mutex_);
    head_ = {status, std::move(headers), content_length, owner_};
    state_ = State::running;
    wake_readers();
}

bool Recording::write(std::string_view bytes) {
    std::unique_lock lock(mutex_);
    memory_.append(bytes);
    if (kept_ && memory_at_ + memory_.size() > limits_.bytes_max) { kept_ = false; }
    if (spill_due()) { spill(lock); }
    if (!kept_) { let_go_of_read(); }
    return true;
}

// The file is written without the lock: readers find these bytes in spilling_ meanwhile.
void Recording::spill(std::unique_lock<std::mutex>& lock) {
    spilling_ = std::exchange(memory_, {});
    memory_at_ += spilling_.size();
    lock.unlock();
    std::unique_ptr<ReplayFile> made;
    Result<> written;
    if (!file_) {
        auto created = ReplayFile::create(path_, head_);
        created ? void(made = std::move(*created)) : void(written = std::unexpected(created.error()));
    }
    auto* file = file_ ? file_.get() : made.get();
    if (written && *on_disk_ + spilling_.size() > limits_.disk_bytes) {
        written = fail(ErrorKind::too_large, "no room for it");
    }
    if (written) { written = file->append(spilling_); }
    lock.lock();
    if (made) { file_ = std::move(made); }
    if (written) {
        *on_disk_ += spilling_.size();
        file_bytes_ += spilling_.size();
        spilling_.clear();
        return;
    }
    // The disk is full or gone: from here on it is not kept, but passed on.
    kept_ = false;
    memory_at_ -= spilling_.size();
    memory_.insert(0, std::exchange(spilling_, {}));
}

void Recording::wake(Reader& reader) {
    if (std::exchange(reader.woken_, true)) { return; }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(reader.wake_.get(), &one, sizeof one);
}

void Recording::wake_readers() {
    for (auto* reader : readers_) {
        wake(*reader);
    }
}

std::uint64_t Recording::slowest() const {
    std::uint64_t offset = memory_at_ + memory_.size();
    for (const auto* reader : readers_) {
        offset = std::min(offset, reader->offset_);
    }
    return offset;
}

// Of what is in memory.
std::size_t Recording::unread() const {
    return static_cast<std::size_t>(memory_at_ + memory_.size() - std::max(slowest(), memory_at_));
}

// Of one that is not kept, what all have read.
void Recording::let_go_of_read() {
    const auto gone = memory_.size() - unread();
    if (gone < window_bytes / 4) { return; }
    memory_.erase(0, gone);
    memory_at_ += gone;
}

bool Recording::wanted() const {
    if (!readers_.empty()) { return true; }
    return kept_ && clock_->steady_us() - alone_since_us_ < std::chrono::microseconds(limits_.alone_max).count();
}

bool Recording::try_flush() {
    const std::lock_guard lock(mutex_);
    wake_readers();
    return wanted() && (kept_ || unread() <= window_bytes);
}

bool Recording::flush() {
    std::unique_lock lock(mutex_);
    wake_readers();
    while (!kept_ && !readers_.empty() && unread() > window_bytes) {
        const auto before = slowest();
        if (read_on_.wait_for(lock, reader_patience, [&] { return readers_.empty() || slowest() != before; })) {
            continue;
        }
        // The others have waited long enough for it.
        const auto one = std::ranges::min_element(readers_, {}, [](const Reader* reader) { return reader->offset_; });
        (*one)->cut_off_ = true;
        wake(**one);
        readers_.erase(one);
    }
    if (!kept_) { let_go_of_read(); }
    return wanted();
}

Result<bool> Recording::save(const std::string& path) {
    std::unique_lock lock(mutex_);
    if (!kept_) { return false; }
    spill(lock);
    // Without a file it is still here, as a whole.
    if (!std::exchange(kept_, true)) { return false; }
    lock.unlock();
    auto finished = file_->finish(path);
    if (!finished) { return std::unexpected(finished.error()); }
    // No longer one of those that are being made.
    *std::exchange(on_disk_, nullptr) -= file_bytes_;
    return true;
}

void Recording::end(State state) {
    const std::lock_guard lock(mutex_);
    state_ = state;
    wake_readers();
}

Recording::State Recording::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

std::uint64_t Recording::bytes() const {
    const std::lock_guard lock(mutex_);
    return memory_at_ + memory_.size();
}

bool Recording::from_start() const {
    const std::lock_guard lock(mutex_);
    return kept_;
}

std::size_t Recording::read(std::uint64_t offset, char* into, std::size_t size) const {
    {
        const std::lock_guard lock(mutex_);
        if (offset >= file_bytes_) {
            if (offset < memory_begin()) { return 0; }
            const bool newest = offset >= memory_at_;
            const auto& text = newest ? memory_ : spilling_;
            const auto at = static_cast<std::size_t>(offset - (newest ? memory_at_ : memory_begin()));
            if (at >= text.size()) { return 0; }
            const auto n = std::min(size, text.size() - at);
            std::copy_n(text.data() + at, n, into);
            return n;
        }
        size = static_cast<std::size_t>(std::min<std::uint64_t>(size, file_bytes_ - offset));
    }
    return file_->read(offset, into, size);
}

Result<Recording::State> Recording::wait_begun(const std::shared_ptr<Recording>& recording, const Watch& watch) {
    const Reader waiting(recording, 0);
    if (waiting.fd() < 0) { return fail(ErrorKind::unavailable, out_of_descriptors); }
    for (;;) {
        if (const auto now = recording->state(); now != State::pending) { return now; }
        std::array<pollfd, 3> fds{
            {{waiting.fd(), POLLIN, 0}, {watch.client_fd, POLLRDHUP, 0}, {watch.abort_fd, POLLIN, 0}}};
        if (::poll(fds.data(), fds.size(), -1) < 0) { continue; }  // a signal
        if (fds[2].revents != 0) { return fail(ErrorKind::unavailable, "llmgw is shutting down"); }
        if (fds[1].revents != 0) { return fail(ErrorKind::cancelled, "the client went away"); }
    }
}

Recording::Reader::Reader(std::shared_ptr<Recording> recording, std::uint64_t offset)
    : recording_(std::move(recording)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), offset_(offset) {
    const std::lock_guard lock(recording_->mutex_);
    recording_->readers_.push_back(this);
}

Result<std::unique_ptr<Recording::Reader>> Recording::Reader::at(std::shared_ptr<Recording> recording,
                                                                 std::uint64_t offset) {
    std::unique_ptr<Reader> reader(new Reader(std::move(recording), offset));
    if (!reader->wake_) { return fail(ErrorKind::unavailable, out_of_descriptors); }
    // It holds its place from now on; before, something between the file and the memory may have been let go of.
    {
        const auto& what = *reader->recording_;
        const std::lock_guard lock(what.mutex_);
        if (offset >= what.memory_begin() || what.file_bytes_ == what.memory_begin()) { return reader; }
    }
    return fail(ErrorKind::not_found, "this stream grew too long to be kept");
}

Recording::Reader::~Reader() {
    auto& what = *recording_;
    const std::lock_guard lock(what.mutex_);
    std::erase(what.readers_, this);
    if (what.readers_.empty() && what.clock_ != nullptr) { what.alone_since_us_ = what.clock_->steady_us(); }
    what.read_on_.notify_all();
}

std::size_t Recording::Reader::next(char* into, std::size_t size, State& state) {
    {
        const std::lock_guard lock(recording_->mutex_);
        if (std::exchange(woken_, false)) {
            std::uint64_t ignored = 0;
            [[maybe_unused]] const auto n = ::read(wake_.get(), &ignored, sizeof ignored);
        }
        state = cut_off_ ? State::cut : recording_->state_;
        if (cut_off_) { return 0; }
    }
    const auto n = recording_->read(offset_, into, size);
    if (n == 0) { return 0; }
    const std::lock_guard lock(recording_->mutex_);
    offset_ += n;
    if (!recording_->kept_) { recording_->read_on_.notify_all(); }
    return n;
}

}  // namespace llmgw
