// Prices as data, and the arithmetic from a usage to integer nano-dollars. Pure: no I/O, no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/model/usage.hpp"
#include "core/usage/row.hpp"

namespace llmgw {

// Pico-dollars per million tokens (a $3/M price is 3'000'000'000'000): integers that hold every published
// price exactly or to 13 digits (8.333333333333334e-8 $/token). no_price marks what the list does not say.
using PicoPerMillion = std::int64_t;
inline constexpr PicoPerMillion no_price = -1;

// An amount in pico-dollars as a decimal number of dollars, without trailing zeros: 300'000'000'000 is "0.3".
std::string format_dollars(std::int64_t pico);

// Length of a trailing "-20250929", "-2025-09-29" or "-latest" of a model's name; 0 when there is none.
std::size_t version_suffix(std::string_view model);

// One line of a price list. A model has a base line and may have lines for longer prompts (threshold) and
// for service tiers (variant).
struct PriceLine {
    std::string_view provider;   // price list: anthropic, openai, gemini, groq, openrouter, ...
    std::string_view model;      // as the provider's answers name it
    std::string_view variant;    // "" standard, "flex", "priority", "batch", "fast"
    std::int64_t threshold = 0;  // applies when the whole prompt is larger than this many tokens
    PicoPerMillion input = no_price;
    PicoPerMillion output = no_price;
    PicoPerMillion cache_read = no_price;
    PicoPerMillion cache_write_5m = no_price;
    PicoPerMillion cache_write_1h = no_price;
    PicoPerMillion reasoning = no_price;  // only where reasoning is priced apart from output
    PicoPerMillion audio_input = no_price;
    PicoPerMillion audio_output = no_price;
    std::int64_t web_search_pico = no_price;  // pico-dollars per search
    std::int64_t us_percent = 100;            // multiplier for inference_geo "us" (110 = 1.1 x)
    std::string_view source;                  // which published list said so
    std::string_view date;                    // its date, ISO
};

// A table sorted by (provider, model, variant, threshold). User prices, looked up first, come later.
class Prices {
public:
    explicit Prices(std::span<const PriceLine> table) : table_(table) {}

    // Every line of a model; empty when there is none. Tries the name as given, then without a trailing date
    // (-20250929, -2025-09-29), "-latest" and "@..." suffix. Of a fine-tuned "ft:base:team::id" it tries "ft:base", of
    // an ARN what stands behind its last slash.
    std::span<const PriceLine> find(std::string_view provider, std::string_view model) const;

    // The cost of one answer. nano is nullopt when a bucket that holds tokens has no price. basis is left alone.
    // A bill stated by the provider (usage.reported_cost_nano) wins over the table.
    // The whole prompt of each billed pass chooses its long-context line. service_tier and speed choose the variant:
    // "default", "standard", "on_demand", "auto" and the like are the standard lines, any other tier needs lines of
    // its own, for that prompt length and with every field used. Nothing is borrowed from another tier.
    // Audio and reasoning cost what the rest of their bucket costs where the model has no price of its own for them.
    // nano is also nullopt when the usage holds no number at all.
    // cache_saved_nano is what the same usage would have cost more, had its cache reads been paid as input; not known
    // where the provider stated the bill.
    Cost cost(std::string_view provider, std::string_view model, const Usage& usage) const;

private:
    std::span<const PriceLine> table_;
};

}  // namespace llmgw
