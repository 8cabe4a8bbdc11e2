// Idle connections by origin, the most recently used first: those are warm, and the others can age and close.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/net/connection.hpp"

namespace llmgw {

class ConnectionPool {
public:
    ConnectionPool(std::size_t idle_per_origin_max, std::chrono::seconds idle_limit)
        : idle_max_(idle_per_origin_max), idle_limit_(idle_limit) {}

    // A connection that still looks usable, or null.
    std::unique_ptr<Connection> take(const std::string& origin);
    void give_back(const std::string& origin, std::unique_ptr<Connection> connection);

private:
    using Idle = std::vector<std::unique_ptr<Connection>>;
    const std::size_t idle_max_;
    const std::chrono::seconds idle_limit_;
    std::mutex mutex_;
    std::map<std::string, Idle> idle_;
};

}  // namespace llmgw
