#include "core/net/stream_driver.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace llmgw {
namespace {

constexpr std::size_t threads_max = 4096;
constexpr std::chrono::seconds idle_thread_limit{20};

}  // namespace

class StreamDriver::Driven final : public RelayLoop::Parked, public std::enable_shared_from_this<Driven> {
public:
    Driven(StreamDriver& driver, std::unique_ptr<ReplyStream> stream, std::shared_ptr<ClientStream> into,
           std::function<void(bool)> over)
        : driver_(driver), stream_(std::move(stream)), into_(std::move(into)), over_(std::move(over)) {}

    // On a thread that may wait.
    void go_on(ReplyStream::Wake wake) {
        auto progress = ReplyStream::Progress::cut;
        try {
            progress = stream_->advance(*into_, wake);
            if (progress == ReplyStream::Progress::parked) { return driver_.relay_.park(shared_from_this()); }
        } catch (const std::exception&) { progress = ReplyStream::Progress::cut; }
        stream_.reset();
        driver_.end(over_, progress == ReplyStream::Progress::whole);
    }

    int upstream_fd() const override { return stream_->fd(); }
    int client_fd() const override { return -1; }
    std::chrono::milliseconds idle() const override { return stream_->idle(); }
    bool turn() override {
        try {
            return stream_->turn(*into_);
        } catch (const std::exception&) { return false; }
    }
    void resume(RelayLoop::End end) override {
        driver_.pool_.run_surely([self = shared_from_this(), end] { self->go_on(wake_of(end)); });
    }

private:
    static ReplyStream::Wake wake_of(RelayLoop::End end) {
        switch (end) {
            case RelayLoop::End::idle: return ReplyStream::Wake::idle;
            case RelayLoop::End::cancelled: return ReplyStream::Wake::cancelled;
            case RelayLoop::End::aborted: return ReplyStream::Wake::aborted;
            case RelayLoop::End::handed_back: break;
        }
        return ReplyStream::Wake::handed_back;
    }

    StreamDriver& driver_;
    std::unique_ptr<ReplyStream> stream_;
    std::shared_ptr<ClientStream> into_;
    std::function<void(bool)> over_;
};

StreamDriver::StreamDriver()
    : abort_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      idle_(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)),
      pool_(threads_max, idle_thread_limit),
      relay_(abort_.get()) {}

StreamDriver::~StreamDriver() {
    abort();
    wait(std::chrono::hours(1));
    pool_.join();
}

void StreamDriver::one_more() {
    const std::lock_guard lock(mutex_);
    std::uint64_t ignored = 0;
    if (++running_ == 1) { [[maybe_unused]] const auto n = ::read(idle_.get(), &ignored, sizeof ignored); }
}

void StreamDriver::end(const std::function<void(bool)>& over, bool whole) {
    try {
        over(whole);
    } catch (const std::exception&) {  // out of memory: it is over all the same
    }
    const std::lock_guard lock(mutex_);
    const std::uint64_t one = 1;
    if (--running_ == 0) { [[maybe_unused]] const auto n = ::write(idle_.get(), &one, sizeof one); }
}

void StreamDriver::drive(std::unique_ptr<ReplyStream> stream, std::shared_ptr<ClientStream> into,
                         std::function<void(bool)> over) {
    one_more();
    auto driven = std::make_shared<Driven>(*this, std::move(stream), std::move(into), std::move(over));
    // Its first moments may wait for the upstream.
    pool_.run_surely([driven] { driven->go_on(ReplyStream::Wake::begun); });
}

void StreamDriver::drive(BodyPump pump, std::shared_ptr<ClientStream> into, std::function<void(bool)> over) {
    one_more();
    pool_.run_surely([this, pump = std::move(pump), into = std::move(into), over = std::move(over)] {
        bool whole = false;
        try {
            whole = pump(*into);
        } catch (const std::exception&) { whole = false; }
        end(over, whole);
    });
}

void StreamDriver::abort() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(abort_.get(), &one, sizeof one);
}

bool StreamDriver::wait(std::chrono::milliseconds limit) const {
    const auto until = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        pollfd idle{idle_.get(), POLLIN, 0};
        const int count = ::poll(&idle, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (count == 0) { return false; }
        if (count > 0) {
            // poll orders nothing between threads. With the lock, what the streams did happened before this returns.
            const std::lock_guard lock(mutex_);
            return true;
        }  // else a signal
    }
}

}  // namespace llmgw
