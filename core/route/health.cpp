#include "core/route/health.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace llmgw {
namespace {

constexpr double weight = 1.0 / 8;

void average(double& into, double value, bool first) {
    into = first ? value : into + weight * (value - into);
}

// No provider's name holds a slash.
std::string key_of(std::string_view provider, std::string_view model) {
    std::string key;
    key.reserve(provider.size() + 1 + model.size());
    return key.append(provider).append("/").append(model);
}

}  // namespace

Health::Entry* Health::find(std::string_view provider, std::string_view model) {
    const auto found = entries_.find(key_of(provider, model));
    return found == entries_.end() ? nullptr : &found->second;
}

Health::Entry& Health::entry(std::string_view provider, std::string_view model) {
    auto [at, added] = entries_.try_emplace(key_of(provider, model));
    auto& made = at->second;
    made.used_us = clock_.steady_us();
    if (!added) { return made; }
    made.facts.provider = provider;
    made.facts.model = model;
    if (entries_.size() > targets_max) {
        auto oldest = entries_.end();
        for (auto it = entries_.begin(); it != entries_.end(); ++it) {
            const bool older = oldest == entries_.end() || it->second.used_us < oldest->second.used_us;
            if (it != at && older) { oldest = it; }
        }
        entries_.erase(oldest);
    }
    return made;
}

TargetHealth Health::view(const Entry& entry) const {
    auto facts = entry.facts;
    if (entry.open_until_us == 0) { return facts; }
    const auto left_us = entry.open_until_us - clock_.steady_us();
    facts.state = left_us > 0 ? BreakerState::open : BreakerState::half_open;
    facts.open_left_ms = left_us > 0 ? (left_us + 999) / 1000 : 0;
    return facts;
}

TargetHealth Health::of(std::string_view provider, std::string_view model) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key_of(provider, model));
    if (found != entries_.end()) { return view(found->second); }
    TargetHealth unknown;
    unknown.provider = provider;
    unknown.model = model;
    return unknown;
}

std::vector<TargetHealth> Health::all() const {
    std::vector<TargetHealth> all;
    {
        const std::lock_guard lock(mutex_);
        all.reserve(entries_.size());
        for (const auto& [key, entry] : entries_) {
            all.push_back(view(entry));
        }
    }
    std::ranges::sort(all, [](const auto& a, const auto& b) {
        return std::tie(a.provider, a.model) < std::tie(b.provider, b.model);
    });
    return all;
}

Health::Admission Health::admit(std::string_view provider, std::string_view model, const BreakerPolicy& policy) {
    const std::lock_guard lock(mutex_);
    auto* known = find(provider, model);
    if (known == nullptr || known->open_until_us == 0) { return Admission::yes; }
    const auto now = clock_.steady_us();
    known->used_us = now;
    if (now < known->open_until_us || now < known->probe_until_us) { return Admission::no; }
    known->probe_until_us = now + std::chrono::microseconds(policy.open).count();
    return Admission::probe;
}

void Health::open(Entry& entry, std::int64_t until_us) {
    if (entry.open_until_us == 0) { entry.facts.open_since_ms = clock_.now_ms(); }
    entry.open_until_us = until_us;
}

void Health::count(Entry& entry, bool failed) {
    average(entry.facts.error_share, failed ? 1 : 0, !std::exchange(entry.measured, true));
    ++(failed ? entry.facts.failures : entry.facts.answers);
}

void Health::measure(Entry& entry, const AnswerSpeed& speed) {
    auto& facts = entry.facts;
    if (speed.first_token_ms) { average(facts.first_token_ms, *speed.first_token_ms, facts.first_token_ms == 0); }
    if (speed.tokens_per_s) { average(facts.tokens_per_s, *speed.tokens_per_s, facts.tokens_per_s == 0); }
}

void Health::succeeded(std::string_view provider, std::string_view model, const AnswerSpeed& speed) {
    const std::lock_guard lock(mutex_);
    auto& it = entry(provider, model);
    count(it, false);
    it.failures_in_a_row = it.open_until_us = it.probe_until_us = it.facts.open_since_ms = 0;
    measure(it, speed);
}

void Health::spoke(std::string_view provider, std::string_view model, const AnswerSpeed& speed) {
    const std::lock_guard lock(mutex_);
    measure(entry(provider, model), speed);
}

void Health::failed(std::string_view provider, std::string_view model, const BreakerPolicy& policy) {
    const std::lock_guard lock(mutex_);
    auto& it = entry(provider, model);
    count(it, true);
    ++it.failures_in_a_row;
    it.probe_until_us = 0;
    if (policy.failures <= 0) { return; }
    const bool was_probed = it.open_until_us != 0;
    if (!was_probed && it.failures_in_a_row < policy.failures) { return; }
    // One that was asked while it was open, because nothing else was left, does not stay open for longer.
    const auto now = clock_.steady_us();
    if (now < it.open_until_us) { return; }
    open(it, now + std::chrono::microseconds(policy.open).count());
}

void Health::rest(std::string_view provider, std::string_view model, std::chrono::milliseconds time) {
    if (time <= std::chrono::milliseconds(0)) { return; }
    const std::lock_guard lock(mutex_);
    auto& it = entry(provider, model);
    it.probe_until_us = 0;
    open(it, std::max(it.open_until_us, clock_.steady_us() + std::chrono::microseconds(time).count()));
}

void Health::released(std::string_view provider, std::string_view model) {
    const std::lock_guard lock(mutex_);
    if (auto* known = find(provider, model)) { known->probe_until_us = 0; }
}

}  // namespace llmgw
