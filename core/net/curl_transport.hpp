// The transport on libcurl. One CURLM with one easy handle serves one request at a time, driven by the very
// thread that waits for it: no hand-over between threads. Finished handles go back to a last-in-first-out
// pool per origin, and with them their open connections.
#pragma once

#include <memory>

#include "core/net/transport.hpp"

namespace llmgw {

struct TransportOptions {
    std::size_t idle_per_origin_max = 64;
    std::chrono::seconds idle_limit{90};  // a pooled connection unused for longer is closed
};

// Safe for any number of threads. Must outlive its responses. libcurl starts at the first request, so that
// a program that makes none does not pay for it.
std::unique_ptr<Transport> make_curl_transport(TransportOptions options = {});

}  // namespace llmgw
