// Whose turn it is among a provider's keys: one that the provider refused is set aside for a while, one that has
// reached a limit rests. Knows names of keys, never keys. Safe to use from any thread; time is given.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/provider/provider.hpp"
#include "core/util/clock.hpp"

namespace llmgw {

class KeyTurns {
public:
    explicit KeyTurns(const Clock& clock) : clock_(clock) {}

    struct Turn {
        std::size_t index = 0;  // into Provider::key_references()
        std::string name;
    };
    // Takes a turn; a session's turn is always the same key while that one is good. When none is good, the one that is
    // good again soonest: limits pass, refusals seldom do.
    Turn take(const Provider& provider, std::string_view session);
    // What take() would give without a session, without taking a turn.
    std::size_t next(const Provider& provider) const;

    struct Told {
        std::size_t index = 0;
        bool refused = false;
        bool another = false;  // this one is not good, and another is
    };
    // 401, 402 and 403 set the key aside; 429 lets it rest for `retry_after`, or for `rest_default`. Anything below 400
    // makes it good again. What changes is logged once.
    Told report(const Provider& provider, const std::string& name, int status,
                std::optional<std::chrono::milliseconds> retry_after);
    // It could not be read: set aside.
    void unreadable(const Provider& provider, std::size_t index, const std::string& why);
    void clear();

    struct State {
        std::string provider;
        int good = 0;
        int resting = 0;    // limited
        int set_aside = 0;  // refused
    };
    // Of those providers that have a key which is not good, by name.
    std::vector<State> troubled() const;

    static constexpr std::chrono::milliseconds rest_default{10'000};
    static constexpr std::chrono::milliseconds rest_max{3'600'000};
    // A refused key is tried again after this: it may have been paid for, or replaced where it lives.
    static constexpr std::chrono::milliseconds aside{600'000};

private:
    enum class Condition { good, resting, set_aside };
    struct Slot {
        std::string name;
        Condition condition = Condition::good;
        std::int64_t until_us = 0;  // of a condition that is not good
    };
    struct Ring {
        std::vector<Slot> slots;
        std::size_t next = 0;
    };

    Ring& ring_of(const Provider& provider) const;
    std::size_t choose(const Ring& ring, std::size_t first) const;
    bool is_good(const Slot& slot) const;

    const Clock& clock_;
    mutable std::mutex mutex_;
    mutable std::map<std::string, Ring> rings_;
};

}  // namespace llmgw
