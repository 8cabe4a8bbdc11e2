#include <array>

#include <doctest/doctest.h>

#include "core/route/mistyped.hpp"

using namespace llmgw;

TEST_CASE("Mistyped: one letter too many, too few, wrong or in the wrong place is a slip") {
    for (const auto& [typed, meant] :
         {std::pair("qwen3-codr", "qwen3-coder"), std::pair("qwen3-coderr", "qwen3-coder"),
          std::pair("qwen3-cider", "qwen3-coder"), std::pair("qwen3-codre", "qwen3-coder"), std::pair("smrt", "smart"),
          std::pair("Smart", "smart"), std::pair("mart", "smart"), std::pair("smartt", "smart")}) {
        CAPTURE(typed);
        CHECK(one_slip(typed, meant));
        CHECK(one_slip(meant, typed));
    }
    for (const auto& [typed, meant] :
         {std::pair("qwen3-coder", "qwen3-coder"), std::pair("", ""), std::pair("smrat1", "smart"),
          std::pair("qwen2-coder", "qwen3-coder"), std::pair("qwen-coder", "qwen3-coder"),
          std::pair("qwen3coder", "qwen3-coder"), std::pair("gpt-4", "gpt-4o"), std::pair("claude-4-5", "claude-4-6"),
          std::pair("gpt-5.1", "gpt-5-1"), std::pair("gpt-5-mini", "gpt-5-nano"), std::pair("smr", "smart"),
          std::pair("o3", "o3-pro")}) {
        CAPTURE(typed);
        CHECK_FALSE(one_slip(typed, meant));
        CHECK_FALSE(one_slip(meant, typed));
    }
}

TEST_CASE("Mistyped: a name nobody lists and the tables do not know is not sent to its format's provider") {
    std::vector<Provider> providers(3);
    providers[0].name = "anthropic";
    providers[0].price_list = "anthropic";
    providers[0].dialects = {DialectId::anthropic};
    providers[1].name = "openai";
    providers[1].price_list = "openai";
    providers[1].dialects = {DialectId::openai_chat};
    providers[2].name = "local";
    providers[2].dialects = {DialectId::openai_chat};
    providers[2].models = {"qwen3-coder", "gpt-oss", "sonar"};
    Config config;
    config.routes.resize(1);
    config.routes[0].name = "smart";
    config.routes[0].targets = {"anthropic/claude-x"};
    constexpr std::array facts{ModelFacts{.host = "openai", .model = "gpt-oes"}};
    const auto table = RouteTable::make(config, providers, ModelCatalogue(facts));
    REQUIRE(table);
    constexpr std::array lines{
        PriceLine{.provider = "openai", .model = "solar", .variant = "", .source = "", .date = ""}};
    const Prices prices(lines);
    const auto said = [&](std::string_view model, DialectId dialect) {
        const auto target = resolve_model(model, dialect, providers, Translatable::yes);
        REQUIRE(target);
        const auto spelled = check_spelling(model, *target, *table, providers, &prices);
        if (!spelled) { CHECK(spelled.error().kind == ErrorKind::not_found); }
        return spelled ? std::string() : spelled.error().message;
    };
    CHECK(said("qwen3-codr", DialectId::openai_chat) ==
          "llmgw: nobody here lists the model \"qwen3-codr\". Did you mean \"qwen3-coder\"? To send it to openai as it "
          "is, ask for \"openai/qwen3-codr\".");
    CHECK(said("smrt", DialectId::anthropic).find("Did you mean \"smart\"? To send it to anthropic") !=
          std::string::npos);
    // What is listed, what is named with its provider, what is far from all, and what the tables know.
    for (const std::string_view model :
         {"qwen3-coder", "openai/qwen3-codr", "local/smrt", "claude-sonnet-5", "gpt-oes", "solar"}) {
        CAPTURE(model);
        CHECK(said(model, DialectId::openai_chat).empty());
    }
    CHECK_FALSE(said("solar", DialectId::anthropic).empty());
}
