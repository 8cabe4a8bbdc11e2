#include "core/gateway/key_turns.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/secrets/reference.hpp"
#include "core/telemetry/log.hpp"
#include "core/telemetry/redact.hpp"

namespace llmgw {
namespace {

// A command's text may hold what is nobody's business: it is called by its place in the list.
std::string name_of(const std::string& reference, std::size_t place) {
    const auto parsed = parse_reference(reference);
    if (parsed && parsed->kind == KeyKind::automatic) { return "keychain:" + parsed->name + " or env:" + parsed->env; }
    if (parsed && parsed->kind == KeyKind::cmd) { return "cmd (number " + std::to_string(place + 1) + ")"; }
    return reference;
}

std::int64_t us(std::chrono::milliseconds time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

}  // namespace

// Called with the lock held.
KeyTurns::Ring& KeyTurns::ring_of(const Provider& provider) const {
    auto& ring = rings_[provider.name];
    if (ring.slots.empty()) {
        const auto references = provider.key_references();
        for (std::size_t i = 0; i < references.size(); ++i) {
            Slot slot;
            slot.name = name_of(references[i], i);
            ring.slots.push_back(std::move(slot));
        }
    }
    return ring;
}

bool KeyTurns::is_good(const Slot& slot) const {
    return slot.condition == Condition::good || slot.until_us <= clock_.steady_us();
}

std::size_t KeyTurns::choose(const Ring& ring, std::size_t first) const {
    const auto count = ring.slots.size();
    std::size_t best = first % count;
    const auto rank = [&](std::size_t at) { return std::pair(ring.slots[at].condition, ring.slots[at].until_us); };
    for (std::size_t i = 0; i < count; ++i) {
        const auto at = (first + i) % count;
        if (is_good(ring.slots[at])) { return at; }
        if (rank(at) < rank(best)) { best = at; }
    }
    return best;
}

KeyTurns::Turn KeyTurns::take(const Provider& provider, std::string_view session) {
    const std::lock_guard lock(mutex_);
    auto& ring = ring_of(provider);
    const auto index = choose(ring, session.empty() ? ring.next : std::hash<std::string_view>{}(session));
    if (session.empty()) { ring.next = (index + 1) % ring.slots.size(); }
    return {index, ring.slots[index].name};
}

std::size_t KeyTurns::next(const Provider& provider) const {
    const std::lock_guard lock(mutex_);
    const auto& ring = ring_of(provider);
    return choose(ring, ring.next);
}

KeyTurns::Told KeyTurns::report(const Provider& provider, const std::string& name, int status,
                                std::optional<std::chrono::milliseconds> retry_after) {
    Told told;
    bool news = false;
    bool several = false;
    {
        const std::lock_guard lock(mutex_);
        auto& ring = ring_of(provider);
        several = ring.slots.size() > 1;
        const auto slot = std::ranges::find(ring.slots, name, &Slot::name);
        if (slot == ring.slots.end()) { return told; }
        told.index = static_cast<std::size_t>(slot - ring.slots.begin());
        told.refused = status == 401 || status == 402 || status == 403;
        if (told.refused) {
            news = slot->condition != Condition::set_aside;
            slot->condition = Condition::set_aside;
            slot->until_us = clock_.steady_us() + us(aside);
        } else if (status == 429) {
            news = is_good(*slot);
            slot->condition = Condition::resting;
            slot->until_us = clock_.steady_us() +
                             us(std::clamp(retry_after.value_or(rest_default), std::chrono::milliseconds(0), rest_max));
        } else if (status < 400) {
            slot->condition = Condition::good;
        }
        told.another = (told.refused || status == 429) && std::ranges::any_of(ring.slots, [&](const Slot& other) {
                           return other.name != name && is_good(other);
                       });
    }
    if (news && told.refused) {
        log_warn(several ? "the provider refused a key: it is set aside" : "the provider refused its key",
                 {{"provider", provider.name}, {"key", name}, {"status", std::to_string(status)}});
    } else if (news && several) {
        log_info("a key has reached a limit and rests", {{"provider", provider.name}, {"key", name}});
    }
    return told;
}

void KeyTurns::unreadable(const Provider& provider, std::size_t index, const std::string& why) {
    std::string name;
    {
        const std::lock_guard lock(mutex_);
        auto& slot = ring_of(provider).slots[index];
        slot.condition = Condition::set_aside;
        slot.until_us = clock_.steady_us() + us(aside);
        name = slot.name;
    }
    log_warn("a key cannot be read and is set aside",
             {{"provider", provider.name}, {"key", name}, {"why", redact(why)}});
}

void KeyTurns::clear() {
    const std::lock_guard lock(mutex_);
    rings_.clear();
}

std::vector<KeyTurns::State> KeyTurns::troubled() const {
    const std::lock_guard lock(mutex_);
    std::vector<State> out;
    for (const auto& [name, ring] : rings_) {
        State state{name};
        for (const auto& slot : ring.slots) {
            if (is_good(slot)) {
                ++state.good;
            } else {
                ++(slot.condition == Condition::resting ? state.resting : state.set_aside);
            }
        }
        if (state.resting + state.set_aside > 0) { out.push_back(std::move(state)); }
    }
    return out;
}

}  // namespace llmgw
