#include <doctest/doctest.h>

#include "core/config/listen.hpp"

using namespace llmgw;

TEST_CASE("listen: addresses") {
    const auto v4 = parse_listen("127.0.0.1:4117");
    REQUIRE(v4);
    CHECK(v4->host == "127.0.0.1");
    CHECK(v4->port == 4117);
    const auto v6 = parse_listen("[::1]:0");
    REQUIRE(v6);
    CHECK(v6->host == "::1");
    CHECK(v6->port == 0);
    for (const std::string bad : {"", "4117", ":4117", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:-1",
                                  "127.0.0.1:4117x", "::1:4117", "[nope]:1", "http://127.0.0.1:1", "a b:1"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_listen(bad));
    }
}

TEST_CASE("listen: which hosts are this machine, and which are private") {
    for (const std::string host : {"localhost", "LOCALHOST", "127.0.0.1", "127.9.8.7", "::1", "0:0:0:0:0:0:0:1"}) {
        CAPTURE(host);
        CHECK(is_loopback_host(host));
        CHECK(is_private_host(host));
    }
    for (const std::string host : {"0.0.0.0", "::", "192.168.1.2", "128.0.0.1", "127.0.0.1.evil.example", "1270.0.0.1",
                                   "localhost.evil.example", "::ffff:127.0.0.1"}) {
        CAPTURE(host);
        CHECK_FALSE(is_loopback_host(host));
    }
    for (const std::string host :
         {"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.9", "fd00::1", "fe80::1", "gpu", "gpu.local"}) {
        CAPTURE(host);
        CHECK(is_private_host(host));
    }
    for (const std::string host : {"172.32.0.1", "8.8.8.8", "api.openai.com", "2001:db8::1", "11.0.0.1"}) {
        CAPTURE(host);
        CHECK_FALSE(is_private_host(host));
    }
}

TEST_CASE("listen: without a key only on loopback") {
    CHECK(check_exposure({"127.0.0.1", 1}, false));
    CHECK(check_exposure({"0.0.0.0", 1}, true));
    CHECK_FALSE(check_exposure({"0.0.0.0", 1}, false));
    CHECK_FALSE(check_exposure({"llmgw.example", 1}, false));
}
