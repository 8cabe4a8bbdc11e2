#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/net/http1_response.hpp"

using namespace llmgw;

namespace {

struct Reading {
    std::string body;
    int status = 0;
    bool head = false;
    bool complete = false;
    bool reusable = false;
    std::string fault;
    Headers headers;
    bool operator==(const Reading&) const = default;
};

// Fed in pieces of `piece` bytes; the last one, and perhaps the connection's end.
Reading read_in_pieces(const std::string& wire, std::size_t piece, bool close = true, bool head_request = false) {
    Http1Response response(head_request);
    Reading out;
    for (std::size_t at = 0; at < wire.size(); at += piece) {
        auto bytes = wire.substr(at, piece);
        out.body += response.take(bytes.data(), bytes.size());
    }
    out.reusable = response.reusable();
    if (close) { response.closed(); }
    out.status = response.status();
    out.head = response.head_done();
    out.complete = response.complete();
    out.fault = response.fault();
    out.headers = response.headers();
    return out;
}

// The same at every cut, or a failed check.
Reading read_everywhere(const std::string& wire, bool close = true, bool head_request = false) {
    const auto whole = read_in_pieces(wire, wire.size(), close, head_request);
    for (std::size_t piece = 1; piece < wire.size(); ++piece) {
        CAPTURE(piece);
        CHECK(read_in_pieces(wire, piece, close, head_request) == whole);
    }
    return whole;
}

const std::string ok = "HTTP/1.1 200 OK\r\n";

}  // namespace

TEST_SUITE_BEGIN("net/http1_response");

TEST_CASE("A body of known length, and the connection is good for another request") {
    const auto got = read_everywhere(ok + "Content-Type: a/b\r\nContent-Length: 5\r\n\r\nhello");
    CHECK(got.status == 200);
    CHECK(got.body == "hello");
    CHECK(got.complete);
    CHECK(got.reusable);
    CHECK(find_header(got.headers, "content-type") == "a/b");
}

TEST_CASE("Chunks with extensions and trailers") {
    const auto got = read_everywhere(ok +
                                     "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0A \r\n, 1234567\n\r\n0\r\n"
                                     "Trailer: value\r\n\r\n");
    CHECK(got.fault.empty());
    CHECK(got.body == "hello, 1234567\n");
    CHECK(got.complete);
    CHECK(got.reusable);
}

TEST_CASE("Interim answers stand before the one that counts") {
    const auto got = read_everywhere(
        "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok +
        "Content-Length: 2\r\n\r\nok");
    CHECK(got.body == "ok");
    CHECK(got.complete);
    CHECK(find_header(got.headers, "link").empty());
}

TEST_CASE("A body that ends with the connection") {
    const auto got = read_everywhere("HTTP/1.0 200 OK\r\n\r\nall of it");
    CHECK(got.body == "all of it");
    CHECK(got.complete);
    CHECK_FALSE(got.reusable);
}

TEST_CASE("Answers without a body") {
    CHECK(read_everywhere("HTTP/1.1 204 No Content\r\n\r\n").reusable);
    CHECK(read_everywhere("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n").reusable);
    CHECK(read_everywhere(ok + "Content-Length: 10\r\n\r\n", true, true).reusable);
    CHECK(read_everywhere(ok + "Content-Length: 0\r\n\r\n").reusable);
}

TEST_CASE("An answer cut short is no answer") {
    CHECK(read_everywhere(ok + "Content-Length: 10\r\n\r\nhello").fault ==
          "closed the connection in the middle of its answer");
    CHECK(read_everywhere(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").fault ==
          "closed the connection in the middle of its answer");
    CHECK(read_everywhere(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel").body == "hel");
    CHECK(read_everywhere(ok + "Content-Le").fault == "closed the connection in its answer's head");
    Http1Response none;
    none.closed();
    CHECK(none.fault() == "closed the connection without an answer");
}

TEST_CASE("A connection is not used again when that was refused, or when it holds more than the answer") {
    CHECK_FALSE(read_everywhere(ok + "Connection: Keep-Alive, CLOSE\r\nContent-Length: 2\r\n\r\nok").reusable);
    CHECK_FALSE(read_everywhere("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok").reusable);
    CHECK(read_everywhere("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok").reusable);
    // What a length and chunks at once mean depends on who reads them (RFC 9112, 6.3).
    CHECK_FALSE(
        read_everywhere(ok + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n").reusable);
    for (const std::string rest : {"x", "HTTP/1.1 200 OK\r\n\r\n"}) {
        CHECK_FALSE(read_everywhere(ok + "Content-Length: 2\r\n\r\nok" + rest).reusable);
        CHECK_FALSE(read_everywhere(ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + rest).reusable);
        CHECK_FALSE(read_everywhere("HTTP/1.1 204 No Content\r\n\r\n" + rest).reusable);
    }
}

TEST_CASE("What is no HTTP/1.1 answer") {
    for (const std::string wire :
         {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 099 No\r\n\r\n",
          "HTTP/1.1 101 Switching\r\n\r\n", "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1g\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n"}) {
        CAPTURE(wire);
        const auto got = read_everywhere(wire);
        CHECK_FALSE(got.fault.empty());
        CHECK_FALSE(got.reusable);
    }
    CHECK(read_in_pieces(ok + "A: " + std::string(300'000, 'a'), 4096).fault == "a response head of more than 256 KiB");
}

TEST_CASE("Lines that end with a line feed alone") {
    const auto got = read_everywhere("HTTP/1.1 200 OK\nContent-Length: 2\n\nok");
    CHECK(got.body == "ok");
    CHECK(got.reusable);
}

TEST_SUITE_END();
