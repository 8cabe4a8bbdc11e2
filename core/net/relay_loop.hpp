// A few threads that do the steady part of many streams: wait for all of them at once and move what came. A
// connection's own thread sleeps meanwhile, and gets its stream back for everything out of the ordinary (the end,
// an error, a slow client, a silence). With a thread waking for each event, a thousand streams would be a
// thousand threads competing for the processor; so it is two system calls an event and no switch.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/net/transport.hpp"

namespace llmgw {

class RelayLoop {
public:
    // `threads` 0: half as many as the machine has processors, one at least and four at most: the other half is for
    // whoever reads and writes at the streams' ends. Threads start with the first stream.
    explicit RelayLoop(std::size_t threads = 0);
    ~RelayLoop();
    RelayLoop(const RelayLoop&) = delete;
    RelayLoop& operator=(const RelayLoop&) = delete;

    enum class End {
        handed_back,  // `turn` said so
        idle,         // nothing came within `idle`
        cancelled,    // the client's socket closed
        aborted,      // the abort signal came
    };
    // Calls `turn` on one of the loop's threads whenever `fd` is readable, until it returns false. Blocks the
    // caller until then; what `turn` touches is the loop's in between. `turn` must not block.
    End relay(int fd, const Watch& watch, std::chrono::milliseconds idle, std::function<bool()> turn);

private:
    class Worker;
    std::size_t count_;
    std::once_flag started_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::atomic<std::size_t> next_{0};
};

}  // namespace llmgw
