#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/util/sse.hpp"

namespace {

using llmgw::SseEvent;
using llmgw::SseFramer;

struct Kept {
    std::string name;
    std::string data;
    bool comment_only = false;
    bool operator==(const Kept&) const = default;
};

struct Reading {
    std::vector<Kept> events;
    std::string raw;
    std::string pending;
};

Reading read(const std::vector<std::string>& pieces) {
    Reading reading;
    SseFramer framer;
    for (const auto& piece : pieces) {
        for (const auto& event : framer.feed(piece)) {
            reading.events.push_back({std::string(event.name), std::string(event.data), event.comment_only});
            reading.raw += event.raw;
        }
    }
    reading.pending = framer.pending();
    return reading;
}

// One of every shape, told the same whatever the line ends are.
std::string sample(const std::string& end) {
    std::string text;
    for (const char* line : {"event: first",
                             "data: {\"a\":1}",
                             "",
                             ": keep-alive",
                             "",
                             "data: one",
                             "data:two",
                             "data",
                             "",
                             "id: 7",
                             "event: named",
                             "",
                             "data:  two spaces",
                             "retry: 10",
                             "unknown: x",
                             ": note",
                             "",
                             "",
                             "data: \xC3\xA9\xF0\x9F\x98\x80",
                             ""}) {
        text += line + end;
    }
    return text;
}

const std::vector<Kept> sample_events = {
    {"first", "{\"a\":1}", false},
    {"", "", true},
    {"", "one\ntwo\n", false},
    {"named", "", true},
    {"", " two spaces", false},
    {"", "", true},
    {"", "\xC3\xA9\xF0\x9F\x98\x80", false},
};

}  // namespace

TEST_SUITE("util/sse") {
    TEST_CASE("SseFramer: every line end, fed whole") {
        for (const std::string end : {"\n", "\r\n", "\r"}) {
            CAPTURE(end);
            const std::string text = sample(end);
            const Reading reading = read({text});
            CHECK(reading.events == sample_events);
            CHECK(reading.raw == text);
            CHECK(reading.pending.empty());
        }
    }

    TEST_CASE("SseFramer: every line end, split in three at every pair of places") {
        for (const std::string end : {"\n", "\r\n", "\r"}) {
            const std::string text = sample(end);
            for (std::size_t i = 0; i <= text.size(); ++i) {
                for (std::size_t j = i; j <= text.size(); ++j) {
                    const Reading reading = read({text.substr(0, i), text.substr(i, j - i), text.substr(j)});
                    REQUIRE(reading.events == sample_events);
                    REQUIRE(reading.raw + reading.pending == text);
                }
            }
        }
    }

    TEST_CASE("SseFramer: one byte at a time") {
        for (const std::string end : {"\n", "\r\n", "\r"}) {
            const std::string text = sample(end);
            std::vector<std::string> pieces;
            for (const char c : text) {
                pieces.emplace_back(1, c);
            }
            const Reading reading = read(pieces);
            CHECK(reading.events == sample_events);
            CHECK(reading.raw + reading.pending == text);
            // The last \n of a \r\n that was cut in two belongs to no later event.
            CHECK(reading.pending == (end == "\r\n" ? "\n" : ""));
        }
    }

    TEST_CASE("SseFramer: an event does not wait for the \\n of its blank line") {
        SseFramer framer;
        const std::string first = "data: a\r\n\r";
        REQUIRE(framer.feed(first).size() == 1);
        CHECK(framer.feed("\n").empty());
        CHECK(framer.pending() == "\n");
        SseEvent tail;
        CHECK_FALSE(framer.finish(tail));
        const auto& events = framer.feed("data: b\r\n\r\n");
        REQUIRE(events.size() == 1);
        CHECK(events[0].data == "b");
        CHECK(events[0].raw == "\ndata: b\r\n\r\n");
        CHECK(framer.pending().empty());
    }

    TEST_CASE("SseFramer: a lone blank line is forwarded at once, as nothing to decode") {
        const Reading reading = read({"\n", "\n\n", "data: x\n\n"});
        CHECK(reading.events == std::vector<Kept>{{"", "", true}, {"", "", true}, {"", "", true}, {"", "x", false}});
        CHECK(reading.raw == "\n\n\ndata: x\n\n");
    }

    TEST_CASE("SseFramer: a byte order mark at the start, cut anywhere, and none later") {
        const std::string text =
            "\xEF\xBB\xBF"
            "data: a\n\n\xEF\xBB\xBF"
            "data: b\n\n";
        for (std::size_t cut = 0; cut < 6; ++cut) {
            const Reading reading = read({text.substr(0, cut), text.substr(cut)});
            CHECK(reading.events == std::vector<Kept>{{"", "a", false}, {"", "", true}});
            CHECK(reading.raw == text);
        }
    }

    TEST_CASE("SseFramer: nothing is copied when whole events come and nothing is pending") {
        SseFramer framer;
        const std::string text = "data: a\n\nevent: e\ndata: b\n\n";
        for (int round = 0; round < 2; ++round) {
            const auto& events = framer.feed(text);
            REQUIRE(events.size() == 2);
            CHECK(events[0].raw.data() == text.data());
            CHECK(events[1].data.data() == text.data() + text.find('b'));
        }
    }

    TEST_CASE("SseFramer: data of several lines stays valid beside other such events") {
        SseFramer framer;
        const std::string text = "data: a\ndata: b\n\ndata: c\ndata: d\n\n";
        const auto& events = framer.feed(text);
        REQUIRE(events.size() == 2);
        CHECK(events[0].data == "a\nb");
        CHECK(events[1].data == "c\nd");
    }

    TEST_CASE("SseFramer::finish: the tail without a blank line") {
        struct Row {
            const char* text;
            bool found;
            const char* data;
        };
        const Row rows[] = {
            {"", false, ""},
            {"data: x", true, "x"},
            {"data: x\n", true, "x"},
            {"data: x\r\n", true, "x"},
            {"data: x\ndata: y", true, "x\ny"},
            {": comment", false, ""},
            {"event: x\n", false, ""},
            {"dat", false, ""},
            {"\xEF\xBB\xBF"
             "data: x",
             true, "x"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.text);
            SseFramer framer;
            CHECK(framer.feed(row.text).empty());
            SseEvent tail;
            CHECK(framer.finish(tail) == row.found);
            CHECK(tail.data == row.data);
            CHECK(framer.pending() == row.text);
        }
    }

    TEST_CASE("SseFramer: a long line in small pieces costs no more than its length") {
        // Rescanning from the line's start with each piece would look at 8e11 bytes and not come back.
        SseFramer framer;
        const std::string piece(64, 'x');
        framer.feed("data: ");
        constexpr std::size_t pieces = 100'000;
        for (std::size_t i = 0; i < pieces; ++i) {
            framer.feed(piece);
        }
        const auto& events = framer.feed("\n\n");
        REQUIRE(events.size() == 1);
        CHECK(events[0].data.size() == pieces * piece.size());
    }

    TEST_CASE("SseFramer: a chunk full of one kind of line end") {
        SseFramer framer;
        const std::string text(200'000, '\r');
        CHECK(framer.feed(text).size() == text.size());
        CHECK(framer.pending().empty());
    }
}
