#include "core/gateway/turn_store.hpp"

#include <utility>

namespace llmgw {

TurnLimits turn_limits(const ResponsesConfig& config) {
    return {static_cast<std::size_t>(config.keep_count), static_cast<std::size_t>(config.keep_mb) << 20,
            std::chrono::hours(config.keep_hours)};
}

// Ids come from clients: the owner's length in front keeps one owner's id from reading as another's.
std::string TurnStore::key_of(std::string_view owner, std::string_view id) {
    return std::to_string(owner.size()) + ":" + std::string(owner) + std::string(id);
}

void TurnStore::remove(Order::iterator kept) {
    bytes_ -= kept->items->size() + kept->key.size();
    by_key_.erase(kept->key);
    order_.erase(kept);
}

void TurnStore::make_room(const TurnLimits& limits) {
    const auto oldest_us = clock_.steady_us() - std::chrono::microseconds(limits.age_max).count();
    while (!order_.empty() &&
           (order_.size() > limits.count_max || bytes_ > limits.bytes_max || order_.back().used_us < oldest_us)) {
        remove(std::prev(order_.end()));
    }
}

void TurnStore::put(std::string_view owner, std::string_view id, std::string items, const TurnLimits& limits) {
    auto key = key_of(owner, id);
    const std::lock_guard lock(mutex_);
    if (const auto known = by_key_.find(key); known != by_key_.end()) { remove(known->second); }
    // Something too large would drive out all others first and then itself.
    if (limits.count_max > 0 && items.size() + key.size() <= limits.bytes_max) {
        bytes_ += items.size() + key.size();
        order_.push_front({key, std::make_shared<const std::string>(std::move(items)), clock_.steady_us()});
        by_key_.emplace(std::move(key), order_.begin());
    }
    make_room(limits);
}

std::shared_ptr<const std::string> TurnStore::find(std::string_view owner, std::string_view id,
                                                   const TurnLimits& limits) {
    const std::lock_guard lock(mutex_);
    make_room(limits);
    const auto known = by_key_.find(key_of(owner, id));
    if (known == by_key_.end()) { return nullptr; }
    known->second->used_us = clock_.steady_us();
    order_.splice(order_.begin(), order_, known->second);
    return known->second->items;
}

std::size_t TurnStore::count() const {
    const std::lock_guard lock(mutex_);
    return order_.size();
}

std::size_t TurnStore::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

}  // namespace llmgw
