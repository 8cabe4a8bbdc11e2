// `llmgw demo`, as a new user runs it: nothing configured, nothing left behind.
#include <filesystem>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("life");

TEST_CASE("The demo shows five calls, one failed over and one cut and read on, and leaves nothing") {
    const TestHome home;
    const auto before = home.path() + "/tmp";
    std::filesystem::create_directory(before);
    const auto demo = run_cli(home, {"demo"}, {}, {{"TMPDIR", before}});
    CHECK(demo.exit == 0);
    CHECK(demo.err.empty());
    CAPTURE(demo.out);
    const std::string answer =
        "A gateway that forwards bytes as they are cannot break what it does not know. It adds the key, counts the "
        "tokens, prices them, and gets out of the way.";
    const auto has = [&](const std::string& text) { return demo.out.find(text) != std::string::npos; };
    CHECK(has("200  " + answer));
    CHECK(has("calls search_logs("));
    CHECK(has("429  "));
    CHECK(has("200  from anthropic at attempt 2:  " + answer));
    // The first part, and what comes after it, without a word missing or twice.
    const auto cut = demo.out.find("\n   ... the client is gone after ");
    REQUIRE(cut != std::string::npos);
    const auto first_at = demo.out.rfind("200  ", cut) + 5;
    const auto first = demo.out.substr(first_at, cut - first_at);
    CHECK(has("/stream?after="));
    const auto rest_at = demo.out.find("200  ", cut) + 5;
    CHECK(first + demo.out.substr(rest_at, demo.out.find('\n', rest_at) - rest_at) == answer);
    CHECK(has("\ntotal           5 "));
    CHECK(std::filesystem::is_empty(before));
    CHECK_FALSE(std::filesystem::exists(home.data_dir()));
}
