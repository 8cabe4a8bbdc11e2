#include <random>
#include <string>

#include <doctest/doctest.h>

#include "core/util/find_text.hpp"

using namespace llmgw;

TEST_SUITE_BEGIN("util/find_text");

TEST_CASE("A needle at every place of texts of every length") {
    for (std::size_t size = 0; size < 90; ++size) {
        const std::string text(size, 'a');
        CHECK_FALSE(contains_text(text, "llmgw1"));
        for (std::size_t at = 0; at + 6 <= size; ++at) {
            auto with = text;
            with.replace(at, 6, "llmgw1");
            CAPTURE(size);
            CAPTURE(at);
            CHECK(contains_text(with, "llmgw1"));
        }
    }
}

TEST_CASE("As std::string says, whatever the text") {
    std::mt19937 random(11);
    for (int i = 0; i < 20'000; ++i) {
        std::string text(random() % 100, ' ');
        for (auto& c : text) {
            c = "ab"[random() % 2];
        }
        std::string needle(2 + random() % 7, ' ');
        for (auto& c : needle) {
            c = "ab"[random() % 2];
        }
        REQUIRE(contains_text(text, needle) == (text.find(needle) != std::string::npos));
    }
}

TEST_SUITE_END();
