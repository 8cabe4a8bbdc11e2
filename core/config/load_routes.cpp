// [routes.NAME] tables. What they name is checked against the providers in core/route/table.cpp.
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
    config.routes.push_back(std::move(route));
}

}  // namespace

void read_routes(const toml::table& table, Config& config, Findings& findings) {
    for (const auto& [name, value] : table) {
        read_route(name, value, config, findings);
    }
}

}  // namespace llmgw::toml_read
