// The transport: HTTP/1.1 on pooled connections. A request is driven by the very thread that waits for it, with no
// hand-over; connections go back to a last-in-first-out pool per origin.
#pragma once

#include <memory>

#include "core/net/transport.hpp"

namespace llmgw {

struct TransportOptions {
    // As many as there can be calls at once, or a wave of streams would pay for its connections each time.
    std::size_t idle_per_origin_max = 1024;
    std::chrono::seconds idle_limit{90};  // a pooled connection unused for longer is closed
};

// Safe for any number of threads. Must outlive its responses.
std::unique_ptr<Transport> make_http_transport(TransportOptions options = {});

}  // namespace llmgw
