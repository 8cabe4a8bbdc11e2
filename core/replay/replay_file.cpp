#include "core/replay/replay_file.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/util/json_scan.hpp"
#include "core/util/json_writer.hpp"

namespace llmgw {
namespace {

constexpr std::size_t head_bytes_max = 1 << 20;

std::string head_text(const ReplayHead& head) {
    JsonWriter json;
    json.begin_object().member("status", head.status).member("owner", head.owner);
    if (head.content_length) { json.member("content_length", static_cast<std::int64_t>(*head.content_length)); }
    json.key("headers").begin_array();
    for (const auto& [name, value] : head.headers) {
        json.begin_array().string(name).string(value).end_array();
    }
    return json.end_array().end_object().take() + "\n";
}

std::optional<ReplayHead> head_from(std::string_view text) {
    ReplayHead head;
    const auto status = json_scan::member(text, "status");
    const auto owner = json_scan::member(text, "owner");
    const auto headers = json_scan::member(text, "headers");
    if (!status || !status->as_int() || !owner || !owner->as_string() || !headers) { return std::nullopt; }
    head.status = static_cast<int>(*status->as_int());
    head.owner = *owner->as_string();
    if (const auto length = json_scan::member(text, "content_length"); length && length->as_int()) {
        head.content_length = static_cast<std::uint64_t>(*length->as_int());
    }
    const bool whole = json_scan::each_element(headers->text, [&](const json_scan::Value& pair) {
        std::array<std::string, 2> words;
        std::size_t count = 0;
        json_scan::each_element(pair.text, [&](const json_scan::Value& word) {
            if (count < words.size()) { words[count++] = word.as_string().value_or(""); }
            return true;
        });
        head.headers.emplace_back(std::move(words[0]), std::move(words[1]));
        return true;
    });
    return whole ? std::optional(std::move(head)) : std::nullopt;
}

// How much was written before it failed.
std::size_t write_at(int fd, std::uint64_t at, std::string_view bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto n = ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
        if (n < 0 && errno == EINTR) { continue; }
        if (n <= 0) { break; }
        done += static_cast<std::size_t>(n);
    }
    return done;
}

}  // namespace

Result<std::unique_ptr<ReplayFile>> ReplayFile::create(const std::string& path, const ReplayHead& head) {
    auto part = path + ".part";
    Fd fd(::open(part.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) { return std::unexpected(file_error("write", part, errno)); }
    ::flock(fd.get(), LOCK_EX | LOCK_NB);
    std::unique_ptr<ReplayFile> file(new ReplayFile(std::move(fd), std::move(part)));
    const auto text = head_text(head);
    if (write_at(file->fd_.get(), 0, text) != text.size()) {
        return std::unexpected(file_error("write", file->part_, errno));
    }
    file->head_ = head;
    file->body_at_ = text.size();
    return file;
}

Result<std::unique_ptr<ReplayFile>> ReplayFile::open(const std::string& path, std::uint64_t bytes) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) { return std::unexpected(file_error("read", path, errno)); }
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) { return std::unexpected(file_error("read", path, errno)); }
    std::string text;
    std::array<char, 4096> chunk{};
    auto end = std::string::npos;
    while (end == std::string::npos && text.size() < head_bytes_max) {
        const auto n = ::pread(fd.get(), chunk.data(), chunk.size(), static_cast<off_t>(text.size()));
        if (n <= 0) { break; }
        text.append(chunk.data(), static_cast<std::size_t>(n));
        end = text.find('\n');
    }
    auto head = end == std::string::npos ? std::nullopt : head_from(std::string_view(text).substr(0, end));
    if (!head) { return fail(ErrorKind::io, path + " does not begin with a reply's head"); }
    std::unique_ptr<ReplayFile> file(new ReplayFile(std::move(fd), std::string()));
    file->head_ = std::move(*head);
    file->body_at_ = end + 1;
    file->size_ = static_cast<std::uint64_t>(info.st_size) - file->body_at_;
    if (file->size_ != bytes) { return fail(ErrorKind::io, path + " is not as long as it was"); }
    return file;
}

void ReplayFile::remove_abandoned(const std::string& part) {
    const Fd fd(::open(part.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) { ::unlink(part.c_str()); }
}

ReplayFile::~ReplayFile() {
    if (!part_.empty()) { ::unlink(part_.c_str()); }
}

Result<> ReplayFile::append(std::string_view bytes) {
    if (write_at(fd_.get(), body_at_ + size_, bytes) != bytes.size()) {
        return std::unexpected(file_error("write", part_, errno));
    }
    size_ += bytes.size();
    return {};
}

Result<> ReplayFile::finish(const std::string& path) {
    // A failed append may have left a piece behind.
    if (::ftruncate(fd_.get(), static_cast<off_t>(body_at_ + size_)) != 0 ||
        ::rename(part_.c_str(), path.c_str()) != 0) {
        return std::unexpected(file_error("write", path, errno));
    }
    part_.clear();
    return {};
}

std::size_t ReplayFile::read(std::uint64_t offset, char* into, std::size_t size) const {
    std::size_t done = 0;
    while (done < size) {
        const auto n = ::pread(fd_.get(), into + done, size - done, static_cast<off_t>(body_at_ + offset + done));
        if (n < 0 && errno == EINTR) { continue; }
        if (n <= 0) { break; }
        done += static_cast<std::size_t>(n);
    }
    return done;
}

}  // namespace llmgw
