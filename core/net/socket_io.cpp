#include "core/net/socket_io.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>

namespace llmgw {
namespace {

constexpr std::size_t read_buffer_bytes = 4 * 1024;
// Larger writes go out at once instead of being copied into the buffer.
constexpr std::size_t write_buffer_bytes_max = 64 * 1024;
constexpr std::size_t linger_bytes_max = 64 << 20;
constexpr std::chrono::milliseconds linger_limit{500};
constexpr std::chrono::seconds linger_most{10};  // however steadily the client goes on

}  // namespace

SocketIo::SocketIo(int fd, int abort_fd, std::chrono::milliseconds io_timeout)
    : fd_(fd), abort_fd_(abort_fd), io_timeout_(io_timeout) {}

bool SocketIo::fill(int flags) {
    if (readable_now()) { return true; }
    read_buffer_.resize(read_buffer_bytes);
    const auto n = ::recv(fd_, read_buffer_.data(), read_buffer_.size(), flags);
    read_at_ = 0;
    read_end_ = n > 0 ? static_cast<std::size_t>(n) : 0;
    at_end_ = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
    return n > 0;
}

bool SocketIo::try_read() {
    return fill(MSG_DONTWAIT);
}

bool SocketIo::wait_read() {
    return fill(0);
}

bool SocketIo::wait(short events, std::chrono::milliseconds limit) const {
    pollfd fds[2] = {{fd_, events, 0}, {abort_fd_, POLLIN, 0}};
    for (;;) {
        const auto count = ::poll(fds, abort_fd_ >= 0 ? 2 : 1, static_cast<int>(limit.count()));
        if (count < 0 && errno == EINTR) { continue; }
        if (count <= 0) { return false; }
        if (fds[0].revents != 0) { return true; }
        if (fds[1].revents != 0) { return false; }
    }
}

long SocketIo::read(char* into, std::size_t size) {
    if (!readable_now()) {
        if (!flush()) { return -1; }
        read_buffer_.resize(read_buffer_bytes);
        const bool direct = size >= read_buffer_.size();
        char* target = direct ? into : read_buffer_.data();
        const std::size_t room = direct ? size : read_buffer_.size();
        for (;;) {
            const auto n = ::recv(fd_, target, room, MSG_DONTWAIT);
            if (n >= 0) {
                if (direct || n == 0) { return n; }
                read_at_ = 0;
                read_end_ = static_cast<std::size_t>(n);
                break;
            }
            if (errno == EINTR) { continue; }
            if (errno != EAGAIN || !wait(POLLIN, io_timeout_)) { return -1; }
        }
    }
    const auto n = std::min(size, read_end_ - read_at_);
    std::memcpy(into, read_buffer_.data() + read_at_, n);
    read_at_ += n;
    return static_cast<long>(n);
}

bool SocketIo::read_more() {
    if (!flush()) { return false; }
    if (read_end_ == read_buffer_.size()) { read_buffer_.resize(std::max(read_buffer_bytes, 2 * read_end_)); }
    for (;;) {
        const auto n = ::recv(fd_, read_buffer_.data() + read_end_, read_buffer_.size() - read_end_, MSG_DONTWAIT);
        if (n > 0) {
            read_end_ += static_cast<std::size_t>(n);
            return true;
        }
        if (n < 0 && errno == EINTR) { continue; }
        if (n == 0 || errno != EAGAIN || !wait(POLLIN, io_timeout_)) { return false; }
    }
}

bool SocketIo::write(const char* bytes, std::size_t size) {
    if (broken_) { return false; }
    if (write_buffer_.size() + size <= write_buffer_bytes_max) {
        write_buffer_.append(bytes, size);
        return true;
    }
    return flush() && send_all(bytes, size);
}

bool SocketIo::flush() {
    if (broken_) { return false; }
    if (write_buffer_.empty()) { return true; }
    const bool ok = send_all(write_buffer_.data(), write_buffer_.size());
    write_buffer_.clear();
    return ok;
}

bool SocketIo::try_flush() {
    if (broken_ || write_buffer_.empty()) { return !broken_; }
    const auto n = ::send(fd_, write_buffer_.data(), write_buffer_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n == static_cast<ssize_t>(write_buffer_.size())) {
        write_buffer_.clear();
        return true;
    }
    if (n > 0) { write_buffer_.erase(0, static_cast<std::size_t>(n)); }
    return false;
}

void SocketIo::release_read_buffer() {
    if (!readable_now()) { read_buffer_ = std::vector<char>(); }
}

void SocketIo::linger() {
    if (!flush()) { return; }
    ::shutdown(fd_, SHUT_WR);
    char discarded[4096];
    const auto until = std::chrono::steady_clock::now() + linger_most;
    for (std::size_t total = 0; total < linger_bytes_max && std::chrono::steady_clock::now() < until;) {
        const auto n = ::recv(fd_, discarded, sizeof discarded, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) { return; }
        if (n < 0 && !wait(POLLIN, linger_limit)) { return; }
        if (n > 0) { total += static_cast<std::size_t>(n); }
    }
}

bool SocketIo::send_all(const char* bytes, std::size_t size) {
    while (size > 0) {
        const auto n = ::send(fd_, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            bytes += n;
            size -= static_cast<std::size_t>(n);
            continue;
        }
        if (errno == EINTR) { continue; }
        if (errno != EAGAIN || !wait(POLLOUT, io_timeout_)) {
            broken_ = true;
            return false;
        }
    }
    return true;
}

}  // namespace llmgw
