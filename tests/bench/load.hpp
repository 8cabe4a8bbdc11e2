// The load generator: one thread, one epoll, on the loopback. Used by the `load` tool and by the driver.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tests/bench/wire.hpp"

namespace llmgw::bench {

struct LoopOptions {
    int port = 0;
    int connections = 1;
    double warmup_s = 0.3;  // calls that end within it are not counted
    double seconds = 2;
    RequestOptions request;
};

struct LoopResult {
    double requests_per_s = 0;
    double p50_us = 0;
    double p90_us = 0;
    double p99_us = 0;
    std::uint64_t calls = 0;   // all of them, the warm-up's too
    std::uint64_t errors = 0;  // another status, another body, or a connection that broke
    std::uint64_t reconnects = 0;
    std::string first_error;
};

// Calls that do not stream, each connection sending its next one when it has its answer.
LoopResult run_loop(const LoopOptions& options);

struct StreamsOptions {
    int port = 0;
    int streams = 1000;
    double ramp_s = 1;  // the time over which they are opened; 0 for a burst
    RequestOptions request;
    // The mock speaks another dialect than the request: no byte is what it sent, but every time stamp arrives, in its
    // event, and the end does.
    bool translated = false;
    // Called once, from another thread, when about three quarters of the time have gone by: all streams run then.
    std::function<void()> while_running;
};

struct StreamsResult {
    std::uint64_t streams = 0;
    std::uint64_t broken = 0;  // ended early, with another status, or with bytes that were not sent
    std::uint64_t events = 0;
    double connect_ms_max = 0;
    double first_event_ms_p50 = 0;  // from the request's send to the first event
    double first_event_ms_p99 = 0;
    double first_event_ms_max = 0;
    double delay_us_p50 = 0;  // of each event, from the mock's send to the client's receive
    double delay_us_p99 = 0;
    double delay_us_max = 0;
    double steady_us_p50 = 0;  // the same for events sent when all streams had had their first event
    double steady_us_p99 = 0;
    double seconds = 0;
    std::string first_error;
};

// Concurrent streams, each on a connection of its own, read to their ends and checked byte for byte.
StreamsResult run_streams(const StreamsOptions& options);

std::string to_json(const LoopResult& result);
std::string to_json(const StreamsResult& result);

// `text` as a JSON string.
std::string json_string(std::string_view text);

}  // namespace llmgw::bench
