// A few threads that do the steady part of many streams: wait for all of them at once and move what came. A stream
// has no thread of its own; it gets one for everything out of the ordinary (the end, an error, a slow client, a
// silence). With a thread waking for each event, a thousand streams would be a thousand threads competing for the
// processor; so it is two system calls an event and no switch.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

namespace llmgw {

class RelayLoop {
public:
    enum class End {
        handed_back,  // turn() said so
        idle,         // nothing came within idle()
        cancelled,    // the client's socket closed
        aborted,      // the abort signal came
    };

    // What is parked here. All calls come from one loop thread; none may block.
    class Parked {
    public:
        virtual ~Parked() = default;
        virtual int upstream_fd() const = 0;
        virtual int client_fd() const = 0;  // only its closing matters
        virtual std::chrono::milliseconds idle() const = 0;
        // upstream_fd is readable. False ends the parking.
        virtual bool turn() = 0;
        // The parking is over; the loop has let go of it.
        virtual void resume(End end) = 0;
    };

    // `abort_fd` (or -1): readable when everything must end. `threads` 0: as many as the machine has processors, four
    // at most. Threads start with the first stream.
    explicit RelayLoop(int abort_fd, std::size_t threads = 0);
    ~RelayLoop();
    RelayLoop(const RelayLoop&) = delete;
    RelayLoop& operator=(const RelayLoop&) = delete;

    // Keeps `stream` alive until its resume() has been called.
    void park(std::shared_ptr<Parked> stream);

private:
    class Worker;
    const int abort_fd_;
    const std::size_t count_;
    std::once_flag started_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::atomic<std::size_t> next_{0};
};

}  // namespace llmgw
