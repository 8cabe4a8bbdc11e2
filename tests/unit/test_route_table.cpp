#include <doctest/doctest.h>

#include "core/route/make_plan.hpp"
#include "core/route/table.hpp"

using namespace llmgw;

namespace {

std::vector<Provider> providers() {
    std::vector<Provider> list(3);
    list[0].name = "anthropic";
    list[0].dialects = {DialectId::anthropic};
    list[1].name = "openai";
    list[1].dialects = {DialectId::openai_chat, DialectId::openai_responses};
    list[2].name = "local";
    list[2].dialects = {DialectId::openai_chat};
    return list;
}

std::string complaint(const std::string& toml) {
    const auto config = parse_config(toml, "c.toml");
    if (!config) { return config.error().message; }
    const auto list = providers();
    const auto table = RouteTable::make(*config, list);
    return table ? "(no complaint)" : table.error().message;
}

}  // namespace

TEST_CASE("Route table: what is wrong with a route has its place and the nearest name") {
    const std::pair<std::string, std::string> cases[] = {
        {"[routes.fast]\n", "c.toml:1:9: routes.fast needs targets = [\"provider/model\", ...]"},
        {"[routes.fast]\ntargets = []\n", "c.toml:2:11: routes.fast.targets must hold at least one target"},
        {"[routes.fast]\ntargets = \"openai/m\"\nstrategie = \"fallback\"\n",
         R"(c.toml:3:1: unknown key "strategie" in [routes.fast]; did you mean "strategy"?)"},
        {"[routes.\"a/b\"]\ntargets = \"openai/m\"\n",
         "c.toml:1:9: routes.a/b: what follows \"routes.\" must be a name without a slash and spaces"},
        {"[routes]\nfast = 3\n", "c.toml:2:1: routes.fast must be a table, or one or more targets, not an integer"},
        {"[routes]\nfast = [\"openai/a\", 3]\n",
         "c.toml:2:21: routes.fast must be a string or a list of strings, not an integer"},
        {"[routes.openai]\ntargets = \"openai/m\"\n",
         "c.toml:1:9: routes.openai has a provider's name; a route needs another"},
        {"[routes.fast]\ntargets = [\"openai/m\",\n  \"opneai/m\"]\n",
         R"(c.toml:3:3: routes.fast: there is no provider "opneai"; did you mean "openai"?)"},
        {"[routes]\nfast = \"xyz/m\"\n",
         "c.toml:2:8: routes.fast: there is no provider \"xyz\"; there are anthropic, openai or local"},
        {"[routes]\nfast = \"openai/\"\n", "c.toml:2:8: routes.fast: \"openai/\" names no model behind its slash"},
        {"[routes]\nfast = \"smrt\"\nsmart = \"openai/m\"\n",
         R"(c.toml:2:8: routes.fast: "smrt" is neither provider/model nor a route; did you mean "smart"?)"},
        {"[routes]\na = \"b\"\nb = [\"openai/m\", \"a\"]\n",
         "c.toml:2:1: routes.a leads back to itself or to a route that does"},
        {"[routes]\nfast = \"openai/m\"\nbest = [\"fast\", \"anthropic/claude\"]\n", "(no complaint)"},
    };
    for (const auto& [toml, expected] : cases) {
        CAPTURE(toml);
        CHECK(complaint(toml) == expected);
    }
}

TEST_CASE("Plan: a fallback route's targets in order, routes within it replaced by theirs, each once") {
    const auto list = providers();
    const auto config = parse_config(
        "[routes]\nfast = [\"openai/a\", \"local/b\"]\nbest = [\"anthropic/c\", \"fast\", \"openai/a\"]\n", "c.toml");
    REQUIRE(config);
    const auto table = RouteTable::make(*config, list);
    REQUIRE(table);
    CHECK(table->find("other") == nullptr);
    CHECK(table->find("claude-via/fast") == table->find("fast"));
    const auto* best = table->find("best");
    REQUIRE(best != nullptr);
    const auto plan = plan_route(*best, {DialectId::anthropic, Translatable::yes, list});
    REQUIRE(plan);
    CHECK(plan->route == "best");
    REQUIRE(plan->targets.size() == 3);
    CHECK(plan->targets[0].target.model == "c");
    CHECK(plan->targets[0].target.dialect == DialectId::anthropic);
    CHECK(plan->targets[1].target.model == "a");
    CHECK(plan->targets[1].target.dialect == DialectId::openai_responses);
    CHECK(plan->targets[2].target.model == "b");

    SUBCASE("targets that cannot be spoken to are left out and say why") {
        const auto strict = plan_route(*best, {DialectId::openai_chat, Translatable::no, list});
        REQUIRE(strict);
        CHECK(strict->targets.size() == 2);
        REQUIRE(strict->left_out.size() == 1);
        CHECK(strict->left_out[0].target == "anthropic/c");
        CHECK(strict->left_out[0].reason.find("speaks anthropic") != std::string::npos);
        const auto none = plan_route(*best, {DialectId::gemini, Translatable::no, list});
        REQUIRE_FALSE(none);
        CHECK(none.error().kind == ErrorKind::bad_request);
    }
}
