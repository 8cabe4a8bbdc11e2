#include "core/net/stream_driver.hpp"

#include <exception>
#include <utility>

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
        } catch (const std::exception&) { progress = ReplyStream::Progress::cut; }
        if (progress == ReplyStream::Progress::parked) { return driver_.relay_.park(shared_from_this()); }
        stream_.reset();
        over_(progress == ReplyStream::Progress::whole);
        driver_.one_less();
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
    : abort_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), pool_(threads_max, idle_thread_limit), relay_(abort_.get()) {}

StreamDriver::~StreamDriver() {
    abort();
    wait(std::chrono::hours(1));
    pool_.join();
}

void StreamDriver::one_more() {
    const std::lock_guard lock(mutex_);
    ++running_;
}

void StreamDriver::one_less() {
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) { all_over_.notify_all(); }
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
        over(whole);
        one_less();
    });
}

void StreamDriver::abort() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(abort_.get(), &one, sizeof one);
}

bool StreamDriver::wait(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    return all_over_.wait_for(lock, limit, [this] { return running_ == 0; });
}

}  // namespace llmgw
