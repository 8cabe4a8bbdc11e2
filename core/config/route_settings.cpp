// The settings of routes: what core/config/settings.cpp is for the rest.
#include <array>

#include "core/config/checks.hpp"
#include "core/config/settings.hpp"
#include "core/config/show_value.hpp"

namespace llmgw {
namespace {

using R = RouteConfig;

constexpr std::array route_rows{
    RouteSetting{.key = "strategy",
                 .initial = "\"fallback\"",
                 .doc = "how the targets are put in order: as written",
                 .reloadable = true,
                 .slot = +[](R& r) -> std::string& { return r.strategy; },
                 .choices = "fallback"},
    RouteSetting{.key = "targets",
                 .initial = "",
                 .doc = "what is tried, in order: provider/model, or another route's name",
                 .reloadable = true,
                 .slot = +[](R& r) -> std::vector<std::string>& { return r.targets; },
                 .check = check_model,
                 .example = "[\"anthropic/claude-haiku-4-5\", \"openai/gpt-5-mini\"]",
                 .one_is_list = true},
};

bool bare_key(std::string_view name) {
    constexpr std::string_view bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return name.find_first_not_of(bare) == std::string_view::npos;
}

}  // namespace

std::span<const RouteSetting> route_settings() {
    return route_rows;
}

std::string show_value(const RouteSetting& row, const RouteConfig& route) {
    return show_slot(row, route);
}

std::string show_routes(const Config& config) {
    std::string out;
    for (const auto& route : config.routes) {
        out += "\n[routes." + (bare_key(route.name) ? route.name : toml_quote(route.name)) + "]\n";
        for (const auto& row : route_rows) {
            const auto value = show_value(row, route);
            if (value.empty() || value == "\"\"" || value == "[]" || value == row.initial) { continue; }
            out += std::string(row.key) + " = " + value + "\n";
        }
    }
    return out;
}

std::string example_routes() {
    std::string out =
        "\n# Routes. A route's name can be asked for like a model's. A route of one target is a line:\n"
        "# [routes]\n# NAME = \"provider/model\"\n#[routes.fast]\n";
    for (const auto& row : route_rows) {
        out += "# " + std::string(row.doc) + "\n#" + std::string(row.key) + " = ";
        out += std::string(row.example.empty() ? row.initial : row.example) + "\n";
    }
    return out;
}

}  // namespace llmgw
