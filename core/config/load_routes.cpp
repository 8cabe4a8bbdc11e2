// [routes.NAME] tables and [[rules]]. What they name is checked against the providers in core/route/table.cpp.
#include "core/config/checks.hpp"
#include "core/config/toml_read.hpp"

namespace llmgw::toml_read {
namespace {

// The place of every string of a list, or of the one string that stands for a list.
std::vector<std::string> places_of(const toml::node* node, const Findings& findings) {
    std::vector<std::string> places;
    if (node == nullptr) { return places; }
    if (const auto* list = node->as_array()) {
        for (const auto& element : *list) {
            places.push_back(findings.place(element.source().begin));
        }
    } else {
        places.push_back(findings.place(node->source().begin));
    }
    return places;
}

void read_route(const toml::key& key, const toml::node& node, Config& config, Findings& findings) {
    RouteConfig route;
    route.name = key.str();
    route.where = findings.place(key.source().begin);
    const auto shown = "routes." + route.name;
    std::string checked = route.name;
    if (!check_model(checked).empty() || route.name.find('/') != std::string::npos) {
        findings.add(key.source().begin,
                     shown + ": what follows \"routes.\" must be a name without a slash and spaces");
        return;
    }
    const toml::node* given = nullptr;
    // NAME = "provider/model", or a list of these, is a route with nothing else said.
    if (node.is_string() || node.is_array()) {
        const auto& targets = *std::ranges::find(route_settings(), "targets", &RouteSetting::key);
        std::visit(Store<RouteConfig>(targets, shown, node, route, findings), targets.slot);
        given = &node;
    } else if (const auto* table = node.as_table()) {
        read_table(*table, shown, route_settings(), route, findings);
        given = table->get("targets");
    } else {
        findings.add(key.source().begin,
                     fmt::format("{} must be a table, or one or more targets, not {}", shown, type_name(node)));
        return;
    }
    route.places = places_of(given, findings);
    if (given == nullptr) {
        findings.add(key.source().begin, shown + " needs targets = [\"provider/model\", ...]");
    } else if (route.places.empty()) {
        findings.add(given->source().begin, shown + ".targets must hold at least one target");
    }
    if (!route.weights.empty() && route.strategy != "weighted") {
        findings.add(key.source().begin, shown + ".weights are for strategy = \"weighted\"");
    } else if (!route.weights.empty() && route.weights.size() != route.places.size()) {
        findings.add(key.source().begin, fmt::format("{} has {} targets and {} weights; each target has one", shown,
                                                     route.places.size(), route.weights.size()));
    } else if (!route.weights.empty() && std::ranges::count(route.weights, 0) == std::ssize(route.weights)) {
        findings.add(key.source().begin, shown + ".weights must not all be 0");
    }
    config.routes.push_back(std::move(route));
}

// Where nothing could match, and what was meant is anybody's guess.
void complain_of_empty(const toml::table& table, const std::string& shown, Findings& findings) {
    for (const auto& [name, value] : table) {
        if (name.str() == "use") { continue; }
        const auto* list = value.as_array();
        const auto* pairs = value.as_table();
        if ((list != nullptr && list->empty()) || (pairs != nullptr && pairs->empty())) {
            findings.add(value.source().begin, fmt::format("{}.{} must hold at least one {}", shown, name.str(),
                                                           list != nullptr ? "pattern" : "name and pattern"));
        }
    }
}

bool asks_about_something(const RuleConfig& rule) {
    return !rule.model.empty() || !rule.feature.empty() || !rule.client_key.empty() || !rule.user.empty() ||
           !rule.agent.empty() || !rule.metadata.empty() || !rule.headers.empty() || rule.background || rule.image ||
           rule.tools || rule.thinking || rule.tokens_above > 0 || rule.tokens_below > 0 || !rule.hours.empty();
}

void read_rule(const toml::table& table, std::size_t number, Config& config, Findings& findings) {
    const auto shown = fmt::format("rules number {}", number);
    const auto at = table.source().begin;
    RuleConfig rule;
    rule.where = findings.place(at);
    const auto found = findings.size();
    read_table(table, shown, rule_settings(), rule, findings);
    complain_of_empty(table, shown, findings);
    // What is wrong may be what it was to ask about.
    if (findings.size() == found && !asks_about_something(rule)) {
        findings.add(at, shown + " asks about nothing; a rule for all calls is a route");
    }
    rule.places = places_of(table.get("use"), findings);
    if (rule.places.empty()) { findings.add(at, shown + " needs use = \"ROUTE\" or [\"provider/model\", ...]"); }
    config.rules.push_back(std::move(rule));
}

}  // namespace

void read_routes(const toml::table& table, Config& config, Findings& findings) {
    // toml++ keeps a table's keys by name; people keep them in an order.
    std::vector<std::pair<const toml::key*, const toml::node*>> routes;
    for (const auto& [name, value] : table) {
        routes.emplace_back(&name, &value);
    }
    std::ranges::sort(routes, {}, [](const auto& route) {
        const auto at = route.first->source().begin;
        return std::pair(at.line, at.column);
    });
    for (const auto& [name, value] : routes) {
        read_route(*name, *value, config, findings);
    }
}

void read_rules(const toml::key& key, const toml::node& node, Config& config, Findings& findings) {
    const auto* list = node.as_array();
    if (list == nullptr) {
        return findings.add(key.source().begin, "rules must be written as [[rules]], one table for each rule");
    }
    for (const auto& element : *list) {
        if (const auto* table = element.as_table()) {
            read_rule(*table, config.rules.size() + 1, config, findings);
        } else {
            findings.add(element.source().begin, fmt::format("rules must hold tables, not {}", type_name(element)));
        }
    }
}

}  // namespace llmgw::toml_read
