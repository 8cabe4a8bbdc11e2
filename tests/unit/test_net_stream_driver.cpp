#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

#include "core/net/stream_driver.hpp"

using namespace llmgw;

namespace {

// What comes out of a pipe, to its end.
class PipeStream final : public ReplyStream {
public:
    explicit PipeStream(int fd) : fd_(fd) {}
    Progress advance(ClientStream& client, Wake wake) override {
        if (wake == Wake::aborted) {
            client.write("aborted");
            return Progress::whole;
        }
        return over_ ? Progress::whole : Progress::parked;
    }
    int fd() const override { return fd_.get(); }
    std::chrono::milliseconds idle() const override { return std::chrono::hours(1); }
    bool turn(ClientStream& client) override {
        char text[64];
        const auto n = ::read(fd_.get(), text, sizeof text);
        over_ = n <= 0;
        return !over_ && client.write({text, static_cast<std::size_t>(n)});
    }

private:
    Fd fd_;
    bool over_ = false;
};

class Taken final : public ClientStream {
public:
    bool write(std::string_view bytes) override {
        text.append(bytes);
        return true;
    }
    bool flush() override { return true; }
    bool try_flush() override { return true; }
    int fd() const override { return -1; }
    std::string text;
};

struct Pipe {
    Pipe() {
        int fds[2];
        REQUIRE(::pipe(fds) == 0);
        out = fds[0];
        in = Fd(fds[1]);
    }
    int out = -1;
    Fd in;
};

constexpr std::chrono::seconds patience{30};

}  // namespace

TEST_CASE("A driven stream comes to its end by itself") {
    StreamDriver driver;
    CHECK(driver.wait(std::chrono::milliseconds(0)));
    Pipe pipe;
    const auto taken = std::make_shared<Taken>();
    std::atomic<int> ended = 0;
    driver.drive(std::make_unique<PipeStream>(pipe.out), taken, [&](bool whole) { ended += whole ? 1 : 100; });
    CHECK_FALSE(driver.wait(std::chrono::milliseconds(0)));
    for (const std::string_view word : {"one ", "two ", "three"}) {
        REQUIRE(::write(pipe.in.get(), word.data(), word.size()) == static_cast<ssize_t>(word.size()));
    }
    pipe.in = Fd();
    REQUIRE(driver.wait(patience));
    CHECK(taken->text == "one two three");
    CHECK(ended == 1);
}

TEST_CASE("A pump is driven to its end, and its failure is told") {
    StreamDriver driver;
    const auto taken = std::make_shared<Taken>();
    std::atomic<int> ended = 0;
    const auto over = [&](bool whole) { ended += whole ? 1 : 100; };
    driver.drive([](ClientStream& client) { return client.write("whole"); }, taken, over);
    REQUIRE(driver.wait(patience));
    driver.drive([](ClientStream&) -> bool { throw std::runtime_error("broken"); }, taken, over);
    REQUIRE(driver.wait(patience));
    CHECK(taken->text == "whole");
    CHECK(ended == 101);
}

TEST_CASE("Parked streams are ended by abort, and by the driver's own end") {
    std::atomic<int> ended = 0;
    const auto over = [&](bool whole) { ended += whole ? 1 : 100; };
    Pipe one;
    Pipe two;
    const auto taken = std::make_shared<Taken>();
    const auto later = std::make_shared<Taken>();
    {
        StreamDriver driver;
        driver.drive(std::make_unique<PipeStream>(one.out), taken, over);
        driver.abort();
        REQUIRE(driver.wait(patience));
        // One that comes after the abort ends as well.
        driver.drive(std::make_unique<PipeStream>(two.out), later, over);
    }
    CHECK(taken->text == "aborted");
    CHECK(later->text == "aborted");
    CHECK(ended == 2);
}
