#include <random>
#include <string>

#include <doctest/doctest.h>

#include "core/util/string_end.hpp"

using namespace llmgw;

namespace {

// As anybody would write it.
std::size_t simple_end(const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            return i + 1;
        }
    }
    return std::string::npos;
}

std::size_t end_of(const std::string& text) {
    const char* end = skip_string_body(text.data(), text.data() + text.size());
    return end == nullptr ? std::string::npos : static_cast<std::size_t>(end - text.data());
}

}  // namespace

TEST_SUITE_BEGIN("util/string_end");

TEST_CASE("Runs of backslashes of every length at every place around block borders") {
    for (std::size_t before = 0; before < 140; ++before) {
        for (std::size_t run = 0; run < 70; ++run) {
            const std::string text =
                std::string(before, 'a') + std::string(run, '\\') + "\"" + std::string(70, 'b') + "\"";
            CAPTURE(before);
            CAPTURE(run);
            CHECK(end_of(text) == simple_end(text));
        }
    }
}

TEST_CASE("Any mixture, and strings that do not end") {
    std::mt19937 random(7);
    constexpr std::string_view letters = "\\\\\\\"abcdefg";
    for (int i = 0; i < 20'000; ++i) {
        std::string text(random() % 300, 'x');
        const auto variety = 2 + random() % (letters.size() - 1);
        for (auto& c : text) {
            if (random() % 3 == 0) { c = letters[random() % variety]; }
        }
        REQUIRE(end_of(text) == simple_end(text));
    }
    CHECK(end_of("") == std::string::npos);
    CHECK(end_of(std::string(64, '\\')) == std::string::npos);
    CHECK(end_of(std::string(63, 'a') + "\\\"") == std::string::npos);
}

TEST_SUITE_END();
