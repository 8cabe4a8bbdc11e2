#include "tests/bench/sys.hpp"

#include <cstdlib>
#include <ctime>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace llmgw::bench {
namespace {

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
}

void set_flag(int fd, int level, int option) {
    int one = 1;
    setsockopt(fd, level, option, &one, sizeof one);
}

}  // namespace

std::int64_t now_ns() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

void Fd::reset() {
    if (fd_ >= 0) { close(fd_); }
    fd_ = -1;
}

std::uint64_t raise_open_files_limit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

Fd listen_loopback(int port) {
    Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) { return fd; }
    set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
    set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY);  // accepted sockets inherit it
    sockaddr_in address = loopback(port);
    if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd.get(), 4096) != 0) {
        return Fd();
    }
    return fd;
}

Fd connect_loopback(int port, bool blocking) {
    Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0));
    if (!fd) { return fd; }
    set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY);
    sockaddr_in address = loopback(port);
    if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
        return Fd();
    }
    return fd;
}

double json_number(std::string_view json, std::string_view name) {
    std::string key = "\"" + std::string(name) + "\":";
    std::size_t at = json.find(key);
    return at == std::string_view::npos ? 0 : std::strtod(json.data() + at + key.size(), nullptr);
}

}  // namespace llmgw::bench
