#include "core/route/table.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/config/checks.hpp"
#include "core/route/resolve.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

Strategy strategy_from(std::string_view name) {
    if (name == "weighted") { return Strategy::weighted; }
    if (name == "cheapest") { return Strategy::cheapest; }
    return name == "fastest" ? Strategy::fastest : Strategy::fallback;
}

std::vector<RouteTarget> equals_at(const EqualModels& equal_models, const Provider& provider, std::string_view model) {
    std::vector<RouteTarget> out;
    for (auto& equal : equal_models.others(provider, model)) {
        out.push_back({equal.provider, std::move(equal.model), nullptr, 1, provider.name + "/" + std::string(model)});
    }
    return out;
}

bool wants_equals(const Config& config) {
    return config.routing.fallback == "auto" ||
           std::ranges::any_of(config.routes, [](const RouteConfig& route) { return route.fallback == "auto"; });
}

class Maker {
public:
    Maker(const Config& config, const std::vector<Provider>& providers, const EqualModels& equal_models)
        : config_(config), providers_(providers), equal_models_(equal_models) {}

    Result<> run() {
        // Their addresses must stay: routes point at each other.
        routes_.reserve(config_.routes.size());
        rule_routes_.reserve(config_.rules.size());
        for (const auto& table : config_.routes) {
            Route route;
            route.name = table.name;
            route.strategy = strategy_from(table.strategy);
            route.sticky = table.sticky;
            route.strict = table.strict;
            route.resume = table.resume;
            if (table.first_content_s > 0) { route.first_content_max = std::chrono::seconds(table.first_content_s); }
            routes_.push_back(std::move(route));
            if (find_provider(table.name) != nullptr) {
                add(table.where, fmt::format("routes.{} has a provider's name; a route needs another", table.name));
            }
        }
        for (std::size_t i = 0; i < routes_.size(); ++i) {
            fill(config_.routes[i], routes_[i]);
        }
        std::vector<Mark> marks(routes_.size(), Mark::unseen);
        for (std::size_t i = 0; i < routes_.size() && errors_.empty(); ++i) {
            if (has_cycle(routes_[i], marks)) {
                add(config_.routes[i].where,
                    fmt::format("routes.{} leads back to itself or to a route that does", routes_[i].name));
            }
        }
        for (std::size_t i = 0; i < config_.rules.size(); ++i) {
            add_rule(config_.rules[i], i + 1);
        }
        if (!errors_.empty()) { return fail(ErrorKind::config, errors_); }
        return {};
    }

    std::vector<Route> routes_;
    std::vector<Rule> rules_;
    std::vector<Route> rule_routes_;

private:
    void add(const std::string& where, const std::string& what) {
        errors_ += (errors_.empty() ? "" : "\n") + (where.empty() ? what : where + ": " + what);
    }
    const Provider* find_provider(std::string_view name) const {
        const auto found = std::ranges::find(providers_, name, &Provider::name);
        return found == providers_.end() ? nullptr : &*found;
    }

    void fill(const RouteConfig& table, Route& route) {
        for (std::size_t i = 0; i < table.targets.size(); ++i) {
            const auto& where = i < table.places.size() ? table.places[i] : table.where;
            auto target = read_target(table.targets[i], "routes." + table.name, where);
            if (!target) { continue; }
            if (i < table.weights.size()) { target->weight = table.weights[i]; }
            if (table.fallback == "auto" && target->provider != nullptr) {
                for (auto& equal : equals_at(equal_models_, *target->provider, target->model)) {
                    route.equals.push_back(std::move(equal));
                }
            }
            route.targets.push_back(std::move(*target));
        }
    }

    void add_rule(const RuleConfig& asks, std::size_t number) {
        const auto shown = fmt::format("rules number {}", number);
        Route route;
        route.name = fmt::format("rule {}", number);
        for (std::size_t i = 0; i < asks.use.size(); ++i) {
            const auto& where = i < asks.places.size() ? asks.places[i] : asks.where;
            if (auto target = read_target(asks.use[i], shown, where)) { route.targets.push_back(std::move(*target)); }
        }
        Rule rule{asks, parse_hours(asks.hours), nullptr};
        if (route.targets.size() == 1 && route.targets.front().route != nullptr) {
            rule.route = route.targets.front().route;
        } else {
            rule_routes_.push_back(std::move(route));
            rule.route = &rule_routes_.back();
        }
        rules_.push_back(std::move(rule));
    }

    std::optional<RouteTarget> read_target(std::string_view text, const std::string& shown, const std::string& where) {
        const auto slash = text.find('/');
        if (slash == std::string_view::npos) {
            const auto route = std::ranges::find(routes_, text, &Route::name);
            if (route != routes_.end()) { return RouteTarget{nullptr, {}, &*route, 1, {}}; }
            std::vector<std::string_view> names;
            for (const auto& known : routes_) {
                names.push_back(known.name);
            }
            add(where, fmt::format("{}: \"{}\" is neither provider/model nor a route{}", shown, text,
                                   did_you_mean(text, names)));
            return std::nullopt;
        }
        const auto* provider = find_provider(text.substr(0, slash));
        if (provider == nullptr) {
            std::vector<std::string_view> names;
            for (const auto& known : providers_) {
                names.push_back(known.name);
            }
            const auto hint = did_you_mean(text.substr(0, slash), names);
            add(where, fmt::format("{}: there is no provider \"{}\"{}", shown, text.substr(0, slash),
                                   hint.empty() ? "; there are " + one_of(names) : hint));
            return std::nullopt;
        }
        if (slash + 1 == text.size()) {
            add(where, fmt::format("{}: \"{}\" names no model behind its slash", shown, text));
            return std::nullopt;
        }
        return RouteTarget{provider, std::string(text.substr(slash + 1)), nullptr, 1, {}};
    }

    enum class Mark { unseen, open, done };

    // Depth first; a route met again while it is open leads back to itself.
    bool has_cycle(const Route& route, std::vector<Mark>& marks) const {
        auto& mark = marks[static_cast<std::size_t>(&route - routes_.data())];
        if (mark != Mark::unseen) { return mark == Mark::open; }
        mark = Mark::open;
        for (const auto& target : route.targets) {
            if (target.route != nullptr && has_cycle(*target.route, marks)) { return true; }
        }
        mark = Mark::done;
        return false;
    }

    const Config& config_;
    const std::vector<Provider>& providers_;
    const EqualModels& equal_models_;
    std::string errors_;
};

}  // namespace

Result<RouteTable> RouteTable::make(const Config& config, const std::vector<Provider>& providers,
                                    const ModelCatalogue& catalogue) {
    RouteTable table;
    table.catalogue_ = catalogue;
    table.auto_fallback_ = config.routing.fallback == "auto";
    if (wants_equals(config)) { table.equal_models_ = EqualModels(providers, catalogue); }
    Maker maker(config, providers, table.equal_models_);
    if (auto made = maker.run(); !made) { return std::unexpected(made.error()); }
    table.routes_ = std::move(maker.routes_);
    table.rules_ = std::move(maker.rules_);
    table.rule_routes_ = std::move(maker.rule_routes_);
    return table;
}

std::vector<RouteTarget> RouteTable::equals_of(const Provider& provider, std::string_view model) const {
    return auto_fallback_ ? equals_at(equal_models_, provider, model) : std::vector<RouteTarget>();
}

const Route* RouteTable::find(std::string_view name) const {
    if (routes_.empty()) { return nullptr; }
    if (name.starts_with(via_prefix)) { name.remove_prefix(via_prefix.size()); }
    const auto found = std::ranges::find(routes_, name, &Route::name);
    return found == routes_.end() ? nullptr : &*found;
}

}  // namespace llmgw
