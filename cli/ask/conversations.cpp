#include "cli/ask/conversations.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/util/file.hpp"

namespace llmgw {
namespace {

constexpr std::string_view extension = ".jsonl";
constexpr std::size_t file_bytes_max = 1ULL << 30;
constexpr std::int64_t ns_per_ms = 1'000'000;

// An id as it may stand in a path: what make_id makes, or its beginning.
bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= 36 && text.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

bool lock(const Fd& file, int how) {
    while (::flock(file.get(), how) != 0) {
        if (errno != EINTR) { return false; }
    }
    return true;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end != 0) { lines.push_back(text.substr(0, end)); }
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

// An open file that is locked, and still the one of that name.
Result<Fd> open_to_append(const std::string& path) {
    constexpr int tries = 10;
    for (int i = 0; i < tries; ++i) {
        Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!file || !lock(file, LOCK_EX)) { return std::unexpected(file_error("write", path, errno)); }
        struct stat info {};
        // Removed between the two calls: what is written now would be nowhere.
        if (::fstat(file.get(), &info) == 0 && info.st_nlink > 0) { return file; }
    }
    return fail(ErrorKind::io, "cannot write " + path + ": it keeps being removed");
}

Result<> write_at_end(const Fd& file, const std::string& path, std::string_view text) {
    struct stat before {};
    if (::fstat(file.get(), &before) != 0) { return std::unexpected(file_error("write", path, errno)); }
    while (!text.empty()) {
        const auto n = ::write(file.get(), text.data(), text.size());
        if (n < 0 && errno == EINTR) { continue; }
        if (n <= 0) {
            const int error_number = errno;
            (void)!::ftruncate(file.get(), before.st_size);
            return std::unexpected(file_error("write", path, error_number));
        }
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

bool ends_in_mid_line(const Fd& file, off_t size) {
    char last = '\n';
    return size > 0 && ::pread(file.get(), &last, 1, size - 1) == 1 && last != '\n';
}

}  // namespace

std::vector<Conversations::File> Conversations::files() const {
    std::vector<File> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory_, ignored)) {
        const auto name = entry.path().filename().string();
        struct stat info {};
        if (!name.ends_with(extension) || ::lstat(entry.path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
            continue;
        }
        File file{name.substr(0, name.size() - extension.size()),
                  static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec, info.st_size};
        if (is_id(file.id)) { found.push_back(std::move(file)); }
    }
    // Ids rise with the time they were made at.
    std::sort(found.begin(), found.end(), [](const File& a, const File& b) {
        return a.used_ns != b.used_ns ? a.used_ns > b.used_ns : a.id > b.id;
    });
    return found;
}

Result<std::string> Conversations::find(const std::string& id) const {
    if (!is_id(id)) {
        return fail(ErrorKind::usage, "\"" + id + "\" is no conversation's id; llmgw ask --list shows them");
    }
    std::string found;
    for (const auto& file : files()) {
        if (file.id == id) { return id; }
        if (!file.id.starts_with(id)) { continue; }
        if (!found.empty()) {
            return fail(ErrorKind::usage, "the ids of several conversations begin with " + id +
                                              "; give more of it (llmgw ask --list shows them)");
        }
        found = file.id;
    }
    if (found.empty()) {
        return fail(ErrorKind::not_found,
                    "there is no conversation " + id + "; llmgw ask --list shows those there are");
    }
    return found;
}

Result<Conversation> Conversations::read(const std::string& id) const {
    const Fd file(::open(path(id).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file || !lock(file, LOCK_SH)) { return std::unexpected(file_error("read", path(id), errno)); }
    const auto text = read_all(file, path(id), file_bytes_max);
    if (!text) { return std::unexpected(text.error()); }
    Conversation conversation{id, {}};
    for (const auto line : lines_of(*text)) {
        if (auto exchange = parse_exchange(line)) { conversation.exchanges.push_back(std::move(*exchange)); }
    }
    if (conversation.exchanges.empty()) {
        return fail(ErrorKind::io, path(id) + " holds no conversation this llmgw can read");
    }
    return conversation;
}

Result<Conversation> Conversations::load(const std::string& id) const {
    const auto found = find(id);
    if (!found) { return std::unexpected(found.error()); }
    return read(*found);
}

Result<Conversation> Conversations::load_last() const {
    const auto found = files();
    if (found.empty()) {
        return fail(ErrorKind::not_found, "there is no conversation to go on with: none is kept yet");
    }
    return read(found.front().id);
}

Result<> Conversations::append(const Conversation& before, const AskExchange& exchange) const {
    if (auto made = ensure_private_dir(directory_); !made) { return made; }
    const auto file = open_to_append(path(before.id));
    if (!file) { return std::unexpected(file.error()); }
    struct stat info {};
    if (::fstat(file->get(), &info) != 0) { return std::unexpected(file_error("read", path(before.id), errno)); }
    std::string text;
    if (info.st_size == 0) {
        for (const auto& earlier : before.exchanges) {
            text += exchange_line(earlier);
        }
    } else if (ends_in_mid_line(*file, info.st_size)) {
        text = "\n";
    }
    return write_at_end(*file, path(before.id), text + exchange_line(exchange));
}

std::vector<ConversationSummary> Conversations::list() const {
    std::vector<ConversationSummary> summaries;
    for (const auto& file : files()) {
        const auto conversation = read(file.id);
        if (!conversation) { continue; }
        const auto& all = conversation->exchanges;
        summaries.push_back(
            {file.id, file.used_ns / ns_per_ms, all.size(), all.back().model, question_title(all.front())});
    }
    return summaries;
}

bool Conversations::remove_file(const std::string& id) const {
    const Fd file(::open(path(id).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    // Whoever holds the lock is about to make it the newest.
    return file && lock(file, LOCK_EX | LOCK_NB) && ::unlink(path(id).c_str()) == 0;
}

std::size_t Conversations::prune(const KeepLimits& limits, std::int64_t now_ms) const {
    constexpr std::int64_t ms_per_day = 86'400'000;
    const auto oldest_ns = (now_ms - limits.days * ms_per_day) * ns_per_ms;
    std::size_t removed = 0;
    std::int64_t kept = 0;
    std::int64_t bytes = 0;
    for (const auto& file : files()) {
        bytes += file.bytes;
        const bool stays = kept == 0 || (kept < limits.count && bytes <= limits.bytes && file.used_ns >= oldest_ns);
        if (stays) {
            ++kept;
        } else {
            removed += remove_file(file.id) ? 1U : 0U;
            bytes -= file.bytes;
        }
    }
    return removed;
}

std::size_t Conversations::remove_unused_since(std::int64_t since_ms) const {
    std::size_t removed = 0;
    for (const auto& file : files()) {
        if (file.used_ns < since_ms * ns_per_ms) { removed += remove_file(file.id) ? 1U : 0U; }
    }
    return removed;
}

Result<> Conversations::remove(const std::string& id) const {
    const auto found = find(id);
    if (!found) { return std::unexpected(found.error()); }
    if (!remove_file(*found)) { return std::unexpected(file_error("remove", path(*found), errno)); }
    return {};
}

}  // namespace llmgw
