// The routes of a configuration, checked against its providers. Made with each snapshot; then only read.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.hpp"
#include "core/provider/provider.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct Route;

struct RouteTarget {
    const Provider* provider = nullptr;  // null when another route is meant
    std::string model;                   // as the provider knows it
    const Route* route = nullptr;
};

enum class Strategy { fallback };

struct Route {
    std::string name;
    Strategy strategy = Strategy::fallback;
    std::vector<RouteTarget> targets;  // at least one
};

// Immutable; its routes point at each other and at the providers it was made of.
class RouteTable {
public:
    RouteTable() = default;
    RouteTable(RouteTable&&) = default;
    RouteTable& operator=(RouteTable&&) = default;
    RouteTable(const RouteTable&) = delete;
    RouteTable& operator=(const RouteTable&) = delete;

    // `providers` outlive the table and do not move. Errors (config): each finding a line with file:line:column.
    static Result<RouteTable> make(const Config& config, const std::vector<Provider>& providers);

    // The route a client means by this name, as it is or behind via_prefix (core/route/resolve.hpp); null for none.
    const Route* find(std::string_view name) const;
    // In the file's order.
    std::span<const Route> routes() const { return routes_; }
    bool empty() const { return routes_.empty(); }

private:
    std::vector<Route> routes_;
};

}  // namespace llmgw
