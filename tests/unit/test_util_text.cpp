#include <array>

#include <doctest/doctest.h>

#include "core/util/text.hpp"

using namespace llmgw;

TEST_CASE("text: edit distance counts swaps as one") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("listen", "listen") == 0);
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("lisen", "listen") == 1);
    CHECK(edit_distance("lsiten", "listen") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("text: the nearest name, or none") {
    constexpr std::array<std::string_view, 4> names{"listen", "require_key", "allowed_hosts", "env"};
    CHECK(nearest("lisen", names) == "listen");
    CHECK(nearest("Listen", names) == "listen");
    CHECK(nearest("requirekey", names) == "require_key");
    CHECK(nearest("allowed_host", names) == "allowed_hosts");
    CHECK(nearest("evn", names) == "env");
    CHECK(nearest("timeout", names).empty());
    CHECK(nearest("", names).empty());
    CHECK(nearest("xyz", names).empty());
    CHECK(did_you_mean("lisen", names) == "; did you mean \"listen\"?");
    CHECK(did_you_mean("zzzzzz", names).empty());
}

TEST_CASE("text: small helpers") {
    CHECK(trim("  a b\r\n") == "a b");
    CHECK(trim(" \t").empty());
    CHECK(lower("AbC-1") == "abc-1");
    constexpr std::array<std::string_view, 3> names{"a", "b", "c"};
    CHECK(one_of(names) == "a, b or c");
    CHECK(one_of(std::span(names).first(1)) == "a");
}
