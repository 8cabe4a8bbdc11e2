#include <array>
#include <string>

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "core/net/connection.hpp"

using namespace llmgw;

namespace {

constexpr std::chrono::milliseconds patience{10'000};

class Listener {
public:
    Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(fd_.get(), 8) == 0);
        socklen_t size = sizeof address;
        REQUIRE(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    int port() const { return port_; }
    int accept() const { return ::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC); }

private:
    Fd fd_;
    int port_ = 0;
};

std::string receive_some(Connection& connection) {
    std::array<char, 64> bytes{};
    std::size_t done = 0;
    for (;;) {
        pollfd one{connection.fd(), POLLIN, 0};
        REQUIRE(::poll(&one, 1, 10'000) == 1);
        const auto result = connection.receive(bytes.data(), bytes.size(), done);
        if (result == Connection::Io::ok) { return {bytes.data(), done}; }
        if (result != Connection::Io::again) { return {}; }
    }
}

}  // namespace

TEST_SUITE("net/connection") {
    // By its name libcurl connects, by its address we do: what is done with it is the same.
    TEST_CASE("bytes go and come, and an idle connection is known to be usable until the peer closes it") {
        for (const std::string host : {"localhost", "127.0.0.1"}) {
            CAPTURE(host);
            const Listener listener;
            const auto url = "http://" + host + ":" + std::to_string(listener.port()) + "/v1/chat/completions";
            auto made = Connection::open(url, patience, {});
            REQUIRE(made);
            auto& connection = **made;
            Fd peer(listener.accept());
            std::size_t done = 0;
            CHECK(connection.send("GET / ", "HTTP/1.1\r\n", done) == Connection::Io::ok);
            CHECK(done == 16);
            std::array<char, 64> bytes{};
            CHECK(::recv(peer.get(), bytes.data(), 16, MSG_WAITALL) == 16);
            CHECK(std::string(bytes.data(), 16) == "GET / HTTP/1.1\r\n");
            CHECK(connection.usable());
            CHECK(connection.receive(bytes.data(), bytes.size(), done) == Connection::Io::again);
            REQUIRE(::send(peer.get(), "hi", 2, 0) == 2);
            CHECK(receive_some(connection) == "hi");
            CHECK(connection.short_read_is_all());
            peer = Fd();
            CHECK(receive_some(connection).empty());
            CHECK_FALSE(connection.usable());
        }
    }

    TEST_CASE("nobody listens: the error names the origin") {
        int port = 0;
        { port = Listener().port(); }
        for (const std::string host : {"localhost", "127.0.0.1"}) {
            CAPTURE(host);
            const auto origin = "http://" + host + ":" + std::to_string(port);
            const auto made = Connection::open(origin + "/v1", patience, {});
            REQUIRE_FALSE(made);
            CHECK(made.error().kind == ErrorKind::connect);
            CHECK(made.error().message.starts_with("cannot reach " + origin + ": "));
        }
    }
}
