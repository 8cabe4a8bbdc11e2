// What the four dialects share when they read JSON: numbers that may be missing, stated bills, words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/usage.hpp"
#include "core/util/json_scan.hpp"

namespace llmgw::wire {

// A token count: a whole number from 0 to 10^12, or nullopt. The bound keeps every sum far from overflow.
Tokens tokens_in(const json_scan::Value& value);

// Sets `out` when the value is a token count, and leaves it alone otherwise: null changes nothing.
void set_tokens(Tokens& out, const json_scan::Value& value);

// Sums where nullopt means "not reported": nullopt only when both are.
Tokens add_tokens(Tokens a, Tokens b);

// a - b where both are known, never below 0; a when b is not known.
Tokens subtract_tokens(Tokens a, Tokens b);

// A part of `whole` as reported, but never more than it: some hosts count one token more of reasoning than of output.
Tokens part_of(Tokens part, Tokens whole);

// The string, or "" for anything else.
std::string string_or_empty(const json_scan::Value& value);

// Neither null nor an empty string.
bool is_present(const json_scan::Value& value);

// A JSON number's text times 10^power as an integer, rounded half up, computed on the decimal digits: a double
// never stands between the provider's bill and ours. nullopt for negative or absurd (above 9e18) values.
std::optional<std::int64_t> scale_decimal(std::string_view number, int power);

// Usage members by which a provider states the bill itself.
class ReportedCost {
public:
    // Takes the member when it is one of those.
    void take(std::string_view key, const json_scan::Value& value);
    // Nano-dollars, nullopt when nothing was stated.
    std::optional<std::int64_t> nano() const;

private:
    std::optional<std::int64_t> cost_;      // usage.cost: what the host charges
    std::optional<std::int64_t> upstream_;  // usage.cost_details.upstream_inference_cost
    std::optional<std::int64_t> ticks_;     // usage.cost_in_usd_ticks
    bool own_key_ = false;                  // usage.is_byok
};

}  // namespace llmgw::wire
