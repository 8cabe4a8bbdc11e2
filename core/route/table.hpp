// The routes and rules of a configuration, checked against its providers. Made with each snapshot; then only read.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/config.hpp"
#include "core/provider/provider.hpp"
#include "core/route/capabilities.hpp"
#include "core/route/equal_models.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct Route;

struct RouteTarget {
    const Provider* provider = nullptr;  // null when another route is meant
    std::string model;                   // as the provider knows it
    const Route* route = nullptr;
    std::int64_t weight = 1;
    std::string equal_to;  // not written in the configuration, but the same model as this one

    std::string name() const { return provider->name + "/" + model; }
};

enum class Strategy { fallback, weighted, cheapest, fastest };

struct Route {
    std::string name;
    Strategy strategy = Strategy::fallback;
    bool sticky = false;
    bool strict = false;
    std::optional<bool> resume;
    std::optional<std::chrono::seconds> first_content_max;
    std::vector<RouteTarget> targets;  // at least one
    std::vector<RouteTarget> equals;   // come last, in this order
};

struct Rule {
    RuleConfig asks;  // its `use` is `route`
    std::optional<std::pair<int, int>> hours;
    const Route* route = nullptr;
};

// Immutable; its routes point at each other and at the providers it was made of.
class RouteTable {
public:
    RouteTable() = default;
    RouteTable(RouteTable&&) = default;
    RouteTable& operator=(RouteTable&&) = default;
    RouteTable(const RouteTable&) = delete;
    RouteTable& operator=(const RouteTable&) = delete;

    // `providers` and `catalogue`'s table outlive the table and do not move. Errors (config): each finding a line with
    // file:line:column.
    static Result<RouteTable> make(const Config& config, const std::vector<Provider>& providers,
                                   const ModelCatalogue& catalogue = {});

    // The route a client means by this name, as it is or behind via_prefix (core/route/resolve.hpp); null for none.
    const Route* find(std::string_view name) const;
    // In the file's order.
    std::span<const Route> routes() const { return routes_; }
    std::span<const Rule> rules() const { return rules_; }
    const ModelCatalogue& catalogue() const { return catalogue_; }
    bool has_equals() const { return auto_fallback_; }
    // The same model elsewhere, for a model that is asked for itself; empty unless [routing] fallback = "auto".
    std::vector<RouteTarget> equals_of(const Provider& provider, std::string_view model) const;

private:
    std::vector<Route> routes_;
    std::vector<Rule> rules_;
    std::vector<Route> rule_routes_;  // of rules that name targets
    ModelCatalogue catalogue_;
    EqualModels equal_models_;
    bool auto_fallback_ = false;
};

}  // namespace llmgw
