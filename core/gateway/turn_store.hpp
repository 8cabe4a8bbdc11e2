// Conversations kept for clients that go on by an answer's id (core/dialect/turns.hpp). In memory only: they are
// prompts, which llmgw writes to no disk unless told to. Bounded by number, bytes and age.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/config/config.hpp"
#include "core/util/clock.hpp"

namespace llmgw {

struct TurnLimits {
    std::size_t count_max = 0;  // 0: nothing is kept
    std::size_t bytes_max = 0;
    std::chrono::milliseconds age_max{};  // since it was kept or last gone on from
};

TurnLimits turn_limits(const ResponsesConfig& config);

// Safe to use from any thread.
class TurnStore {
public:
    explicit TurnStore(const Clock& clock) : clock_(clock) {}

    // Keeps all items up to and with the answer `id`, for this owner. What was used least recently makes room; what is
    // larger than the limit by itself is not kept.
    void put(std::string_view owner, std::string_view id, std::string items, const TurnLimits& limits);
    // Null when this owner has none of that id, or it is too old.
    std::shared_ptr<const std::string> find(std::string_view owner, std::string_view id, const TurnLimits& limits);

    std::size_t count() const;
    std::size_t bytes() const;

private:
    struct Kept {
        std::string key;
        std::shared_ptr<const std::string> items;
        std::int64_t used_us = 0;
    };
    using Order = std::list<Kept>;  // the one used last is in front

    static std::string key_of(std::string_view owner, std::string_view id);
    void remove(Order::iterator kept);
    void make_room(const TurnLimits& limits);

    const Clock& clock_;
    mutable std::mutex mutex_;
    Order order_;
    std::unordered_map<std::string, Order::iterator> by_key_;
    std::size_t bytes_ = 0;
};

}  // namespace llmgw
