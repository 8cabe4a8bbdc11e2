#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "cli/ask/pattern.hpp"

using namespace llmgw;

namespace {

bool found(const std::string& pattern, const std::string& text) {
    const auto parsed = Pattern::parse(pattern);
    REQUIRE_MESSAGE(parsed.has_value(), pattern << ": " << (parsed ? "" : parsed.error().message));
    return parsed->found_in(text);
}

}  // namespace

TEST_CASE("Pattern: finds what ECMA-262 finds") {
    struct Row {
        std::string pattern;
        std::string yes;
        std::string no;
    };
    const std::vector<Row> rows{
        {"b", "abc", "acd"},
        {"^b", "bc", "ab"},
        {"b$", "ab", "ba"},
        {"^a|b$", "ax", "xa"},
        {"^(a|b|cd)$", "cd", "c"},
        {"^(?:a|)$", "", "b"},
        {"^a*$", "aaaa", "ab"},
        {"^a+b?$", "aab", "b"},
        {"^(ab)+$", "abab", "aba"},
        {"^a{2}$", "aa", "aaa"},
        {"^a{2,3}$", "aaa", "aaaa"},
        {"^a{2,}$", "aaaaa", "a"},
        {"^a{,2}$", "a{,2}", "aa"},
        {"^(a?b){2}c$", "babc", "bc"},
        {"^((a|b){2}x)*$", "abxbax", "abx x"},
        {"^a+?$", "aa", ""},
        {"^[a-c]+$", "abc", "abd"},
        {"^[^a-c]+$", "xyz", "xay"},
        {"^[\\d.]+$", "1.5", "1,5"},
        {"^[\\w-]+$", "a-b_c", "a b"},
        {"^[]$", "x]", "x"},
        {"^\\d{4}-\\d{2}-\\d{2}$", "2026-11-21", "2026-1-21"},
        {"^\\S+@\\S+$", "a@b", "a b"},
        {"^[^\\s]+$", "ab", "a b"},
        {"^.$", "é", "\n"},
        {"^..$", "日本", "日"},
        {"^[а-я]+$", "привет", "hello"},
        {"^\\u00e9\\x41\\t$", "éA\t", "eA\t"},
        {"^\\u{1F600}$", "😀", "😁"},
        {"\\bcat\\b", "a cat.", "concat"},
        {"\\Bcat", "concat", "cat"},
        {"^\\$\\.\\[\\]$", "$.[]", "x"},
        {"^(?<year>\\d+)$", "2026", "x"},
        {"^(a*)*$", "aaa", "b"},
        {"a||b", "x", "\xff never, as it matches all"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.pattern);
        if (row.pattern != "^[]$") { CHECK(found(row.pattern, row.yes)); }
        if (row.pattern != "a||b") { CHECK_FALSE(found(row.pattern, row.no)); }
    }
}

TEST_CASE("Pattern: what is wrong, and what is not followed") {
    for (const std::string bad : {"(", ")", "a)", "[a", "*a", "+", "a**", "\\", "[b-a]", "a{3,2}", "\\x4", "\\u12"}) {
        CAPTURE(bad);
        const auto parsed = Pattern::parse(bad);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().kind == ErrorKind::bad_request);
    }
    for (const std::string other :
         {"(?=a)", "(?!a)", "(?<=a)b", "(a)\\1", "\\p{L}", "a{2000}", "((a{1000}){1000}){1000}"}) {
        CAPTURE(other);
        const auto parsed = Pattern::parse(other);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().kind == ErrorKind::unavailable);
    }
    CHECK_FALSE(Pattern::parse(std::string(100'000, '(')).has_value());
    std::string nested = "a";
    for (int i = 0; i < 60; ++i) {
        nested = "(" + nested + ")?";
    }
    CHECK(found(nested, ""));
}

TEST_CASE("Pattern: time is linear in the text") {
    // A backtracking matcher needs 2^5000 steps.
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(found("^(a+)+$", std::string(5000, 'a') + "b"));
    CHECK_FALSE(found("^(a|a)*$", std::string(5000, 'a') + "b"));
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
}
