#include <doctest/doctest.h>

#include "core/route/resolve.hpp"

using namespace llmgw;

namespace {

std::vector<Provider> providers() {
    std::vector<Provider> list(4);
    list[0].name = "anthropic";
    list[0].dialects = {DialectId::anthropic};
    list[1].name = "openai";
    list[1].dialects = {DialectId::openai_chat, DialectId::openai_responses};
    list[2].name = "local";
    list[2].dialects = {DialectId::openai_chat};
    list[2].models = {"qwen", "both"};
    list[3].name = "openrouter";
    list[3].dialects = {DialectId::openai_chat};
    list[3].models = {"both"};
    return list;
}

}  // namespace

TEST_CASE("Resolve: provider/model, a listed name, or the dialect's native provider") {
    const auto list = providers();
    const auto to = [&](std::string_view model, DialectId dialect) {
        const auto target = resolve_model(model, dialect, list);
        return target ? target->provider->name + " " + target->model : "error: " + target.error().message;
    };
    CHECK(to("openrouter/anthropic/claude-x", DialectId::openai_chat) == "openrouter anthropic/claude-x");
    CHECK(to("qwen", DialectId::openai_chat) == "local qwen");
    CHECK(to("gpt-99", DialectId::openai_responses) == "openai gpt-99");
    CHECK(to("claude-99", DialectId::anthropic) == "anthropic claude-99");
    CHECK(to("antrhopic/claude-x", DialectId::anthropic).find("Providers: anthropic, openai") != std::string::npos);
    CHECK(to("both", DialectId::openai_chat).find("local/both, openrouter/both") != std::string::npos);
    CHECK(to("local/qwen", DialectId::anthropic).find("Providers for this endpoint: anthropic") != std::string::npos);
    CHECK(to("anything", DialectId::gemini).starts_with("error:"));
    CHECK(to("", DialectId::openai_chat).starts_with("error:"));
    CHECK(to("local/", DialectId::openai_chat) ==
          "error: llmgw: \"local/\" names no model; a provider's is asked for as local/MODEL");
    CHECK(to("antrhopic/claude-x", DialectId::anthropic).ends_with("Did you mean \"anthropic/claude-x\"?"));
    CHECK(to("elsewhere/claude-x", DialectId::anthropic).find("Did you mean") == std::string::npos);
    // Gemini's URL has the model in it.
    CHECK(to("openrouter/../../x", DialectId::openai_chat).find("is no model's name") != std::string::npos);
    CHECK(to("openrouter/a/./b", DialectId::openai_chat).find("is no model's name") != std::string::npos);
    CHECK(to("openrouter/a..b/.c", DialectId::openai_chat) == "openrouter a..b/.c");
}
