#include "core/usage/prices.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <utility>

namespace llmgw {
namespace {

// Tokens times pico-dollars per million. 128 bits, because a billion tokens at 600 dollars do not fit in 64.
__extension__ using Wide = __int128;

// More tokens than any model reads in a year: such a number is an error of the upstream, and no bill is better than
// one from an overflow.
constexpr std::int64_t tokens_max = 1'000'000'000'000;

bool all_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The part of a fine-tuned model's name that has a price: "ft:gpt-4o-2024-08-06:team::id" is priced as
// "ft:gpt-4o-2024-08-06".
std::string_view tuned_base(std::string_view model) {
    if (!model.starts_with("ft:")) { return model; }
    return model.substr(0, model.find(':', 3));
}

struct Key {
    std::string_view provider;
    std::string_view model;
};

bool before(const PriceLine& line, const Key& key) {
    return std::pair(line.provider, line.model) < std::pair(key.provider, key.model);
}

std::span<const PriceLine> exact(std::span<const PriceLine> table, const Key& key) {
    const auto begin = std::lower_bound(table.begin(), table.end(), key, before);
    const auto end = std::find_if(begin, table.end(), [&key](const PriceLine& line) {
        return line.provider != key.provider || line.model != key.model;
    });
    return {begin, end};
}

// The names for the ordinary tier; every other name must have lines of its own.
constexpr std::array<std::string_view, 8> standard_names = {"",          "default", "standard", "standard_only",
                                                            "on_demand", "auto",    "none",     "not_available"};

std::string variant_of(const Usage& usage) {
    std::string tier;
    for (const char c : usage.service_tier) {
        tier += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    // Gemini: trafficType ON_DEMAND_FLEX, ON_DEMAND_PRIORITY.
    if (tier.starts_with("on_demand_")) { tier.erase(0, 10); }
    if (std::ranges::find(standard_names, tier) != standard_names.end()) { tier.clear(); }
    if (usage.speed != "fast") { return tier; }
    // No list prices a fast batch: the joined name finds nothing and the cost is unknown.
    return tier.empty() ? "fast" : tier + "+fast";
}

const PriceLine* line_for(std::span<const PriceLine> lines, std::string_view variant, std::int64_t prompt) {
    const PriceLine* found = nullptr;
    for (const auto& line : lines) {  // thresholds ascend
        if (line.variant == variant && (line.threshold == 0 || prompt > line.threshold)) { found = &line; }
    }
    return found;
}

// A sum that becomes unknown with the first part that has no price.
class Sum {
public:
    void add(std::int64_t tokens, PicoPerMillion price) {
        if (tokens == 0) { return; }
        if (tokens < 0 || tokens > tokens_max || price < 0) {
            known_ = false;
            return;
        }
        total_ += Wide{tokens} * price;
    }
    bool known() const { return known_; }
    Wide total() const { return total_; }

private:
    Wide total_ = 0;
    bool known_ = true;
};

// A part of a bucket may have its own price. Where the model's base line has none either, the part costs what the
// rest costs; where only this tier's line lacks it, nobody knows.
void add_with_part(Sum& sum, std::int64_t whole, std::int64_t part, PicoPerMillion price, PicoPerMillion part_price,
                   PicoPerMillion base_part_price) {
    part = std::clamp<std::int64_t>(part, 0, std::max<std::int64_t>(whole, 0));
    const bool apart = part_price != no_price || base_part_price != no_price;
    sum.add(apart ? whole - part : whole, price);
    if (apart) { sum.add(part, part_price); }
}

// Takes the audio part of the output first, then the reasoning part: no list prices both apart.
void add_output(Sum& sum, const TokenCounts& counts, const PriceLine& line, const PriceLine& base) {
    const auto output = counts.output.value_or(0);
    if (line.audio_output != no_price || base.audio_output != no_price) {
        add_with_part(sum, output, counts.audio_output.value_or(0), line.output, line.audio_output, base.audio_output);
    } else {
        add_with_part(sum, output, counts.reasoning.value_or(0), line.output, line.reasoning, base.reasoning);
    }
}

bool reported_nothing(const TokenCounts& counts) {
    return !counts.input && !counts.cache_read && !counts.cache_write_5m && !counts.cache_write_1h && !counts.output;
}

// One billed pass, in Wide units, with its region's factor in percent. nullopt: unknown.
std::optional<Wide> pass_cost(std::span<const PriceLine> lines, const TokenCounts& counts, const Usage& usage,
                              std::string_view variant) {
    if (lines.empty() || reported_nothing(counts)) { return std::nullopt; }
    for (const auto& bucket : {counts.input, counts.cache_read, counts.cache_write_5m, counts.cache_write_1h}) {
        if (bucket && (*bucket < 0 || *bucket > tokens_max)) { return std::nullopt; }
    }
    const auto prompt = counts.prompt_total();
    const auto* base = line_for(lines, "", 0);
    const auto* standard = line_for(lines, "", prompt);
    const auto* line = line_for(lines, variant, prompt);
    // A tier without a line for a prompt this long must not fall back to its price for short ones.
    if (base == nullptr || line == nullptr || line->threshold < standard->threshold) { return std::nullopt; }
    Sum sum;
    add_with_part(sum, counts.input.value_or(0), counts.audio_input.value_or(0), line->input, line->audio_input,
                  base->audio_input);
    sum.add(counts.cache_read.value_or(0), line->cache_read);
    sum.add(counts.cache_write_5m.value_or(0), line->cache_write_5m);
    sum.add(counts.cache_write_1h.value_or(0), line->cache_write_1h);
    add_output(sum, counts, *line, *base);
    if (!sum.known()) { return std::nullopt; }
    return sum.total() * (usage.inference_geo == "us" ? line->us_percent : 100);
}

// Every pass and the searches, in nano-dollars, rounded once.
std::optional<std::int64_t> total_nano(const Prices& prices, std::string_view provider, std::string_view model,
                                       const Usage& usage) {
    const auto variant = variant_of(usage);
    const auto lines = prices.find(provider, model);
    Wide total = 0;
    const auto add = [&](std::span<const PriceLine> of, const TokenCounts& counts) {
        const auto pass = pass_cost(of, counts, usage, variant);
        total += pass.value_or(0);
        return pass.has_value();
    };
    if (usage.iterations.empty()) {
        if (!add(lines, usage.counts)) { return std::nullopt; }
    }
    for (const auto& pass : usage.iterations) {
        if (!add(pass.model.empty() ? lines : prices.find(provider, pass.model), pass.counts)) { return std::nullopt; }
    }
    if (usage.web_search_requests != 0) {
        Sum fees;
        fees.add(usage.web_search_requests, lines.empty() ? no_price : lines.front().web_search_pico);
        if (!fees.known()) { return std::nullopt; }
        total += fees.total() * 1'000'000 * 100;
    }
    constexpr Wide nano = Wide{1'000'000'000} * 100;  // pico per million, in percent
    const Wide rounded = (total + nano / 2) / nano;
    if (rounded > std::numeric_limits<std::int64_t>::max()) { return std::nullopt; }
    return static_cast<std::int64_t>(rounded);
}

// The same usage with every cache read paid as fresh input. The prompt is as long, so the price lines are the same.
Usage without_cache_reads(Usage usage) {
    const auto move = [](TokenCounts& counts) {
        counts.input = counts.input.value_or(0) + counts.cache_read.value_or(0);
        counts.cache_read = 0;
    };
    move(usage.counts);
    for (auto& pass : usage.iterations) {
        move(pass.counts);
    }
    return usage;
}

}  // namespace

std::size_t version_suffix(std::string_view model) {
    const auto tail = [model](std::size_t n) { return model.size() > n ? model.substr(model.size() - n) : ""; };
    if (const auto t = tail(9); t.starts_with('-') && all_digits(t.substr(1))) { return 9; }
    if (const auto t = tail(11); t.starts_with('-') && all_digits(t.substr(1, 4)) && t[5] == '-' &&
                                 all_digits(t.substr(6, 2)) && t[8] == '-' && all_digits(t.substr(9))) {
        return 11;
    }
    return tail(7) == "-latest" ? 7 : 0;
}

std::string format_dollars(std::int64_t pico) {
    constexpr std::int64_t dollar = 1'000'000'000'000;
    std::string text = std::to_string(pico / dollar);
    std::string fraction = std::to_string(dollar + pico % dollar).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    return fraction.empty() ? text : text + "." + fraction;
}

std::span<const PriceLine> Prices::find(std::string_view provider, std::string_view model) const {
    if (const auto found = exact(table_, {provider, model}); !found.empty()) { return found; }
    // An ARN of Bedrock's ends with the model's id, or with that of a profile that hides it.
    if (model.starts_with("arn:")) { model.remove_prefix(model.rfind('/') + 1); }
    model = tuned_base(model);
    model = model.substr(0, model.find('@'));
    if (const auto found = exact(table_, {provider, model}); !found.empty()) { return found; }
    model.remove_suffix(version_suffix(model));
    return exact(table_, {provider, model});
}

Cost Prices::cost(std::string_view provider, std::string_view model, const Usage& usage) const {
    Cost cost;
    if (usage.reported_cost_nano) {
        cost.nano = usage.reported_cost_nano;
        cost.price_source = "provider";
        return cost;
    }
    cost.nano = total_nano(*this, provider, model, usage);
    if (!cost.nano) { return cost; }
    // Iterations may have come from several models; the first one's list is named.
    auto lines = find(provider, model);
    if (!usage.iterations.empty() && !usage.iterations.front().model.empty()) {
        lines = find(provider, usage.iterations.front().model);
    }
    cost.price_source = lines.front().source;
    cost.price_date = lines.front().date;
    if (usage.counts.cache_read.value_or(0) > 0) {
        const auto uncached = total_nano(*this, provider, model, without_cache_reads(usage));
        if (uncached) { cost.cache_saved_nano = *uncached - *cost.nano; }
    }
    return cost;
}

}  // namespace llmgw
