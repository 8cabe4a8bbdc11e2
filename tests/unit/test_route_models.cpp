// What models can do, which are the same, where sessions are served: core/route/capabilities, equal_models, sessions.
#include <doctest/doctest.h>

#include "core/route/equal_models.hpp"
#include "core/route/make_plan.hpp"
#include "core/route/sessions.hpp"
#include "providers/models/table.hpp"

using namespace llmgw;

TEST_CASE("Models: the built-in table is read whole, and looked up with and without a date") {
    const ModelCatalogue catalogue(builtin_models());
    CHECK(builtin_models().size() > 1'000);
    const auto* haiku = catalogue.find("anthropic", "claude-haiku-4-5");
    REQUIRE(haiku != nullptr);
    CHECK(haiku->context_tokens == 200'000);
    CHECK(haiku->images == Ability::yes);
    CHECK(haiku->audio == Ability::no);
    CHECK(catalogue.find("anthropic", "claude-haiku-4-5@20991231") == haiku);
    CHECK(catalogue.find("anthropic", "claude-haiku-4-5-20991231") == haiku);
    CHECK(catalogue.find("openai", "claude-haiku-4-5") == nullptr);
    CHECK(catalogue.find("nobody", "x") == nullptr);
    CHECK(catalogue.of_host("deepseek").size() >= 2);
}

TEST_CASE("Models: a table that cannot be read names its line") {
    const auto line = [](std::string_view text) {
        const auto table = parse_model_table(text);
        return table ? std::string("ok") : table.error().message;
    };
    CHECK(line("# c\n\nh\tm\t10\t\tyes\tno\t\t\t\t\n") == "ok");
    CHECK(line("# c\nh\tm\t10\n") == "table of models, line 2 cannot be read");
    CHECK(line("h\tm\t-1\t\t\t\t\t\t\t\n") == "table of models, line 1 cannot be read");
    CHECK(line("h\tm\t\t\tmaybe\t\t\t\t\t\n") == "table of models, line 1 cannot be read");
    CHECK(line("\tm\t\t\t\t\t\t\t\t\n") == "table of models, line 1 cannot be read");
}

TEST_CASE("Models: what is lacking is said; what is not known lacks nothing") {
    ModelFacts facts;
    Needs needs{.tools = true,
                .images = true,
                .documents = true,
                .audio = true,
                .structured = true,
                .thinking = true,
                .input_tokens = 5'000};
    CHECK(lacking(facts, needs).empty());
    facts.context_tokens = 4'000;
    CHECK(lacking(facts, needs).empty());  // an estimate may err by as much
    needs.input_tokens = 5'001;
    CHECK(lacking(facts, needs) == "has a context of 4000 tokens, and the prompt has about 5001");
    needs.input_tokens = 4'000;
    CHECK(lacking(facts, needs).empty());
    facts.thinking = Ability::no;
    CHECK(lacking(facts, needs) == "does not think");
    facts.tools = Ability::no;
    CHECK(lacking(facts, needs) == "calls no tools");
    CHECK(lacking(facts, {}).empty());
}

TEST_CASE("Models: the same model under other providers' names") {
    for (const auto* name : {"claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5@20250929",
                             "anthropic/claude-sonnet-4.5", "anthropic.claude-sonnet-4-5-20250929-v1:0",
                             "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                             "global.anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude-Sonnet-4.5"}) {
        CAPTURE(name);
        CHECK(common_name(name) == "claude-sonnet-4-5");
    }
    CHECK(common_name("openai/gpt-oss-120b") == common_name("accounts/fireworks/models/gpt-oss-120b"));
    CHECK(common_name("openai.gpt-oss-120b-1:0") == "gpt-oss-120b-1");
    CHECK(common_name("gpt-4o-2024-08-06") == "gpt-4o");
    CHECK(common_name("deepseek-ai/deepseek-r1-maas") == "deepseek-r1");
    CHECK(common_name("gpt-5") != common_name("gpt-5-mini"));
    CHECK(common_name("claude-opus-4-1") != common_name("claude-opus-4"));
    CHECK(common_name("deepseek/deepseek-r1:free").empty());
    CHECK(common_name("ft:gpt-4o:team::id").empty());
}

namespace {

std::vector<Provider> providers() {
    std::vector<Provider> list(4);
    const char* names[] = {"anthropic", "openrouter", "bedrock", "own"};
    for (std::size_t i = 0; i < list.size(); ++i) {
        list[i].name = list[i].price_list = names[i];
        list[i].dialects = {DialectId::openai_chat};
    }
    list[3].models = {"my-proxy/claude-haiku-4-5"};
    return list;
}

}  // namespace

TEST_CASE("Models: others() gives one name for each other provider") {
    const auto list = providers();
    const EqualModels equal(list, ModelCatalogue(builtin_models()));
    const auto others = equal.others(list[0], "claude-haiku-4-5");
    REQUIRE(others.size() == 3);
    CHECK(others[0].provider == &list[1]);
    CHECK(others[0].model == "anthropic/claude-haiku-4.5");
    CHECK(others[1].model == "global.anthropic.claude-haiku-4-5-20251001-v1:0");
    CHECK(others[2].model == "my-proxy/claude-haiku-4-5");
    CHECK(equal.others(list[1], "anthropic/claude-haiku-4.5").size() == 3);
    CHECK(equal.others(list[0], "no-such-model").empty());

    // Vertex's names have a date; a deployment at Azure is known from the configuration alone.
    auto clouds = providers();
    clouds[1].name = clouds[1].price_list = "vertex";
    clouds[2].name = clouds[2].type = clouds[2].price_list = "azure";
    const EqualModels without(clouds, ModelCatalogue(builtin_models()));
    const auto found = without.others(clouds[0], "claude-haiku-4-5");
    REQUIRE(found.size() == 2);
    CHECK(found[0].model == "claude-haiku-4-5@20251001");
    CHECK(found[1].provider == &clouds[3]);
    clouds[2].models = {"claude-haiku-4-5"};
    const EqualModels with(clouds, ModelCatalogue(builtin_models()));
    CHECK(with.others(clouds[0], "claude-haiku-4-5").size() == 3);
}

TEST_CASE("Plan: auto adds the same model elsewhere; what lacks an ability is left out unless all do") {
    const auto list = providers();
    const ModelCatalogue catalogue(builtin_models());
    const auto config = parse_config(
        "[routing]\nfallback = \"auto\"\n[routes.both]\nfallback = \"auto\"\ntargets = \"anthropic/claude-haiku-4-5\"\n"
        "[routes]\ndeaf = [\"anthropic/claude-haiku-4-5\", \"openrouter/anthropic/claude-haiku-4.5\"]\n"
        "hears = [\"anthropic/claude-haiku-4-5\", \"openrouter/google/gemini-2.5-pro\"]\n",
        "c.toml");
    REQUIRE_MESSAGE(config, config.error().message);
    const auto table = RouteTable::make(*config, list, catalogue);
    REQUIRE(table);
    CallFacts facts;
    facts.body = R"({"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}]})";
    PlanInput input{.dialect = DialectId::openai_chat, .providers = list, .catalogue = &catalogue};
    const auto plan = plan_route(*table->find("both"), input);
    REQUIRE(plan);
    REQUIRE(plan->targets.size() == 4);
    CHECK(plan->targets[1].reason == "the same model as anthropic/claude-haiku-4-5");
    CHECK(plan->targets[1].target.model == "anthropic/claude-haiku-4.5");
    input.has_key = [&](const Provider& provider) { return &provider != &list[2]; };
    const auto keyed = plan_route(*table->find("both"), input);
    REQUIRE(keyed);
    CHECK(keyed->targets.size() == 3);
    REQUIRE(keyed->left_out.size() == 1);
    CHECK(keyed->left_out[0].reason == "llmgw has no key for bedrock");
    input.has_key = nullptr;
    const auto named = plan_model(*table, input, "anthropic/claude-haiku-4-5");
    REQUIRE(named);
    CHECK(named->route.empty());
    CHECK(named->targets.size() == 4);
    CHECK(named->targets[0].reason == "asked for");

    input.now.facts = &facts;
    const auto hears = plan_route(*table->find("hears"), input);
    REQUIRE(hears);
    REQUIRE(hears->targets.size() == 1);
    CHECK(hears->targets[0].target.provider == &list[1]);
    REQUIRE(hears->left_out.size() == 1);
    CHECK(hears->left_out[0].target == "anthropic/claude-haiku-4-5");
    CHECK(hears->left_out[0].reason == "the model takes no audio");
    // llmgw may know less than the provider: with nothing left, all are tried.
    const auto deaf = plan_route(*table->find("deaf"), input);
    REQUIRE(deaf);
    CHECK(deaf->targets.size() == 2);
    CHECK(deaf->targets[0].reason.find("known to lack something") != std::string::npos);
}

TEST_CASE("Plan: a sticky route's session goes first where it was served last") {
    const auto list = providers();
    const auto config = parse_config("[routes.r]\nsticky = true\ntargets = [\"anthropic/a\", \"own/b\"]\n", "c.toml");
    REQUIRE(config);
    const auto table = RouteTable::make(*config, list);
    REQUIRE(table);
    PlanInput input{.dialect = DialectId::openai_chat, .providers = list};
    input.now.session = SessionTarget{"own", "b", 0, 0};
    const auto plan = plan_route(*table->find("r"), input);
    REQUIRE(plan);
    CHECK(plan->targets[0].target.model == "b");
    CHECK(plan->targets[0].reason == "served this session last (number 2 of the route)");
    // A target that the route no longer has is forgotten.
    input.now.session = SessionTarget{"gone", "c", 0, 0};
    CHECK(plan_route(*table->find("r"), input)->targets[0].target.model == "a");
}

TEST_CASE("Plan: an unknown name is told the nearest") {
    auto list = providers();
    const auto config = parse_config("[routes]\nfast = \"own/m\"\n", "c.toml");
    REQUIRE(config);
    const auto table = RouteTable::make(*config, list);
    REQUIRE(table);
    const PlanInput input{.dialect = DialectId::openai_chat, .providers = list};
    const auto hint = [&](std::string_view model) {
        const auto plan = plan_model(*table, input, model);
        if (plan) { return std::string("found"); }
        const auto at = plan.error().message.find("Did you mean");
        return at == std::string::npos ? "" : plan.error().message.substr(at);
    };
    CHECK(hint("fsat") == "Did you mean \"fast\"?");
    CHECK(hint("openruoter/x") == "Did you mean \"openrouter/x\"?");
    CHECK(hint("zzzzzz") == "");
    CHECK(hint("own/x") == "found");
}

TEST_CASE("Sessions: remembered by route, key and session; the one used least recently goes") {
    SessionTargets sessions(2);
    const auto key = [](std::string_view session) { return SessionTargets::key_of("r", "k", session); };
    CHECK(key("a") != SessionTargets::key_of("r", "other", "a"));
    CHECK(key("a") != SessionTargets::key_of("q", "k", "a"));
    CHECK_FALSE(sessions.find(key("a")));
    sessions.remember(key("a"), {"p", "m", 10, 1});
    sessions.remember(key("b"), {"p", "m", 20, 2});
    sessions.remember(key("a"), {"q", "m", 30, 3});
    sessions.remember(key("c"), {"p", "m", 40, 4});
    REQUIRE(sessions.find(key("a")));
    CHECK(sessions.find(key("a"))->provider == "q");
    CHECK(sessions.find(key("a"))->prompt_tokens == 30);
    CHECK_FALSE(sessions.find(key("b")));
    CHECK(sessions.find(key("c")));
}
