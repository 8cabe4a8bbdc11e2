// All providers' models as one list, in each client's shape.
#include <algorithm>
#include <array>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/gateway/model_list.hpp"
#include "core/route/resolve.hpp"

using namespace llmgw;
using nlohmann::json;

namespace {

Provider provider_of(const std::string& name, std::vector<DialectId> dialects, std::vector<std::string> models = {}) {
    Provider provider;
    provider.name = name;
    provider.type = provider.price_list = name;
    provider.dialects = std::move(dialects);
    provider.models = std::move(models);
    return provider;
}

ListedModel listed(const std::string& name) {
    ListedModel model;
    model.name = name;
    return model;
}

struct Setup {
    std::vector<Provider> providers{
        provider_of("anthropic", {DialectId::anthropic}),
        provider_of("openai", {DialectId::openai_chat, DialectId::openai_responses}),
        provider_of("gemini", {DialectId::gemini}),
        provider_of("local", {DialectId::openai_chat}, {"qwen", "gpt-a"}),
    };
    std::vector<ProviderModels> known() const {
        auto claude = read_listing(
            R"([{"type":"model","id":"claude-x","display_name":"Claude X","created_at":"2026-02-03T04:05:06Z","line":"x"}])");
        auto gemini = read_listing(
            R"([{"name":"models/gemini-x","version":"7","inputTokenLimit":1000,"supportedGenerationMethods":["embedContent"]}])");
        return {{&providers[0], claude->models},
                {&providers[1], {listed("gpt-a"), listed("gpt-b")}},
                {&providers[2], gemini->models},
                {&providers[3], {listed("qwen"), listed("qwen")}}};
    }
};

std::vector<std::string> ids(const std::vector<ModelEntry>& entries) {
    std::vector<std::string> out;
    for (const auto& entry : entries) {
        out.push_back(entry.id);
    }
    return out;
}

PriceLine price(std::int64_t threshold, PicoPerMillion input, std::string_view variant = "") {
    PriceLine line;
    line.provider = "openai";
    line.model = "gpt-b";
    line.variant = variant;
    line.threshold = threshold;
    line.input = input;
    line.source = "a list";
    line.date = "2026-01-01";
    return line;
}

std::array<PriceLine, 3> price_lines() {
    std::array<PriceLine, 3> lines{price(0, 1'250'000'000'000), price(272'000, 2'500'000'000'000),
                                   price(0, 600'000'000'000, "flex")};
    lines[0].output = 10'000'000'000'000;
    lines[0].cache_read = 125'000'000'000;
    return lines;
}

}  // namespace

TEST_CASE("Model list: the dialect's own provider first, bare names where they lead there") {
    const Setup setup;
    // openai's gpt-a is not offered bare: the configuration lists that name at another provider.
    CHECK(ids(merge_models(setup.known(), setup.providers, DialectId::openai_chat, false)) ==
          std::vector<std::string>{"gpt-b", "openai/gpt-a", "openai/gpt-b", "anthropic/claude-x", "gemini/gemini-x",
                                   "local/qwen", "local/gpt-a"});
    CHECK(ids(merge_models(setup.known(), setup.providers, DialectId::anthropic, false)) ==
          std::vector<std::string>{"claude-x", "anthropic/claude-x", "openai/gpt-a", "openai/gpt-b", "gemini/gemini-x",
                                   "local/qwen", "local/gpt-a"});
    CHECK(ids(merge_models(setup.known(), setup.providers, DialectId::gemini, false)).front() == "gemini-x");
}

TEST_CASE("Model list: Claude Code keeps every id, and each leads to its model") {
    const Setup setup;
    const auto entries = merge_models(setup.known(), setup.providers, DialectId::anthropic, true);
    CHECK(ids(entries) == std::vector<std::string>{"claude-x", "claude-via/openai/gpt-a", "claude-via/openai/gpt-b",
                                                   "claude-via/gemini/gemini-x", "claude-via/local/qwen",
                                                   "claude-via/local/gpt-a"});
}

TEST_CASE("Model list: every id is one that resolve_model takes back") {
    const Setup setup;
    for (const auto dialect :
         {DialectId::anthropic, DialectId::openai_chat, DialectId::openai_responses, DialectId::gemini}) {
        for (const bool claude_code : {false, true}) {
            for (const auto& entry : merge_models(setup.known(), setup.providers, dialect, claude_code)) {
                CAPTURE(entry.id);
                const auto target = resolve_model(entry.id, dialect, setup.providers, Translatable::yes);
                REQUIRE(target.has_value());
                CHECK(target->provider == entry.provider);
                CHECK(target->model == entry.model.name);
            }
        }
    }
}

TEST_CASE("Model list: a passthrough provider is offered to its own dialect only") {
    Setup setup;
    setup.providers[0].api_key = "passthrough";
    const auto there = ids(merge_models(setup.known(), setup.providers, DialectId::anthropic, false));
    CHECK(std::ranges::find(there, "claude-x") != there.end());
    const auto elsewhere = ids(merge_models(setup.known(), setup.providers, DialectId::openai_chat, false));
    CHECK(std::ranges::find(elsewhere, "anthropic/claude-x") == elsewhere.end());
}

TEST_CASE("Model list: shapes") {
    Setup setup;
    setup.providers[3].local = true;
    const auto lines = price_lines();
    const Prices prices(lines);
    const auto body = [&](DialectId dialect) {
        return json::parse(
            encode_model_list(dialect, merge_models(setup.known(), setup.providers, dialect, false), prices));
    };

    auto list = body(DialectId::openai_chat);
    CHECK(list["object"] == "list");
    CHECK(list["data"][0]["id"] == "gpt-b");
    CHECK(list["data"][0]["object"] == "model");
    CHECK(list["data"][0]["created"] == 0);
    CHECK(list["data"][0]["owned_by"] == "openai");
    const auto own = list["data"][0]["llmgw"];
    CHECK(own["provider"] == "openai");
    CHECK(own["model"] == "gpt-b");
    CHECK_FALSE(own.contains("context_tokens"));
    CHECK(own["prices"] == json::parse(R"({"input":1.25,"output":10,"cache_read":0.125,
        "long_context":[{"above_tokens":272000,"input":2.5}],"source":"a list","date":"2026-01-01"})"));
    CHECK_FALSE(list["data"][1]["llmgw"].contains("prices"));
    CHECK(list["data"][5]["llmgw"]["prices"]["source"] == "local");

    list = body(DialectId::anthropic);
    CHECK(list["has_more"] == false);
    CHECK(list["first_id"] == "claude-x");
    CHECK(list["last_id"] == "local/gpt-a");
    CHECK(list["data"][0]["type"] == "model");
    CHECK(list["data"][0]["display_name"] == "Claude X");
    CHECK(list["data"][0]["line"] == "x");
    CHECK(list["data"][1]["display_name"] == "Claude X (anthropic)");
    CHECK(list["data"][4]["id"] == "gemini/gemini-x");
    CHECK(list["data"][4]["max_input_tokens"] == 1000);
    CHECK(list["data"][4]["max_tokens"].is_null());
    CHECK(list["data"][4]["created_at"] == "1970-01-01T00:00:00Z");

    list = body(DialectId::gemini);
    CHECK(list["models"][0]["name"] == "models/gemini-x");
    CHECK(list["models"][0]["version"] == "7");
    CHECK(list["models"][0]["supportedGenerationMethods"] == json::array({"embedContent"}));
    CHECK(list["models"][0]["llmgw"]["context_tokens"] == 1000);
    CHECK(list["models"][2]["name"] == "models/anthropic/claude-x");
    CHECK(list["models"][2]["supportedGenerationMethods"][0] == "generateContent");

    const auto none = json::parse(encode_model_list(DialectId::anthropic, {}, prices));
    CHECK(none["data"].empty());
    CHECK(none["first_id"].is_null());
}
