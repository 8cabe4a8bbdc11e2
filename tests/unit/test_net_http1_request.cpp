#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/net/http1_request.hpp"

using namespace llmgw;

namespace {

const std::string line = "POST /v1/x?a=b HTTP/1.1\r\n";

RequestHead read_well(const std::string& text) {
    CAPTURE(text);
    auto head = read_request_head(text);
    REQUIRE(head.has_value());
    return std::move(*head);
}

int refused_with(const std::string& text) {
    CAPTURE(text);
    const auto head = read_request_head(text);
    return head ? 0 : head.error();
}

}  // namespace

TEST_SUITE_BEGIN("net/http1_request");

TEST_CASE("Names and values stay as they were sent, in their order") {
    const auto head = read_well(line + "Host: a\r\nX-B:  a%20b\tc \r\nx-a:\r\nX-B: \xc3\xa9\r\n\r\n");
    CHECK(head.request.method == "POST");
    CHECK(head.request.target == "/v1/x?a=b");
    CHECK(head.request.headers == Headers{{"Host", "a"}, {"X-B", "a%20b\tc"}, {"x-a", ""}, {"X-B", "\xc3\xa9"}});
    CHECK(head.keep_alive);
    CHECK_FALSE(head.has_body());
    CHECK(read_well("GET /a#b HTTP/1.1\r\n\r\n").request.target == "/a");
}

TEST_CASE("A body's framing") {
    CHECK(read_well(line + "Content-Length: 12\r\n\r\n").body_bytes == 12);
    CHECK(read_well(line + "content-length: 12\r\nContent-Length: 12\r\n\r\n").body_bytes == 12);
    CHECK_FALSE(read_well(line + "Content-Length: 0\r\n\r\n").has_body());
    CHECK(read_well(line + "Transfer-Encoding: Chunked\r\n\r\n").chunked);
    CHECK(read_well(line + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n").chunked);
    CHECK(read_well(line + "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n").expects_continue);
}

TEST_CASE("Whether the connection carries another request") {
    CHECK_FALSE(read_well(line + "Connection: Close\r\n\r\n").keep_alive);
    CHECK_FALSE(read_well(line + "Connection: keep-alive, close\r\n\r\n").keep_alive);
    CHECK(read_well(line + "Connection: Upgrade\r\n\r\n").keep_alive);
    CHECK_FALSE(read_well("GET / HTTP/1.0\r\n\r\n").keep_alive);
    CHECK(read_well("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

TEST_CASE("What two readers could understand differently is refused") {
    for (const auto& text : std::vector<std::string>{
             "\r\n",
             "GET /\r\n\r\n",
             "GET  / HTTP/1.1\r\n\r\n",
             "GET / a HTTP/1.1\r\n\r\n",
             "G(T / HTTP/1.1\r\n\r\n",
             "GET /\x01 HTTP/1.1\r\n\r\n",
             "GET / HTTP/1.1\n\n",
             "GET / HTTP/1.1\r\nA: b\n\r\n",
             "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
             "GET / HTTP/1.1\r\nA : b\r\n\r\n",
             "GET / HTTP/1.1\r\n: b\r\n\r\n",
             "GET / HTTP/1.1\r\nab\r\n\r\n",
             "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",
             std::string("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", 27),
             line + "Content-Length: -5\r\n\r\n",
             line + "Content-Length: +5\r\n\r\n",
             line + "Content-Length: 5, 5\r\n\r\n",
             line + "Content-Length:\r\n\r\n",
             line + "Content-Length: 99999999999999999999\r\n\r\n",
             line + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
             line + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
             "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
         }) {
        CHECK(refused_with(text) == 400);
    }
    CHECK(refused_with(line + "Transfer-Encoding: gzip, chunked\r\n\r\n") == 501);
    CHECK(refused_with(line + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n") == 501);
    CHECK(refused_with("PRI * HTTP/2.0\r\n\r\n") == 505);
    CHECK(refused_with("GET /" + std::string(17'000, 'a') + " HTTP/1.1\r\n\r\n") == 414);
    std::string many = line;
    for (int i = 0; i < 256; ++i) {
        many += "A: b\r\n";
    }
    CHECK(read_well(many + "\r\n").request.headers.size() == 256);
    CHECK(refused_with(many + "A: b\r\n\r\n") == 431);
}

TEST_CASE("The end is found wherever the head was cut") {
    const std::string head = line + "A: b\r\n\r\n";
    for (std::size_t have = 0; have < head.size(); ++have) {
        CAPTURE(have);
        CHECK(find_head_end(head.substr(0, have)) == 0);
        CHECK(find_head_end(head + "\r\n\r\n", have) == head.size());
    }
    CHECK(find_head_end("GET / HTTP/1.1\n\nabc") == 16);
    CHECK(find_head_end("a\nb\n") == 0);
}

TEST_SUITE_END();
