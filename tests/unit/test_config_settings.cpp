#include <set>
#include <string>

#include <doctest/doctest.h>

#include "core/config/settings.hpp"

using namespace llmgw;

TEST_CASE("settings: the table's defaults are the structure's") {
    const Config defaults;
    for (const auto& row : settings()) {
        CAPTURE(row.key);
        CHECK(show_value(row, defaults) == row.initial);
    }
    const ProviderConfig provider;
    for (const auto& row : provider_settings()) {
        CAPTURE(row.key);
        const auto shown = show_value(row, provider);
        CHECK((shown == row.initial || (row.initial.empty() && (shown == "\"\"" || shown == "[]"))));
        // What has no default has something to show in the example file.
        CHECK((!row.initial.empty() || !row.example.empty()));
    }
}

TEST_CASE("settings: the defaults of routes and rules are the structures'") {
    const auto check = [](const auto& rows, const auto& table) {
        for (const auto& row : rows) {
            CAPTURE(row.key);
            const auto shown = show_value(row, table);
            CHECK((shown == row.initial || (row.initial.empty() && (shown.size() <= 2))));
            CHECK((!row.initial.empty() || !row.example.empty()));
            CHECK_FALSE(row.doc.ends_with('.'));
        }
    };
    check(route_settings(), RouteConfig{});
    check(rule_settings(), RuleConfig{});
}

TEST_CASE("settings: every row is documented, unique and bounded") {
    std::set<std::string_view> keys;
    for (const auto& row : settings()) {
        CAPTURE(row.key);
        CHECK(keys.insert(row.key).second);
        CHECK_FALSE(row.doc.empty());
        CHECK_FALSE(row.doc.ends_with('.'));
        CHECK(row.key.find('.') != std::string_view::npos);
        const bool integer = std::holds_alternative<std::int64_t& (*)(Config&)>(row.slot);
        CHECK(integer == (row.max > row.min));
    }
}

TEST_CASE("settings: the example file sets nothing") {
    const auto config = parse_config(example_config(), "example");
    REQUIRE(config);
    CHECK(config->providers.empty());
    CHECK(show_config(*config) == show_config(Config{}));
}

TEST_CASE("settings: the example file with its comments taken off is valid") {
    // Settings are written "#key", explanations "# text".
    std::string text;
    bool line_start = true;
    const auto example = example_config();
    for (std::size_t i = 0; i < example.size(); ++i) {
        const bool setting = line_start && example[i] == '#' && i + 1 < example.size() && example[i + 1] != ' ';
        line_start = example[i] == '\n';
        if (!setting) { text += example[i]; }
    }
    const auto config = parse_config(text, "example");
    REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().message));
    REQUIRE(config->providers.size() == 1);
    CHECK(config->providers[0].name == "local");
    CHECK(config->routes.size() == 1);
    CHECK(config->rules.size() == 1);
    for (const auto& row : settings()) {
        CAPTURE(row.key);
        CHECK(text.find("\n" + std::string(row.key.substr(row.key.find('.') + 1)) + " = ") != std::string::npos);
        CHECK(show_value(row, *config) == row.initial);
    }
}
