// One request from its head to its reply: host check, endpoint, policies, body, target, dispatch.
#pragma once

#include <memory>
#include <mutex>

#include "core/gateway/exchange.hpp"
#include "core/gateway/model_cache.hpp"
#include "core/net/server.hpp"

namespace llmgw {

class Gateway {
public:
    Gateway(Services services, std::shared_ptr<const Snapshot> snapshot)
        : services_(services), snapshot_(std::move(snapshot)), models_(services_.clock, services_.transport) {}

    HttpReply handle(HttpRequest head, const BodyReader& read_body, const Watch& watch);

    // Calls that begin from now on use the new snapshot.
    void replace(std::shared_ptr<const Snapshot> snapshot);
    std::shared_ptr<const Snapshot> snapshot() const;
    // Keys have changed where they live: they are read again, and so is what they are good for.
    void forget_keys();

private:
    // An offer of a WebSocket, taken or refused.
    HttpReply upgrade(const std::shared_ptr<Exchange>& exchange, HttpRequest head, const Endpoint& endpoint);
    HttpReply serve(const std::shared_ptr<Exchange>& exchange, const BodyReader& read_body);

    Services services_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Snapshot> snapshot_;
    ModelCache models_;
};

}  // namespace llmgw
