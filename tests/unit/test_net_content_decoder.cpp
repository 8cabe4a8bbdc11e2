#include <array>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "core/net/content_decoder.hpp"

using namespace llmgw;
using namespace std::string_view_literals;

namespace {

struct Sample {
    std::string_view encoding;
    std::string_view bytes;
};
// "hello, hello, hello\n" as other programs write it.
constexpr std::array<Sample, 4> samples{{
    {"gzip",
     "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7\x51\xc8\x40\xa2\xb8\x00\xe7\x42\x6e\x52\x14\x00\x00\x00"sv},
    {"deflate", "\x78\x9c\xcb\x48\xcd\xc9\xc9\xd7\x51\xc8\x40\xa2\xb8\x00\x4b\x07\x06\xdf"sv},
    {"br", "\x8b\x09\x80\x68\x65\x6c\x6c\x6f\x2c\x20\x68\x65\x6c\x6c\x6f\x2c\x20\x68\x65\x6c\x6c\x6f\x0a\x03"sv},
    {"zstd",
     "\x28\xb5\x2f\xfd\x04\x58\x75\x00\x00\x40\x68\x65\x6c\x6c\x6f\x2c\x20\x0a\x01\x00\xe2\x8a\x11\x21\x69\x9d\x87"sv},
}};

}  // namespace

TEST_SUITE_BEGIN("net/content_decoder");

TEST_CASE("Every encoding, in pieces of every size") {
    for (const auto& sample : samples) {
        CAPTURE(sample.encoding);
        for (std::size_t piece = 1; piece <= sample.bytes.size(); ++piece) {
            CAPTURE(piece);
            const auto decoder = make_content_decoder(sample.encoding);
            REQUIRE(decoder);
            std::string out;
            for (std::size_t at = 0; at < sample.bytes.size(); at += piece) {
                REQUIRE(decoder->decode(sample.bytes.substr(at, piece), out));
            }
            CHECK(out == "hello, hello, hello\n");
        }
    }
}

TEST_CASE("Broken bytes are told, other encodings are left alone") {
    for (const auto& sample : samples) {
        CAPTURE(sample.encoding);
        std::string out;
        CHECK_FALSE(make_content_decoder(sample.encoding)->decode("\xff\xff\xff\xff\xff\xff no such thing", out));
    }
    CHECK(make_content_decoder("GZIP"));
    CHECK_FALSE(make_content_decoder("identity"));
    CHECK_FALSE(make_content_decoder("gzip, br"));
}

TEST_SUITE_END();
