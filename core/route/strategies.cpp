#include "core/route/strategies.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace llmgw {
namespace {

// What an answer has, where the request does not say less: its length is not known before.
constexpr std::int64_t output_tokens_guess = 500;
// A slow target is measured again once in so many calls; it may have become fast.
constexpr std::uint64_t explore_once_in = 20;

// A number from a number, each as likely (splitmix64): chance that tests can repeat.
std::uint64_t next_random(std::uint64_t& state) {
    state += 0x9e3779b97f4a7c15ULL;
    auto z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

std::int64_t output_tokens(const Circumstances& now) {
    const auto asked = now.facts != nullptr ? now.facts->max_tokens : std::nullopt;
    return std::clamp<std::int64_t>(asked.value_or(output_tokens_guess), 0, output_tokens_guess);
}

// Prompt tokens that the target has in its cache.
std::int64_t warm_tokens(const RouteTarget& target, const Circumstances& now, std::int64_t prompt) {
    const auto& last = now.session;
    if (!last || last->provider != target.provider->name || last->model != target.model) { return 0; }
    if (now.now_ms - last->used_ms > cache_warm_ms) { return 0; }
    return std::min(prompt, last->prompt_tokens);
}

void by_position(std::vector<RouteEntry>& entries) {
    for (auto& entry : entries) {
        entry.reason = "number " + std::to_string(entry.position) + " of the route";
    }
}

void by_weight(const Circumstances& now, std::vector<RouteEntry>& entries) {
    std::int64_t total = 0;
    for (const auto& entry : entries) {
        total += entry.weight;
    }
    auto state = now.session_hash != 0 ? now.session_hash : now.seed;
    auto drawn =
        static_cast<std::int64_t>(next_random(state) % static_cast<std::uint64_t>(std::max<std::int64_t>(total, 1)));
    auto first = entries.begin();
    for (auto at = entries.begin(); at != entries.end(); ++at) {
        first = at;
        if (drawn < at->weight) { break; }
        drawn -= at->weight;
    }
    const auto how = now.session_hash != 0 ? "drawn for this session, weight" : "drawn, weight";
    for (auto& entry : entries) {
        entry.reason = fmt::format("not drawn, weight {} of {}", entry.weight, total);
    }
    first->reason = fmt::format("{} {} of {}", how, first->weight, total);
    std::rotate(entries.begin(), first, first + 1);
    std::stable_sort(entries.begin() + 1, entries.end(),
                     [](const RouteEntry& a, const RouteEntry& b) { return a.weight > b.weight; });
}

void by_cost(const Circumstances& now, std::vector<RouteEntry>& entries) {
    struct Priced {
        std::int64_t nano;
        RouteEntry entry;
    };
    std::vector<Priced> priced;
    for (auto& entry : entries) {
        const auto cost = estimated_cost(*entry.first, now);
        const auto prompt = now.facts != nullptr ? now.facts->of_body().needs.input_tokens : 0;
        const auto warm = warm_tokens(*entry.first, now, prompt);
        entry.reason =
            cost ? fmt::format("about ${} for {} tokens in{} and {} out", format_dollars(*cost * 1000), prompt,
                               warm > 0 ? fmt::format(" ({} of them cached)", warm) : "", output_tokens(now))
                 : "no price is known";
        priced.push_back({cost.value_or(std::numeric_limits<std::int64_t>::max()), std::move(entry)});
    }
    std::ranges::stable_sort(priced, {}, &Priced::nano);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i] = std::move(priced[i].entry);
    }
}

// Milliseconds that an answer of the usual length takes; 0 when nothing is known, so that it is found out.
double expected_ms(const TargetHealth& health, const Circumstances& now) {
    double ms = health.first_token_ms;
    if (health.tokens_per_s > 0) { ms += 1000.0 * static_cast<double>(output_tokens(now)) / health.tokens_per_s; }
    // One that fails half the time takes twice as long.
    return ms / std::max(0.05, 1.0 - health.error_share);
}

void by_speed(const Circumstances& now, std::vector<RouteEntry>& entries) {
    struct Timed {
        bool open;
        double ms;
        RouteEntry entry;
    };
    std::vector<Timed> timed;
    for (auto& entry : entries) {
        const auto health =
            now.health != nullptr ? now.health->of(entry.first->provider->name, entry.first->model) : TargetHealth{};
        const auto ms = expected_ms(health, now);
        entry.reason = health.answers == 0
                           ? "not measured yet"
                           : fmt::format("{:.0f} ms to the first token, {:.0f} tokens/s, {:.0f} % errors",
                                         health.first_token_ms, health.tokens_per_s, health.error_share * 100);
        timed.push_back({health.state == BreakerState::open, ms, std::move(entry)});
    }
    std::ranges::stable_sort(timed, {}, [](const Timed& one) { return std::pair(one.open, one.ms); });
    const auto usable = static_cast<std::size_t>(std::ranges::count(timed, false, &Timed::open));
    if (usable > 1) {
        // The better of two drawn goes first, so that not all calls run to the one that was fastest a moment ago.
        auto state = now.seed;
        auto one = next_random(state) % usable;
        auto other = next_random(state) % (usable - 1);
        if (other >= one) { ++other; }
        const bool explore = next_random(state) % explore_once_in == 0;
        const auto chosen = explore ? one : std::min(one, other);
        timed[chosen].entry.reason =
            (explore ? "measured again: " : "the better of two drawn: ") + timed[chosen].entry.reason;
        const auto at = timed.begin() + static_cast<std::ptrdiff_t>(chosen);
        std::rotate(timed.begin(), at, at + 1);
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i] = std::move(timed[i].entry);
    }
}

}  // namespace

std::optional<std::int64_t> estimated_cost(const RouteTarget& target, const Circumstances& now) {
    if (target.provider->local) { return 0; }
    if (now.prices == nullptr) { return std::nullopt; }
    const auto prompt = now.facts != nullptr ? now.facts->of_body().needs.input_tokens : 0;
    const auto warm = warm_tokens(target, now, prompt);
    Usage usage;
    usage.counts.input = prompt - warm;
    usage.counts.output = output_tokens(now);
    if (warm > 0) { usage.counts.cache_read = warm; }
    auto cost = now.prices->cost(target.provider->price_list, target.model, usage);
    if (!cost.nano && warm > 0) {
        // It has no price for cached tokens.
        usage.counts.cache_read.reset();
        usage.counts.input = prompt;
        cost = now.prices->cost(target.provider->price_list, target.model, usage);
    }
    return cost.nano;
}

void order_entries(Strategy strategy, const Circumstances& now, std::vector<RouteEntry>& entries) {
    if (entries.empty()) { return; }
    switch (strategy) {
        case Strategy::fallback: return by_position(entries);
        case Strategy::weighted: return by_weight(now, entries);
        case Strategy::cheapest: return by_cost(now, entries);
        case Strategy::fastest: return by_speed(now, entries);
    }
}

}  // namespace llmgw
