#include "core/route/table.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/route/resolve.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

class Maker {
public:
    Maker(const Config& config, const std::vector<Provider>& providers) : config_(config), providers_(providers) {}

    Result<std::vector<Route>> run() {
        // Their addresses must stay: routes point at each other.
        routes_.reserve(config_.routes.size());
        for (const auto& table : config_.routes) {
            Route route;
            route.name = table.name;
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
        if (!errors_.empty()) { return fail(ErrorKind::config, errors_); }
        return std::move(routes_);
    }

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
            if (auto target = read_target(table.targets[i], "routes." + table.name, where)) {
                route.targets.push_back(std::move(*target));
            }
        }
    }

    std::optional<RouteTarget> read_target(std::string_view text, const std::string& shown, const std::string& where) {
        const auto slash = text.find('/');
        if (slash == std::string_view::npos) {
            const auto route = std::ranges::find(routes_, text, &Route::name);
            if (route != routes_.end()) { return RouteTarget{nullptr, {}, &*route}; }
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
        return RouteTarget{provider, std::string(text.substr(slash + 1)), nullptr};
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
    std::vector<Route> routes_;
    std::string errors_;
};

}  // namespace

Result<RouteTable> RouteTable::make(const Config& config, const std::vector<Provider>& providers) {
    auto routes = Maker(config, providers).run();
    if (!routes) { return std::unexpected(routes.error()); }
    RouteTable table;
    table.routes_ = std::move(*routes);
    return table;
}

const Route* RouteTable::find(std::string_view name) const {
    if (routes_.empty()) { return nullptr; }
    if (name.starts_with(via_prefix)) { name.remove_prefix(via_prefix.size()); }
    const auto found = std::ranges::find(routes_, name, &Route::name);
    return found == routes_.end() ? nullptr : &*found;
}

}  // namespace llmgw
