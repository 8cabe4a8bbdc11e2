// A stream in a host's own framing, read as events: what was whole before the framing broke is not lost with it.
#include <deque>
#include <string>

#include <doctest/doctest.h>

#include "core/gateway/reframed_response.hpp"

using namespace llmgw;

namespace {

constexpr int socket_fd = 7;

class Pieces final : public UpstreamResponse {
public:
    explicit Pieces(std::deque<std::string> pieces) : pieces_(std::move(pieces)) {}
    int status() const override { return 200; }
    const Headers& headers() const override { return headers_; }
    bool connection_reused() const override { return false; }
    bool request_sent() const override { return true; }
    Result<Chunk> read(const Watch&, std::chrono::milliseconds) override { return read_ready(); }
    int readable_fd() const override { return socket_fd; }
    std::chrono::milliseconds idle_left() const override { return std::chrono::seconds(1); }
    // The last piece is the body's end.
    Result<Chunk> read_ready() override {
        piece_ = pieces_.front();
        pieces_.pop_front();
        return Chunk{.bytes = piece_, .end = pieces_.empty(), .idle = false};
    }

private:
    std::deque<std::string> pieces_;
    std::string piece_;
    Headers headers_{{"Content-Type", "x"}, {"Content-Length", "3"}, {"X-Id", "1"}};
};

// Frames are words with a full stop behind; '!' is no frame.
class Words final : public StreamFraming {
public:
    Result<> feed(std::string_view bytes, std::string& sse) override {
        for (const char c : bytes) {
            if (c == '!') { return fail(ErrorKind::upstream, "no frame"); }
            word_ += c;
            if (c == '.') { sse += "data: " + std::exchange(word_, {}) + "\n\n"; }
        }
        return {};
    }
    Result<> finish(std::string&) override {
        if (!word_.empty()) { return fail(ErrorKind::upstream, "half a frame"); }
        return {};
    }

private:
    std::string word_;
};

struct Read {
    std::string events;
    std::string end;  // "end", or the error's message
};

Read read_all(std::deque<std::string> pieces) {
    ReframedResponse response(std::make_unique<Pieces>(std::move(pieces)), std::make_unique<Words>());
    CHECK(response.headers() == Headers{{"X-Id", "1"}, {"Content-Type", "text/event-stream"}});
    Read all;
    for (;;) {
        const auto chunk = response.read_ready();
        if (!chunk) {
            all.end = chunk.error().message;
            return all;
        }
        all.events += chunk->bytes;
        if (chunk->end) {
            all.end = "end";
            return all;
        }
        // An error that waits to be told makes no socket readable.
        const bool waits = chunk->bytes.contains("last");
        CHECK(response.readable_fd() == (waits ? -1 : socket_fd));
    }
}

}  // namespace

TEST_SUITE("gateway/reframed_response") {
    TEST_CASE("frames become events, however they are cut") {
        for (const auto& pieces : {std::deque<std::string>{"a.b."}, {"a", ".b", "."}, {"a.", "b.", ""}}) {
            const auto all = read_all(pieces);
            CHECK(all.events == "data: a.\n\ndata: b.\n\n");
            CHECK(all.end == "end");
        }
    }

    TEST_CASE("a broken frame or an early end comes behind the whole frames of the same piece") {
        auto all = read_all({"a.last.!c."});
        CHECK(all.events == "data: a.\n\ndata: last.\n\n");
        CHECK(all.end == "no frame");
        all = read_all({"a.last.ha"});
        CHECK(all.events == "data: a.\n\ndata: last.\n\n");
        CHECK(all.end == "half a frame");
        all = read_all({"a.", "!"});
        CHECK(all.events == "data: a.\n\n");
        CHECK(all.end == "no frame");
    }
}
