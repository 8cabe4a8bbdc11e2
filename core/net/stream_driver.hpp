// Drives streams that belong to no connection: each is moved to its end into what takes it, whoever reads that. As a
// parked stream of the server's, one has no thread but for what is out of the ordinary.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>

#include "core/net/http.hpp"
#include "core/net/relay_loop.hpp"
#include "core/net/thread_pool.hpp"
#include "core/util/file.hpp"

namespace llmgw {

class StreamDriver {
public:
    StreamDriver();
    // Ends what still runs, and waits for it.
    ~StreamDriver();
    StreamDriver(const StreamDriver&) = delete;
    StreamDriver& operator=(const StreamDriver&) = delete;

    // `over` is called once, on some thread, with whether the body became whole. Both return at once.
    void drive(std::unique_ptr<ReplyStream> stream, std::shared_ptr<ClientStream> into, std::function<void(bool)> over);
    void drive(BodyPump pump, std::shared_ptr<ClientStream> into, std::function<void(bool)> over);

    // Readable once everything must end; what is driven watches it.
    int abort_fd() const { return abort_.get(); }
    void abort();
    // Readable while nothing runs.
    int idle_fd() const { return idle_.get(); }
    // Waits until nothing runs any more; what the streams did is then seen by the caller. False: something still does.
    bool wait(std::chrono::milliseconds limit) const;

private:
    class Driven;

    void one_more();
    void end(const std::function<void(bool)>& over, bool whole);

    Fd abort_;
    Fd idle_;
    mutable std::mutex mutex_;
    std::size_t running_ = 0;
    ThreadPool pool_;
    RelayLoop relay_;  // last: its threads call into all of the above
};

}  // namespace llmgw
