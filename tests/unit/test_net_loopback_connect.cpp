#include <array>
#include <string>

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/net/loopback_connect.hpp"

using namespace llmgw;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds patience{10'000};

// Listens on a free port; accepts nothing by itself.
class Listener {
public:
    explicit Listener(int backlog = 8) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(fd_.get(), backlog) == 0);
        socklen_t size = sizeof address;
        REQUIRE(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
    int accept() const { return ::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC); }

private:
    Fd fd_;
    int port_ = 0;
};

}  // namespace

TEST_SUITE("net/loopback_connect") {
    TEST_CASE("an address of this machine is connected to") {
        const Listener listener;
        auto made = connect_loopback(listener.origin(), patience, {});
        REQUIRE(made);
        REQUIRE(*made);
        const Fd peer(listener.accept());
        REQUIRE(::send((*made)->get(), "hi", 2, 0) == 2);
        std::array<char, 4> bytes{};
        CHECK(::recv(peer.get(), bytes.data(), bytes.size(), 0) == 2);
    }

    TEST_CASE("what needs a name, a proxy or TLS is left to libcurl") {
        for (const std::string origin :
             {"http://localhost:80", "https://127.0.0.1:443", "http://192.168.1.4:8080", "http://api.example",
              "http://[2001:db8::1]:80", "http://[::1", "http://127.1", "http://127.0.0.1.example:80", ""}) {
            CAPTURE(origin);
            CHECK_FALSE(connect_loopback(origin, patience, {}));
        }
    }

    TEST_CASE("nobody listens: the error names the origin and says why") {
        std::string origin;
        { origin = Listener().origin(); }
        const auto made = connect_loopback(origin, patience, {});
        REQUIRE(made);
        REQUIRE_FALSE(*made);
        CHECK(made->error().kind == ErrorKind::connect);
        CHECK(made->error().message == "cannot reach " + origin + ": Connection refused");
    }

    TEST_CASE("a full queue: the time limit, the client's leaving and the gateway's end stop the wait") {
        const Listener listener(0);
        // Nobody accepts: the queue holds one or two, and the next connect gets no answer.
        std::array<std::optional<Result<Fd>>, 8> held;
        const auto full = [&] {
            for (auto& one : held) {
                one = connect_loopback(listener.origin(), milliseconds(20), {});
                if (!*one) { return true; }
            }
            return false;
        };
        REQUIRE(full());
        const auto late = connect_loopback(listener.origin(), milliseconds(1), {});
        REQUIRE(late);
        REQUIRE_FALSE(*late);
        CHECK(late->error().message == "cannot reach " + listener.origin() + ": it did not answer in time");

        std::array<int, 2> pair{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
        const Fd here(pair[0]);
        { const Fd there(pair[1]); }
        const auto left = connect_loopback(listener.origin(), patience, {here.get(), -1});
        REQUIRE(left);
        REQUIRE_FALSE(*left);
        CHECK(left->error().kind == ErrorKind::cancelled);
        const auto ended = connect_loopback(listener.origin(), patience, {-1, here.get()});
        REQUIRE(ended);
        REQUIRE_FALSE(*ended);
        CHECK(ended->error().kind == ErrorKind::unavailable);
    }
}
