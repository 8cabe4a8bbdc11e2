#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/util/aws_event_stream.hpp"
#include "tests/support/aws_frames.hpp"

namespace {

using llmgw::AwsEvent;
using llmgw::AwsEventStream;
using namespace llmgw::test;

struct Reading {
    std::string events;
    std::string fault;
    bool pending = false;
    bool operator==(const Reading&) const = default;
};

Reading read(const std::string& bytes, std::size_t piece_bytes) {
    Reading reading;
    AwsEventStream stream;
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
        const std::string piece = bytes.substr(at, piece_bytes);
        for (const auto& event : stream.feed(piece)) {
            reading.events += std::to_string(static_cast<int>(event.kind)) + " " + std::string(event.type) + " " +
                              std::string(event.message) + " " + std::string(event.payload) + "\n";
        }
    }
    reading.fault = stream.fault();
    reading.pending = stream.pending();
    return reading;
}

std::string sample() {
    return aws_event("messageStart", R"({"role":"assistant"})") + aws_event("empty", "") +
           aws_exception("throttlingException", R"({"message":"slow"})") +
           aws_message({{":message-type", "error"}, {":error-code", "Internal"}, {":error-message", "broke"}}, "");
}

}  // namespace

TEST_CASE("AWS event stream: messages, whole and cut at every place") {
    const auto whole = read(sample(), sample().size());
    CHECK(whole.events ==
          "0 messageStart  {\"role\":\"assistant\"}\n"
          "0 empty  \n"
          "1 throttlingException  {\"message\":\"slow\"}\n"
          "2 Internal broke \n");
    CHECK(whole.fault.empty());
    CHECK_FALSE(whole.pending);
    for (std::size_t piece = 1; piece < sample().size(); ++piece) {
        CHECK(read(sample(), piece) == whole);
    }
}

TEST_CASE("AWS event stream: the checksum is zlib's") {
    CHECK(llmgw::crc32_of("123456789") == 0xCBF43926U);
}

TEST_CASE("AWS event stream: a header of each type is passed over") {
    // Only strings say anything here; the others must be skipped by their sizes.
    const std::vector<std::pair<char, std::string>> values{{0, ""},
                                                           {1, ""},
                                                           {2, std::string(1, 'b')},
                                                           {3, std::string(2, 's')},
                                                           {4, std::string(4, 'i')},
                                                           {5, std::string(8, 'l')},
                                                           {6, std::string("\0\3abc", 5)},
                                                           {8, std::string(8, 't')},
                                                           {9, std::string(16, 'u')}};
    for (const auto& [type, value] : values) {
        // Made from a message whose second header is a string of the same length as `x TYPE VALUE` is to be.
        CAPTURE(int(type));
        auto message = aws_message({{":event-type", "kept"}, {"x", std::string(40, '.')}}, "P");
        const auto at = message.find("\1x\7");
        REQUIRE(at != std::string::npos);
        std::string header = std::string("\1x") + type + value;
        const std::size_t left = 44 - header.size();  // 1 + 1 + 1 + 2 + 40, less the filler's own name and length
        header += std::string("\1y\7") + '\0' + static_cast<char>(left - 4) + std::string(left - 4, '-');
        REQUIRE(header.size() == 45);
        // Rebuilt, because the checksums are over the changed bytes.
        const std::string block = message.substr(12, at - 12) + header;
        auto raw = message.substr(0, 12) + block + "P";
        const auto sum = llmgw::crc32_of(raw);
        for (int i = 3; i >= 0; --i) {
            raw += static_cast<char>(sum >> (8 * i));
        }
        REQUIRE(raw.size() == message.size());
        const auto reading = read(raw, raw.size());
        CHECK(reading.fault.empty());
        CHECK(reading.events == "0 kept  P\n");
    }
}

TEST_CASE("AWS event stream: any flipped bit is noticed") {
    const auto message = aws_event("chunk", R"({"bytes":"e30="})");
    for (std::size_t i = 0; i < message.size() * 8; ++i) {
        auto flipped = message;
        flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
        const auto reading = read(flipped, 5);
        CHECK(reading.events.empty());
        CHECK_FALSE(reading.fault.empty());
        CHECK(read(flipped, flipped.size()) == reading);
    }
}

TEST_CASE("AWS event stream: what came before a fault counts, what comes after it does not") {
    auto broken = aws_event("second", "2");
    broken.back() = static_cast<char>(broken.back() ^ 1);
    AwsEventStream stream;
    const auto first = stream.feed(aws_event("first", "1") + broken + aws_event("third", "3"));
    REQUIRE(first.size() == 1);
    CHECK(first[0].type == "first");
    CHECK(stream.fault() == "a message's checksum is wrong");
    CHECK(stream.feed(aws_event("fourth", "4")).empty());
}

TEST_CASE("AWS event stream: an end inside a message is pending") {
    const auto message = aws_event("chunk", "{}");
    for (std::size_t cut = 1; cut < message.size(); ++cut) {
        const auto reading = read(message.substr(0, cut), cut);
        CHECK(reading.pending);
        CHECK(reading.events.empty());
    }
}

TEST_CASE("AWS event stream: lengths are believed only within bounds") {
    const auto with_lengths = [](std::uint32_t size, std::uint32_t headers) {
        std::string bytes;
        const auto put = [&](std::uint32_t value) {
            for (int i = 3; i >= 0; --i) {
                bytes += static_cast<char>(value >> (8 * i));
            }
        };
        put(size);
        put(headers);
        put(llmgw::crc32_of(bytes));
        return bytes;
    };
    CHECK(read(with_lengths(0xFFFFFFFF, 0), 12).fault == "a message is larger than AWS makes them");
    CHECK(read(with_lengths(1 << 20, 1 << 19), 12).fault == "a message is larger than AWS makes them");
    CHECK(read(with_lengths(15, 0), 12).fault == "a message's lengths do not agree");
    CHECK(read(with_lengths(20, 5), 12).fault == "a message's lengths do not agree");
    CHECK(read(with_lengths(16 << 20, 0), 12).fault.empty());
}
