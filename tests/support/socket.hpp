// Plain sockets for tests, where every byte and every way to close matters. Loopback only.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace llmgw::testing {

using Millis = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

// How long a test waits for something that must happen. Long, because sanitizer builds on a busy machine are
// slow; nothing waits this long unless it is about to fail.
inline constexpr Millis patience{30'000};

// Owns a file descriptor.
class Socket {
public:
    Socket() = default;
    explicit Socket(int fd) : fd_(fd) {}
    Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Socket& operator=(Socket&& other) noexcept;
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket();

    int fd() const { return fd_; }
    bool valid() const { return fd_ >= 0; }
    void close();  // FIN, when nothing unread is left in the receive buffer
    void reset();  // RST, whatever the state

private:
    int fd_ = -1;
};

struct Listener {
    Socket socket;
    int port = 0;
};

// Throws std::runtime_error when the port cannot be had; 0 lets the system choose.
Listener listen_loopback(int port = 0);

// An invalid socket when nobody listens there.
Socket connect_loopback(int port);

// False when the peer is gone.
bool send_all(int fd, std::string_view bytes);

enum class ReadResult { data, end, reset, timed_out };

// Appends what is there, waiting for at least one byte. `wake_fd` (or -1) ends the wait as a time-out.
ReadResult read_some(int fd, std::string& into, Millis timeout, int wake_fd = -1);

// Waits until the peer has closed or reset, leaving unread data unread. False when time or wake_fd came first.
bool wait_peer_closed(int fd, Millis timeout, int wake_fd = -1);

}  // namespace llmgw::testing
