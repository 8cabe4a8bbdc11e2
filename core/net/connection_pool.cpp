#include "core/net/connection_pool.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace llmgw {

std::unique_ptr<Connection> ConnectionPool::take(const std::string& origin) {
    for (;;) {
        std::unique_ptr<Connection> connection;
        {
            const std::lock_guard lock(mutex_);
            auto& idle = idle_[origin];
            if (idle.empty()) { return nullptr; }
            connection = std::move(idle.back());
            idle.pop_back();
        }
        // Looked at, and closed if need be, without the lock.
        const auto age = std::chrono::steady_clock::now() - connection->idle_since;
        if (age <= idle_limit_ && connection->usable()) { return connection; }
    }
}

void ConnectionPool::give_back(const std::string& origin, std::unique_ptr<Connection> connection) {
    const auto now = std::chrono::steady_clock::now();
    connection->idle_since = now;
    connection->reused = true;
    Idle old;  // declared before the lock: closed after it is gone
    const std::lock_guard lock(mutex_);
    auto& idle = idle_[origin];
    idle.push_back(std::move(connection));
    // The longest unused ones are at the front.
    std::size_t stale = 0;
    while (stale < idle.size() && (idle.size() - stale > idle_max_ || now - idle[stale]->idle_since > idle_limit_)) {
        ++stale;
    }
    const auto end = idle.begin() + static_cast<std::ptrdiff_t>(stale);
    std::move(idle.begin(), end, std::back_inserter(old));
    idle.erase(idle.begin(), end);
}

}  // namespace llmgw
