#include <doctest/doctest.h>

#include "core/config/settings.hpp"
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
        {"[routes.r]\ntargets = \"openai/m\"\nweights = [1]\n",
         R"(c.toml:1:9: routes.r.weights are for strategy = "weighted")"},
        {"[routes.r]\nstrategy = \"weighted\"\ntargets = [\"openai/m\", \"local/m\"]\nweights = [1]\n",
         "c.toml:1:9: routes.r has 2 targets and 1 weights; each target has one"},
        {"[routes.r]\nstrategy = \"weighted\"\ntargets = \"openai/m\"\nweights = [0]\n",
         "c.toml:1:9: routes.r.weights must not all be 0"},
        {"[routes.r]\nstrategy = \"weighted\"\ntargets = \"openai/m\"\nweights = [-1]\n",
         "c.toml:4:12: routes.r.weights must be a list of integers between 0 and 1000000"},
        {"rules = 1\n", "c.toml:1:1: rules must be written as [[rules]], one table for each rule"},
        {"[[rules]]\nfeature = \"a\"\n",
         R"(c.toml:1:1: rules number 1 needs use = "ROUTE" or ["provider/model", ...])"},
        {"[[rules]]\nuse = \"openai/m\"\n",
         "c.toml:1:1: rules number 1 asks about nothing; a rule for all calls is a route"},
        {"[[rules]]\nuse = \"openai/m\"\ntokens_above = 0\n",
         "c.toml:1:1: rules number 1 asks about nothing; a rule for all calls is a route"},
        {"[[rules]]\nuse = \"openai/m\"\nfeature = []\n",
         "c.toml:3:11: rules number 1.feature must hold at least one pattern"},
        {"[[rules]]\nuse = \"openai/m\"\nagent = \"codex\"\nheaders = {}\n",
         "c.toml:4:11: rules number 1.headers must hold at least one name and pattern"},
        {"[[rules]]\nuse = \"openai/m\"\nfeatrue = \"a\"\n",
         R"(c.toml:3:1: unknown key "featrue" in [rules number 1]; did you mean "feature"?)"},
        {"[[rules]]\nuse = \"openai/m\"\nhours = \"9-25\"\n",
         R"(c.toml:3:9: rules number 1.hours must be hours of the day like "9-17" or "22-6")"},
        {"[[rules]]\nuse = \"openai/m\"\nmetadata = { team = 1 }\n",
         "c.toml:3:21: rules number 1.metadata must be a table of strings, not an integer"},
        {"[routes]\nfast = \"openai/m\"\n[[rules]]\nagent = \"codex\"\nuse = \"fsat\"\n",
         R"(c.toml:5:7: rules number 1: "fsat" is neither provider/model nor a route; did you mean "fast"?)"},
        {"[routes]\nfast = \"openai/m\"\n[[rules]]\nagent = \"codex\"\nuse = \"fast\"\n", "(no complaint)"},
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

TEST_CASE("Route table: routes keep the file's order, and what is shown of them reads the same again") {
    const auto config = parse_config(
        "[routes]\nzebra = \"openai/m\"\nape = [\"zebra\", \"local/x\"]\n[routes.mid]\nstrategy = \"weighted\"\n"
        "targets = [\"openai/a\", \"ape\"]\nweights = [1, 2]\nsticky = true\n[[rules]]\nheaders = { \"x-a\" = \"b\" }\n"
        "image = false\ntokens_above = 5\nuse = \"ape\"\n",
        "c.toml");
    REQUIRE_MESSAGE(config, config.error().message);
    REQUIRE(config->routes.size() == 3);
    CHECK(config->routes[0].name == "zebra");
    CHECK(config->routes[1].name == "ape");
    const auto shown = show_routes(*config);
    const auto again = parse_config(shown, "again.toml");
    REQUIRE_MESSAGE(again, again.error().message);
    CHECK(show_routes(*again) == shown);
    CHECK(shown.find("headers = { \"x-a\" = \"b\" }") != std::string::npos);
    const auto list = providers();
    const auto table = RouteTable::make(*config, list);
    REQUIRE(table);
    REQUIRE(table->rules().size() == 1);
    CHECK(table->rules()[0].route == table->find("ape"));
    CHECK(table->find("mid")->targets[1].weight == 2);
}
