#include "core/usage/journal.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/util/id.hpp"

namespace llmgw {

Segment::Segment(Fd fd, std::string path, std::shared_ptr<JournalTotals> totals)
    : fd_(std::move(fd)), path_(std::move(path)), totals_(std::move(totals)) {}

Segment::~Segment() {
    // All appends are over: each held a reference.
    if (records_ == committed_) {
        ::unlink(path_.c_str());
        totals_->bytes -= bytes_;
    }
    if (spilled_) { --totals_->segments_with_spilled_rows; }
}

bool Segment::append(std::string_view line) {
    ssize_t written = 0;
    do {
        written = ::write(fd_.get(), line.data(), line.size());
    } while (written < 0 && errno == EINTR);
    if (written <= 0) { return false; }
    bytes_ += written;
    totals_->bytes += written;
    if (static_cast<std::size_t>(written) < line.size()) {
        errno = ENOSPC;
        return false;
    }
    // After the write, so that a segment is never taken for empty or done because of a line that failed. The
    // caller's reference keeps it alive meanwhile.
    ++records_;
    return true;
}

void Segment::mark_spilled() {
    if (!spilled_.exchange(true)) { ++totals_->segments_with_spilled_rows; }
}

bool Segment::is_linked() const {
    struct stat info {};
    return ::fstat(fd_.get(), &info) == 0 && info.st_nlink > 0;
}

Journal::Journal(JournalOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {
    measure();
    maintain(false);
}

std::shared_ptr<Segment> Journal::current() const {
    const std::lock_guard lock(mutex_);
    return current_;
}

std::shared_ptr<Segment> Journal::append(std::string_view line) {
    auto segment = current();
    if (!segment) { return nullptr; }
    if (totals_->bytes.load(std::memory_order_relaxed) + static_cast<std::int64_t>(line.size()) > options_.bytes_max) {
        state_ = JournalState::full;
        return nullptr;
    }
    if (!segment->append(line)) {
        set_failing(file_error("write", options_.directory, errno));
        // Its end may be torn: nobody else should write there.
        const std::lock_guard lock(mutex_);
        if (current_ == segment) { current_ = nullptr; }
        return nullptr;
    }
    if (state_.load(std::memory_order_relaxed) != JournalState::ok) { state_ = JournalState::ok; }
    return segment;
}

void Journal::maintain(bool retire) {
    const auto segment = current();
    if (segment && segment->is_linked() && segment->bytes() < options_.segment_bytes_max &&
        (!retire || segment->is_empty())) {
        return;
    }
    auto made = make_segment();
    if (!made) {
        // An unlinked segment goes on serving nobody; a full one still works.
        if (!segment || segment->is_linked()) { return; }
        made = nullptr;
    }
    const std::lock_guard lock(mutex_);
    current_ = std::move(*made);
}

Result<std::shared_ptr<Segment>> Journal::make_segment() {
    if (auto made = ensure_private_dir(options_.directory); !made) {
        set_failing(made.error());
        return std::unexpected(made.error());
    }
    // Between making and locking the file, another process may find it unlocked, take it for an orphan and remove
    // it; then it has no link, and the next one gets its chance.
    for (int attempt = 0; attempt < 10; ++attempt) {
        const auto path = options_.directory + "/" + make_id(clock_) + ".log";
        Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!fd) {
            auto error = file_error("write", path, errno);
            set_failing(error);
            return std::unexpected(std::move(error));
        }
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
            ::unlink(path.c_str());
            continue;
        }
        auto segment = std::make_shared<Segment>(std::move(fd), path, totals_);
        if (segment->is_linked()) { return segment; }
    }
    Error error{ErrorKind::io, "cannot lock a file in " + options_.directory};
    set_failing(error);
    return std::unexpected(std::move(error));
}

void Journal::set_failing(const Error& error) {
    {
        const std::lock_guard lock(mutex_);
        error_ = error.message;
    }
    state_ = JournalState::failing;
}

std::string Journal::error() const {
    const std::lock_guard lock(mutex_);
    return error_;
}

bool Journal::has_records() const {
    const auto segment = current();
    return segment && !segment->is_empty();
}

void Journal::measure() {
    std::int64_t bytes = 0;
    for (const auto& path : list_segments(options_.directory)) {
        struct stat info {};
        if (::stat(path.c_str(), &info) == 0) { bytes += info.st_size; }
    }
    totals_->bytes = bytes;
}

std::vector<std::string> list_segments(const std::string& directory) {
    std::vector<std::string> paths;
    std::error_code error;
    for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
        if (it->path().extension() == ".log") { paths.push_back(it->path().string()); }
    }
    // Ids rise with time: the oldest first.
    std::sort(paths.begin(), paths.end());
    return paths;
}

}  // namespace llmgw
