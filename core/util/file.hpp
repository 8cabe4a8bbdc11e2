// Small files and directories that hold private data.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/util/result.hpp"

namespace llmgw {

// Makes `path` and its missing parents (mode 0700). An existing directory of ours that others may enter is
// tightened to 0700; parents that exist are left as they are.
Result<> ensure_private_dir(const std::string& path);

// The whole file. not_found when there is none; too_large above `max_bytes`.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

// Replaces the file as a whole (mode 0600): a reader sees the old or the new text, also after a crash.
Result<> write_private_file(const std::string& path, std::string_view text);

// A file descriptor that closes itself.
class Fd {
public:
    explicit Fd(int fd = -1) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd();
    explicit operator bool() const { return fd_ >= 0; }
    int get() const { return fd_; }

private:
    int fd_;
};

// read() to the end of an open file; io on failure, too_large above `max_bytes`. `path` is for messages.
Result<std::string> read_all(const Fd& fd, const std::string& path, std::size_t max_bytes);

// "cannot <what> <path>: <text of errno>"
Error file_error(std::string_view what, const std::string& path, int error_number);

}  // namespace llmgw
