#include "core/usage/drain.hpp"

#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/usage/journal.hpp"
#include "core/usage/record_text.hpp"
#include "core/util/file.hpp"

namespace llmgw {
namespace {

constexpr std::size_t batch_max = 500;
constexpr std::size_t segment_read_bytes_max = 256 << 20;
constexpr int busy_timeout_ms = 5000;
constexpr int live_wait_ms_max = 1000;
constexpr int live_wait_step_ms = 5;

// The segment, locked for us; nothing when a living process has it or it has gone.
std::optional<Fd> take_orphan(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) { return std::nullopt; }
    struct stat info {};
    // Another process may have drained and removed it while we waited for nothing but its lock.
    if (::fstat(fd.get(), &info) != 0 || info.st_nlink == 0) { return std::nullopt; }
    // Its maker died before the first record.
    if (info.st_size == 0) {
        ::unlink(path.c_str());
        return std::nullopt;
    }
    return fd;
}

struct Lines {
    std::vector<CallRecord> records;
    int unreadable = 0;
    bool newer = false;
};

// The next records of the text, up to batch_max lines of it.
Lines next_lines(std::string_view& text) {
    Lines lines;
    for (std::size_t n = 0; n < batch_max && !text.empty(); ++n) {
        const auto end = text.find('\n');
        CallRecord record;
        switch (read_record(text.substr(0, end), record)) {
            case RecordRead::ok: lines.records.push_back(std::move(record)); break;
            case RecordRead::torn: ++lines.unreadable; break;
            case RecordRead::newer: lines.newer = true; break;
        }
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

Result<Drained> insert_lines(const Fd& fd, const std::string& path, UsageStore& store) {
    const auto text = read_all(fd, path, segment_read_bytes_max);
    if (!text) { return std::unexpected(text.error()); }
    Drained drained;
    for (std::string_view rest = *text; !rest.empty();) {
        const auto lines = next_lines(rest);
        std::vector<const CallRecord*> pointers;
        for (const auto& record : lines.records) {
            pointers.push_back(&record);
        }
        const auto inserted = store.insert(pointers);
        if (!inserted) { return std::unexpected(inserted.error()); }
        drained.calls += *inserted;
        drained.unreadable += lines.unreadable;
        if (lines.newer) { drained.newer = 1; }
    }
    return drained;
}

Result<Drained> drain_taken(const Fd& fd, const std::string& path, UsageStore& store) {
    auto drained = insert_lines(fd, path, store);
    if (!drained) { return drained; }
    if (!store.file_is_current()) { return fail(ErrorKind::io, "the usage log's file was removed"); }
    // Removed while locked, so that nobody takes it a second time.
    if (drained->newer == 0) { ::unlink(path.c_str()); }
    return drained;
}

// The id of the last whole record, "" when there is none.
std::string last_call(const Fd& fd, const std::string& path) {
    const auto text = read_all(fd, path, segment_read_bytes_max);
    if (!text) { return {}; }
    std::string_view rest = *text;
    while (!rest.empty()) {
        rest = rest.substr(0, rest.rfind('\n') == std::string_view::npos ? 0 : rest.rfind('\n'));
        const auto start = rest.rfind('\n');
        CallRecord record;
        if (read_record(start == std::string_view::npos ? rest : rest.substr(start + 1), record) == RecordRead::ok) {
            return record.call.call_id;
        }
    }
    return {};
}

// A segment of a living process, whose writer commits what is in it within a group's time.
Result<Drained> follow_live(const Fd& fd, const std::string& path, UsageStore& store) {
    const auto last = last_call(fd, path);
    if (last.empty()) { return Drained{}; }
    for (auto waited = 0; waited < live_wait_ms_max; waited += live_wait_step_ms) {
        const auto there = store.has_call(last);
        if (!there) { return std::unexpected(there.error()); }
        if (*there) { return Drained{}; }
        std::this_thread::sleep_for(std::chrono::milliseconds(live_wait_step_ms));
    }
    return insert_lines(fd, path, store);
}

}  // namespace

std::string database_path(const std::string& data_dir) {
    return data_dir + "/usage.db";
}

std::string journal_path(const std::string& data_dir) {
    return data_dir + "/journal";
}

Result<Drained> drain_segment(const std::string& path, UsageStore& store) {
    const auto fd = take_orphan(path);
    if (!fd) { return Drained{}; }
    return drain_taken(*fd, path, store);
}

Result<Drained> drain_journal(const std::string& data_dir) {
    Drained drained;
    std::optional<UsageStore> store;
    for (const auto& path : list_segments(journal_path(data_dir))) {
        const auto orphan = take_orphan(path);
        const Fd live(orphan ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!orphan && !live) { continue; }
        if (!store) {
            auto opened = UsageStore::open(database_path(data_dir), busy_timeout_ms);
            if (!opened) { return std::unexpected(opened.error()); }
            store.emplace(std::move(*opened));
        }
        const auto one = orphan ? drain_taken(*orphan, path, *store) : follow_live(live, path, *store);
        if (!one) { return one; }
        drained += *one;
    }
    return drained;
}

}  // namespace llmgw
