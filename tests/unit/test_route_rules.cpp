#include <doctest/doctest.h>

#include "core/route/rules.hpp"

using namespace llmgw;

TEST_CASE("Rules: patterns") {
    CHECK(matches_pattern("fast", "fast"));
    CHECK(matches_pattern("Claude-*", "claude-haiku-4-5"));
    CHECK(matches_pattern("*haiku*", "claude-haiku-4-5"));
    CHECK(matches_pattern("*", ""));
    CHECK(matches_pattern("a*b*c", "aXbbYc"));
    CHECK(matches_pattern("**", "x"));
    CHECK_FALSE(matches_pattern("fast", "faster"));
    CHECK_FALSE(matches_pattern("a*b*c", "aXcYb"));
    CHECK_FALSE(matches_pattern("", "x"));
    CHECK_FALSE(matches_pattern("*.x", "y.z"));
}

namespace {

// Whether a rule that is written so holds.
bool asks(const std::string& conditions, const CallFacts& facts) {
    const auto config = parse_config("[[rules]]\nuse = \"a/b\"\n" + conditions, "c.toml");
    REQUIRE_MESSAGE(config, config.error().message);
    Rule rule;
    rule.asks = config->rules.at(0);
    return holds(rule, facts);
}

}  // namespace

TEST_CASE("Rules: all that is asked must hold, of a list any") {
    const Headers headers{{"X-Tier", "gold"}};
    CallFacts facts;
    facts.model = "claude-haiku-4-5";
    facts.feature = "lint";
    facts.client_key = "ci";
    facts.user = "ann";
    facts.agent = "opencode";
    facts.metadata = R"({"team":"web","a\"b":"c"})";
    facts.headers = &headers;
    facts.conversation = true;
    facts.body = R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]})";
    CHECK(asks("model = [\"gpt-*\", \"*haiku*\"]", facts));
    CHECK_FALSE(asks("model = \"gpt-*\"", facts));
    CHECK(asks("feature = \"lint\"\nuser = \"ann\"\nagent = \"open*\"", facts));
    CHECK_FALSE(asks("feature = \"lint\"\nuser = \"bob\"", facts));
    CHECK(asks("client_key = \"ci\"", facts));
    CHECK(asks("metadata = { team = \"w*\" }", facts));
    CHECK_FALSE(asks("metadata = { team = \"w*\", other = \"*x\" }", facts));
    CHECK(asks("headers = { x-tier = \"gold\" }", facts));
    CHECK_FALSE(asks("headers = { x-tier = \"silver\" }", facts));
    // A header that is not there matches nothing, not even *.
    CHECK_FALSE(asks("headers = { x-none = \"*\" }", facts));
    CHECK(asks("image = true\ntools = false\nthinking = false", facts));
    CHECK_FALSE(asks("image = false", facts));
    CHECK_FALSE(asks("tools = true", facts));
    CHECK(asks("background = true", facts));
    CHECK_FALSE(asks("background = false", facts));
    CHECK(asks("tokens_above = 100\ntokens_below = 10000", facts));
    CHECK_FALSE(asks("tokens_above = 10000", facts));
    CHECK_FALSE(asks("tokens_below = 100", facts));
    facts.agent = "";
    CHECK_FALSE(asks("background = true", facts));
    CHECK(asks("background = false", facts));
}

TEST_CASE("Rules: hours of the day, over midnight too") {
    const auto during = [](std::pair<int, int> hours, int hour) {
        Rule rule;
        rule.hours = hours;
        CallFacts facts;
        facts.local_hour = hour;
        return holds(rule, facts);
    };
    CHECK(during({9, 17}, 9));
    CHECK(during({9, 17}, 16));
    CHECK_FALSE(during({9, 17}, 17));
    CHECK(during({22, 6}, 23));
    CHECK(during({22, 6}, 0));
    CHECK_FALSE(during({22, 6}, 6));
    CHECK_FALSE(during({22, 6}, 12));
    CHECK(during({0, 24}, 23));
}

TEST_CASE("Rules: the first that holds wins; the body is not read for those that do not ask about it") {
    std::vector<Rule> rules(3);
    rules[0].asks.feature = {"a"};
    rules[1].asks.model = {"m*"};
    rules[2].asks.image = true;
    CallFacts facts;
    facts.model = "model";
    facts.body = "{}";
    CHECK(first_rule(rules, facts) == &rules[1]);
    CHECK_FALSE(facts.body_facts_.has_value());
    facts.feature = "a";
    CHECK(first_rule(rules, facts) == &rules[0]);
    facts = {};
    facts.body = "{}";
    CHECK(first_rule(rules, facts) == nullptr);
    CHECK(facts.body_facts_.has_value());
}
