#include "core/net/loopback_connect.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace llmgw {
namespace {

using std::chrono::milliseconds;

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

std::optional<Address> address_of(std::string_view origin) {
    constexpr std::string_view scheme = "http://";
    if (!origin.starts_with(scheme)) { return std::nullopt; }
    origin.remove_prefix(scheme.size());
    std::string host;
    if (origin.starts_with("[")) {
        const auto end = origin.find(']');
        if (end == std::string_view::npos) { return std::nullopt; }
        host = origin.substr(1, end - 1);
        origin.remove_prefix(end + 1);
    } else {
        host = origin.substr(0, origin.find(':'));
        origin.remove_prefix(host.size());
    }
    const int port = origin.starts_with(":") ? std::atoi(std::string(origin.substr(1)).c_str()) : 80;
    Address address;
    if (auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
        ::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
        if ((ntohl(v4->sin_addr.s_addr) >> 24U) != 127) { return std::nullopt; }
        v4->sin_family = AF_INET;
        v4->sin_port = htons(static_cast<std::uint16_t>(port));
        address.size = sizeof *v4;
        return address;
    }
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) != 1) { return std::nullopt; }
    if (std::memcmp(&v6->sin6_addr, &in6addr_loopback, sizeof in6addr_loopback) != 0) { return std::nullopt; }
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof *v6;
    return address;
}

std::unexpected<Error> unreachable(const std::string& origin, const std::string& why) {
    return fail(ErrorKind::connect, "cannot reach " + origin + ": " + why);
}

// Waits for the answer to a connect that could not be given at once.
Result<> await_connected(int fd, const std::string& origin, milliseconds timeout, const Watch& watch) {
    const auto until = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        std::array<pollfd, 3> fds{{{fd, POLLOUT, 0}, {watch.abort_fd, POLLIN, 0}, {watch.client_fd, POLLRDHUP, 0}}};
        const auto left = std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) { return unreachable(origin, "it did not answer in time"); }
        if (::poll(fds.data(), fds.size(), static_cast<int>(left.count())) <= 0) { continue; }
        if (fds[1].revents != 0) { return fail(ErrorKind::unavailable, "llmgw is shutting down"); }
        if (fds[2].revents != 0) { return fail(ErrorKind::cancelled, "the client went away"); }
        if (fds[0].revents == 0) { continue; }
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) { return unreachable(origin, std::strerror(error)); }
        return {};
    }
}

}  // namespace

std::optional<Result<Fd>> connect_loopback(const std::string& origin, milliseconds timeout, const Watch& watch) {
    const auto address = address_of(origin);
    if (!address) { return std::nullopt; }
    Fd fd(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) { return Result<Fd>(unreachable(origin, std::strerror(errno))); }
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // On one machine a connection is made within the call, which a socket that does not block would not tell of: asking
    // would be two calls more. When it takes longer than this, connect() says EINPROGRESS and it is waited for.
    const timeval at_once{0, 20'000};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &at_once, sizeof at_once);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address->storage), address->size) != 0) {
        if (errno != EINPROGRESS && errno != EINTR) { return Result<Fd>(unreachable(origin, std::strerror(errno))); }
        if (auto done = await_connected(fd.get(), origin, timeout, watch); !done) {
            return Result<Fd>(std::unexpected(done.error()));
        }
    }
    // Acknowledgements go with what is sent next, or a little later: one of their own for every event that is read
    // costs as much as reading it.
    const int off = 0;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
    return Result<Fd>(std::move(fd));
}

}  // namespace llmgw
