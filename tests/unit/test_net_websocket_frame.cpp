#include <doctest/doctest.h>

#include "core/net/websocket_frame.hpp"

using namespace llmgw;
using websocket::Close;
using websocket::FrameReader;
using websocket::Message;
using websocket::Opcode;

namespace {

// As a client sends it; mask 01 02 03 04.
std::string frame(unsigned first, const std::string& payload, bool masked = true) {
    std::string out(1, static_cast<char>(first));
    const unsigned bit = masked ? 0x80U : 0U;
    if (payload.size() < 126) {
        out += static_cast<char>(bit | payload.size());
    } else if (payload.size() <= 0xffff) {
        out += static_cast<char>(bit | 126U);
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size() & 0xff);
    } else {
        out += static_cast<char>(bit | 127U);
        for (int shift = 56; shift >= 0; shift -= 8) {
            out += static_cast<char>((static_cast<std::uint64_t>(payload.size()) >> shift) & 0xff);
        }
    }
    if (masked) { out += "\x01\x02\x03\x04"; }
    for (std::size_t i = 0; i < payload.size(); ++i) {
        out += masked ? static_cast<char>(payload[i] ^ static_cast<char>(1 + i % 4)) : payload[i];
    }
    return out;
}

Close read(const std::string& bytes, std::vector<Message>& out, std::size_t limit = 1 << 20) {
    FrameReader reader(limit);
    return reader.feed(bytes, out);
}

}  // namespace

TEST_SUITE_BEGIN("net_websocket_frame");

TEST_CASE("FrameReader: messages of every length, cut anywhere") {
    for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 65535U, 65536U, 70000U}) {
        const std::string text(size, 'x');
        const auto bytes = frame(0x81, text) + frame(0x81, "next");
        for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, bytes.size()}) {
            FrameReader reader(1 << 20);
            std::vector<Message> messages;
            for (std::size_t at = 0; at < bytes.size(); at += step) {
                REQUIRE(reader.feed(std::string_view(bytes).substr(at, step), messages) == Close::none);
            }
            REQUIRE(messages.size() == 2);
            CHECK(messages[0].payload == text);
            CHECK(messages[1].payload == "next");
        }
    }
}

TEST_CASE("FrameReader: fragments are joined, a ping between them is its own") {
    std::vector<Message> messages;
    CHECK(read(frame(0x01, "one ") + frame(0x89, "p") + frame(0x00, "two ") + frame(0x80, "three"), messages) ==
          Close::none);
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].opcode == Opcode::ping);
    CHECK(messages[0].payload == "p");
    CHECK(messages[1].opcode == Opcode::text);
    CHECK(messages[1].payload == "one two three");
}

TEST_CASE("FrameReader: what no client may send closes the connection with its code") {
    const struct {
        const char* what;
        std::string bytes;
        Close code;
    } rows[] = {
        {"not masked", frame(0x81, "a", false), Close::protocol_error},
        {"compressed", frame(0xC1, "a"), Close::protocol_error},
        {"an unknown opcode", frame(0x83, "a"), Close::protocol_error},
        {"binary", frame(0x82, "a"), Close::unsupported},
        {"a long ping", frame(0x89, std::string(126, 'a')), Close::protocol_error},
        {"a ping in pieces", frame(0x09, "a"), Close::protocol_error},
        {"a continuation of nothing", frame(0x80, "a"), Close::protocol_error},
        {"a message within another", frame(0x01, "a") + frame(0x81, "b"), Close::protocol_error},
        {"no UTF-8", frame(0x81, "\xff"), Close::not_utf8},
        {"a character cut at the message's end", frame(0x81, "\xe2\x98"), Close::not_utf8},
        {"too large", frame(0x81, std::string(101, 'a')), Close::too_large},
        {"too large in pieces", frame(0x01, std::string(60, 'a')) + frame(0x80, std::string(41, 'a')),
         Close::too_large},
    };
    for (const auto& row : rows) {
        CAPTURE(row.what);
        std::vector<Message> messages;
        CHECK(read(row.bytes, messages, 100) == row.code);
        CHECK(messages.empty());
    }
}

TEST_CASE("FrameReader: a length that is too large is refused before its bytes come") {
    FrameReader reader(1000);
    std::vector<Message> messages;
    CHECK(reader.feed(std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04", 14), messages) ==
          Close::too_large);
}

TEST_CASE("FrameReader: a character may be cut between fragments; the limit itself is allowed") {
    std::vector<Message> messages;
    CHECK(read(frame(0x01, "\xe2\x98") + frame(0x80, "\x83"), messages, 3) == Close::none);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].payload == "\xe2\x98\x83");
}

TEST_CASE("frame_head, close_frame") {
    CHECK(websocket::frame_head(Opcode::text, 125) == "\x81\x7d");
    CHECK(websocket::frame_head(Opcode::text, 126) == std::string("\x81\x7e\x00\x7e", 4));
    CHECK(websocket::frame_head(Opcode::text, 65536) == std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
    CHECK(websocket::close_frame(Close::going_away) == "\x88\x02\x03\xe9");
}

TEST_SUITE_END();
