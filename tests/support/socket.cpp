#include "tests/support/socket.hpp"

#include <cerrno>
#include <cstdint>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace llmgw::testing {
namespace {

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int left_ms(SteadyTime deadline) {
    const auto left = std::chrono::duration_cast<Millis>(deadline - std::chrono::steady_clock::now()).count();
    return left > 0 ? static_cast<int>(left) : 0;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

Socket::~Socket() {
    close();
}

void Socket::close() {
    if (fd_ >= 0) { ::close(std::exchange(fd_, -1)); }
}

void Socket::reset() {
    if (fd_ < 0) { return; }
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
}

Listener listen_loopback(int port) {
    Listener listener;
    listener.socket = Socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(listener.socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    auto address = loopback(port);
    if (::bind(listener.socket.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener.socket.fd(), 1024) != 0) {
        throw std::runtime_error("cannot listen on the loopback port " + std::to_string(port));
    }
    socklen_t size = sizeof address;
    ::getsockname(listener.socket.fd(), reinterpret_cast<sockaddr*>(&address), &size);
    listener.port = ntohs(address.sin_port);
    return listener;
}

Socket connect_loopback(int port) {
    Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto address = loopback(port);
    if (::connect(socket.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) { return {}; }
    // One-byte writes must leave as one-byte segments.
    const int on = 1;
    ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
}

bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) { continue; }
        if (n <= 0) { return false; }
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

ReadResult read_some(int fd, std::string& into, Millis timeout, int wake_fd) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (true) {
        pollfd fds[2] = {{fd, POLLIN, 0}, {wake_fd, POLLIN, 0}};
        const int ready = ::poll(fds, 2, left_ms(deadline));
        if (ready < 0 && errno == EINTR) { continue; }
        if (ready <= 0) { return ReadResult::timed_out; }
        if (fds[0].revents == 0) { return ReadResult::timed_out; }
        char buffer[65536];
        const auto n = ::recv(fd, buffer, sizeof buffer, 0);
        if (n > 0) {
            into.append(buffer, static_cast<std::size_t>(n));
            return ReadResult::data;
        }
        if (n == 0) { return ReadResult::end; }
        if (errno != EINTR) { return ReadResult::reset; }
    }
}

bool wait_peer_closed(int fd, Millis timeout, int wake_fd) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (true) {
        // Without POLLIN: unread bytes of the peer must not wake this, its FIN or RST must.
        pollfd fds[2] = {{fd, POLLRDHUP, 0}, {wake_fd, POLLIN, 0}};
        const int ready = ::poll(fds, 2, left_ms(deadline));
        if (ready < 0 && errno == EINTR) { continue; }
        if (ready <= 0) { return false; }
        return (fds[0].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
    }
}

}  // namespace llmgw::testing
