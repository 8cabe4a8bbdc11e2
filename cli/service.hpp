// A running gateway server: its thread, its signals, its reloads and its end.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "core/gateway/gateway.hpp"
#include "core/net/server.hpp"

namespace llmgw {

// The HTTP server of a gateway on a thread of its own.
class Service {
public:
    Service(Gateway& gateway, const ServerOptions& options);
    ~Service();

    Result<int> start();  // the port
    // Stops accepting, waits up to `grace` for running calls, then ends them.
    void stop(std::chrono::milliseconds grace);
    // Lets running calls finish in the background; ended() turns readable when they have.
    void begin_stop();
    void abort();
    int ended_fd() const { return ended_fd_; }

private:
    HttpServer server_;
    std::thread thread_;
    int ended_fd_;
};

}  // namespace llmgw
