#include "core/route/sessions.hpp"

namespace llmgw {

std::string SessionTargets::key_of(std::string_view route, std::string_view client_key, std::string_view session) {
    std::string key(route);
    key.append(1, '\0').append(client_key).append(1, '\0').append(session.substr(0, 512));
    return key;
}

std::optional<SessionTarget> SessionTargets::find(std::string_view key) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(std::string(key));
    if (found == entries_.end()) { return std::nullopt; }
    return found->second.target;
}

void SessionTargets::remember(const std::string& key, SessionTarget target) {
    const std::lock_guard lock(mutex_);
    const auto [entry, added] = entries_.try_emplace(key);
    if (added) {
        by_use_.push_front(key);
        entry->second.place = by_use_.begin();
    } else {
        by_use_.splice(by_use_.begin(), by_use_, entry->second.place);
    }
    entry->second.target = std::move(target);
    if (entries_.size() > sessions_max_) {
        entries_.erase(by_use_.back());
        by_use_.pop_back();
    }
}

}  // namespace llmgw
