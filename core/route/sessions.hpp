// Which target served a session last, and how much of its prompt that target has seen: its prompt cache is warm. Kept
// for as long as the gateway runs, in bounded memory. Safe to use from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace llmgw {

struct SessionTarget {
    std::string provider;
    std::string model;
    std::int64_t prompt_tokens = 0;  // of its last call
    std::int64_t used_ms = 0;        // when that was, UTC
};

class SessionTargets {
public:
    explicit SessionTargets(std::size_t sessions_max = 10'000) : sessions_max_(sessions_max) {}

    // Of one client key's session on one route, so that nobody moves another's.
    static std::string key_of(std::string_view route, std::string_view client_key, std::string_view session);

    std::optional<SessionTarget> find(std::string_view key) const;
    // Beyond the bound the session used least recently is forgotten.
    void remember(const std::string& key, SessionTarget target);

private:
    struct Entry {
        SessionTarget target;
        std::list<std::string>::iterator place;
    };
    const std::size_t sessions_max_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Entry> entries_;
    std::list<std::string> by_use_;  // the last is the next to go
};

}  // namespace llmgw
