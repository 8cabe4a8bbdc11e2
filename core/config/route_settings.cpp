// The settings of routes: what core/config/settings.cpp is for the rest.
#include <array>

#include "core/config/checks.hpp"
#include "core/config/settings.hpp"
#include "core/config/show_value.hpp"

namespace llmgw {
namespace {

using R = RouteConfig;

using L = std::vector<std::string>;
using U = RuleConfig;

constexpr std::array route_rows{
    RouteSetting{.key = "strategy",
                 .initial = "\"fallback\"",
                 .doc = "the targets' order: as written, drawn by weight, the cheapest for this request first, the "
                        "fastest lately first",
                 .reloadable = true,
                 .slot = +[](R& r) -> std::string& { return r.strategy; },
                 .choices = "fallback|weighted|cheapest|fastest"},
    RouteSetting{.key = "targets",
                 .initial = "",
                 .doc = "what is tried, in order: provider/model, or another route's name",
                 .reloadable = true,
                 .slot = +[](R& r) -> L& { return r.targets; },
                 .check = check_model,
                 .example = "[\"anthropic/claude-haiku-4-5\", \"openai/gpt-5-mini\"]",
                 .one_is_list = true},
    RouteSetting{.key = "weights",
                 .initial = "[]",
                 .doc = "of strategy weighted: each target's share, such as [60, 40]",
                 .reloadable = true,
                 .slot = +[](R& r) -> std::vector<std::int64_t>& { return r.weights; },
                 .min = 0,
                 .max = 1000000},
    RouteSetting{.key = "sticky",
                 .initial = "false",
                 .doc = "true: a session stays with the target that served it, whose prompt cache is warm",
                 .reloadable = true,
                 .slot = +[](R& r) -> bool& { return r.sticky; }},
    RouteSetting{.key = "fallback",
                 .initial = "\"none\"",
                 .doc = "auto: behind the targets come the same models at other providers that have a key",
                 .reloadable = true,
                 .slot = +[](R& r) -> std::string& { return r.fallback; },
                 .choices = "none|auto"},
    RouteSetting{.key = "strict",
                 .initial = "false",
                 .doc = "true: a target that cannot be told all of a translated request is not asked; when none can, "
                        "400 names field and target",
                 .reloadable = true,
                 .slot = +[](R& r) -> bool& { return r.strict; }},
    RouteSetting{.key = "resume",
                 .initial = "",
                 .doc = "its streams survive their clients, or do not, whatever [streams] resume says",
                 .reloadable = true,
                 .slot = +[](R& r) -> std::optional<bool>& { return r.resume; },
                 .example = "true"},
    RouteSetting{.key = "first_content_s",
                 .initial = "0",
                 .doc = "seconds that a target may be silent before its first content; 0: as [timeouts] says",
                 .reloadable = true,
                 .slot = +[](R& r) -> std::int64_t& { return r.first_content_s; },
                 .min = 0,
                 .max = 86400},
};

constexpr RuleSetting patterns(std::string_view key, std::string_view doc, Slot<U> slot, std::string_view example) {
    return {.key = key,
            .initial = "",
            .doc = doc,
            .reloadable = true,
            .slot = slot,
            .check = check_pattern,
            .example = example,
            .one_is_list = true};
}

constexpr RuleSetting flag(std::string_view key, std::string_view doc, Slot<U> slot, std::string_view example) {
    return {.key = key, .initial = "", .doc = doc, .reloadable = true, .slot = slot, .example = example};
}

constexpr std::array rule_rows{
    RuleSetting{.key = "use",
                .initial = "",
                .doc = "where a call goes that all of this holds for: targets in order, or one route's name",
                .reloadable = true,
                .slot = +[](U& u) -> L& { return u.use; },
                .check = check_model,
                .example = "\"fast\"",
                .one_is_list = true},
    patterns(
        "model", "the model or route asked for; in all patterns * stands for anything, and a list means any of it",
        +[](U& u) -> L& { return u.model; }, "\"claude-*\""),
    patterns(
        "feature", "the call's feature", +[](U& u) -> L& { return u.feature; }, "[\"lint\", \"docs-*\"]"),
    patterns(
        "client_key", "the name of llmgw's key that was used", +[](U& u) -> L& { return u.client_key; }, "\"default\""),
    patterns(
        "user", "x-llmgw-user", +[](U& u) -> L& { return u.user; }, "\"ann\""),
    patterns(
        "agent", "the agent recognised, such as claude-code, codex, gemini-cli or opencode",
        +[](U& u) -> L& { return u.agent; }, "\"claude-code\""),
    RuleSetting{.key = "metadata",
                .initial = "",
                .doc = "members of x-llmgw-metadata, all of them, as patterns",
                .reloadable = true,
                .slot = +[](U& u) -> TextPairs& { return u.metadata; },
                .example = "{ team = \"web\" }"},
    RuleSetting{.key = "headers",
                .initial = "",
                .doc = "headers of the request, all of them, as patterns",
                .reloadable = true,
                .slot = +[](U& u) -> TextPairs& { return u.headers; },
                .example = "{ x-tier = \"gold\" }"},
    flag(
        "background", "whether it is a call that an agent makes beside its work: a title, a summary of a line",
        +[](U& u) -> std::optional<bool>& { return u.background; }, "true"),
    flag(
        "image", "whether it holds a picture", +[](U& u) -> std::optional<bool>& { return u.image; }, "false"),
    flag(
        "tools", "whether it offers tools", +[](U& u) -> std::optional<bool>& { return u.tools; }, "false"),
    flag(
        "thinking", "whether it asks for thinking", +[](U& u) -> std::optional<bool>& { return u.thinking; }, "false"),
    RuleSetting{.key = "tokens_above",
                .initial = "0",
                .doc = "prompts of more tokens than this, estimated; 0 does not ask",
                .reloadable = true,
                .slot = +[](U& u) -> std::int64_t& { return u.tokens_above; },
                .min = 0,
                .max = 1000000000},
    RuleSetting{.key = "tokens_below",
                .initial = "0",
                .doc = "prompts of fewer tokens than this, estimated; 0 does not ask",
                .reloadable = true,
                .slot = +[](U& u) -> std::int64_t& { return u.tokens_below; },
                .min = 0,
                .max = 1000000000},
    RuleSetting{.key = "hours",
                .initial = "",
                .doc = "hours of the day, local time: \"9-17\" is from nine until before five, \"22-6\" the night",
                .reloadable = true,
                .slot = +[](U& u) -> std::string& { return u.hours; },
                .check = check_hours,
                .example = "\"22-6\""},
};

}  // namespace

std::span<const RouteSetting> route_settings() {
    return route_rows;
}

std::span<const RuleSetting> rule_settings() {
    return rule_rows;
}

std::string show_value(const RuleSetting& row, const RuleConfig& rule) {
    return show_slot(row, rule);
}

std::string show_value(const RouteSetting& row, const RouteConfig& route) {
    return show_slot(row, route);
}

std::string show_routes(const Config& config) {
    std::string out;
    for (const auto& route : config.routes) {
        out += "\n[routes." + toml_key(route.name) + "]\n";
        out += show_rows(route_settings(), route);
    }
    for (const auto& rule : config.rules) {
        out += "\n[[rules]]\n" + show_rows(rule_settings(), rule);
    }
    return out;
}

std::string example_routes() {
    return "\n# Routes. A route's name can be asked for like a model's. A route of nothing but targets is a line:\n"
           "# [routes]\n# NAME = \"provider/model\"\n#[routes.fast]\n" +
           example_rows(route_settings()) +
           "\n# Rules are looked at in order before a call's model; the first that holds whole says where the call "
           "goes.\n#[[rules]]\n" +
           example_rows(rule_settings());
}

}  // namespace llmgw
