// How a route's entries are put in order. Pure: speed, prices, the session's last target and chance are given.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/route/facts.hpp"
#include "core/route/health.hpp"
#include "core/route/sessions.hpp"
#include "core/route/table.hpp"
#include "core/usage/prices.hpp"

namespace llmgw {

// What strategies go by. Null: not known.
struct Circumstances {
    const CallFacts* facts = nullptr;
    const HealthView* health = nullptr;
    const Prices* prices = nullptr;
    std::optional<SessionTarget> session;  // where this session was served last, on this route
    std::uint64_t session_hash = 0;        // of a session that is to stay; 0: draw anew
    std::uint64_t seed = 0;                // chance
    std::int64_t now_ms = 0;               // UTC
};

// A target to order; those behind an entry that is a route are not looked at.
struct RouteEntry {
    const RouteTarget* first = nullptr;  // what this entry would try first
    std::int64_t weight = 1;
    std::size_t position = 0;  // in the configuration
    std::string reason;        // set by order_entries
};

// The entries in the order to try them, with the reason for each.
void order_entries(Strategy strategy, const Circumstances& now, std::vector<RouteEntry>& entries);

// An estimate of what this request costs there, in nano-dollars; nullopt without a price.
std::optional<std::int64_t> estimated_cost(const RouteTarget& target, const Circumstances& now);

// How long a provider keeps a prompt cache that is not used, at least.
inline constexpr std::int64_t cache_warm_ms = 5 * 60'000;

}  // namespace llmgw
