#include "core/net/relay_loop.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace llmgw {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct Job;

// What an epoll event points to: which of a job's descriptors it is about.
struct Source {
    enum class Kind { upstream, client, abort } kind;
    Job* job;
    int fd;
};

struct Job {
    std::function<bool()> turn;
    milliseconds idle{0};
    Clock::time_point deadline;
    int abort_fd = -1;
    std::array<Source, 2> sources{};
    std::size_t source_count = 0;
    bool over = false;  // the worker's own
    RelayLoop::End end = RelayLoop::End::handed_back;

    std::mutex mutex;
    std::condition_variable woken;
    bool done = false;
};

}  // namespace

class RelayLoop::Worker {
public:
    Worker() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = nullptr;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
        thread_ = std::thread([this] { run(); });
    }
    ~Worker() {
        stopping_ = true;
        wake();
        thread_.join();
        ::close(wake_);
        ::close(epoll_);
    }

    void add(const std::shared_ptr<Job>& job) {
        {
            const std::lock_guard lock(mutex_);
            incoming_.push_back(job);
        }
        wake();
    }

private:
    void wake() const {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto n = ::write(wake_, &one, sizeof one);
    }

    void run() {
        std::array<epoll_event, 256> events{};
        while (!stopping_) {
            const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms());
            const auto now = Clock::now();
            bool woken = false;
            for (int i = 0; i < count; ++i) {
                const auto* source = static_cast<const Source*>(events[static_cast<std::size_t>(i)].data.ptr);
                if (source == nullptr) {
                    woken = true;
                } else if (source->kind == Source::Kind::abort) {
                    abort_all(source->fd);
                } else if (!source->job->over) {
                    handle(*source, now);
                }
            }
            if (woken) { take_incoming(now); }
            if (now >= next_look_) { look_for_idle(now); }
            if (some_over_) { hand_back(); }
        }
    }

    // The earliest moment a stream could have been silent for too long.
    int wait_ms() const {
        if (jobs_.empty()) { return -1; }
        const auto left = std::chrono::ceil<milliseconds>(next_look_ - Clock::now());
        return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 60'000));
    }

    void handle(const Source& source, Clock::time_point now) {
        auto& job = *source.job;
        switch (source.kind) {
            case Source::Kind::upstream:
                job.deadline = now + job.idle;
                if (!job.turn()) { finish(job, End::handed_back); }
                break;
            default: finish(job, End::cancelled); break;
        }
    }

    // The signal is shared by all streams of a server, so it is watched once.
    void watch_abort(int fd) {
        const auto known = [fd](const auto& source) { return source->fd == fd; };
        if (fd < 0 || std::any_of(aborts_.begin(), aborts_.end(), known)) { return; }
        aborts_.push_back(std::make_unique<Source>(Source{Source::Kind::abort, nullptr, fd}));
        epoll_event event{};
        event.events = EPOLLIN | EPOLLONESHOT;
        event.data.ptr = aborts_.back().get();
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }

    void abort_all(int fd) {
        for (const auto& job : jobs_) {
            if (job->abort_fd == fd) { finish(*job, End::aborted); }
        }
        ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
        aborted_.push_back(fd);
    }

    void take_incoming(Clock::time_point now) {
        std::uint64_t ignored = 0;
        [[maybe_unused]] const auto n = ::read(wake_, &ignored, sizeof ignored);
        std::vector<std::shared_ptr<Job>> fresh;
        {
            const std::lock_guard lock(mutex_);
            fresh.swap(incoming_);
        }
        for (auto& job : fresh) {
            job->deadline = now + job->idle;
            next_look_ = jobs_.empty() ? job->deadline : std::min(next_look_, job->deadline);
            jobs_.push_back(job);
            watch_abort(job->abort_fd);
            // A stream that comes after the signal.
            if (std::find(aborted_.begin(), aborted_.end(), job->abort_fd) != aborted_.end()) {
                finish(*job, End::aborted);
                continue;
            }
            for (std::size_t i = 0; i < job->source_count; ++i) {
                auto& source = job->sources[i];
                epoll_event event{};
                // The client's data is not ours to read; only its going away matters.
                event.events = source.kind == Source::Kind::client ? static_cast<std::uint32_t>(EPOLLRDHUP)
                                                                   : static_cast<std::uint32_t>(EPOLLIN);
                event.data.ptr = &source;
                ::epoll_ctl(epoll_, EPOLL_CTL_ADD, source.fd, &event);
            }
        }
    }

    void look_for_idle(Clock::time_point now) {
        next_look_ = now + std::chrono::hours(1);
        for (const auto& job : jobs_) {
            if (job->over) { continue; }
            if (now >= job->deadline) {
                finish(*job, End::idle);
            } else {
                next_look_ = std::min(next_look_, job->deadline);
            }
        }
    }

    void finish(Job& job, End end) {
        if (job.over) { return; }
        job.over = true;
        job.end = end;
        some_over_ = true;
        for (std::size_t i = 0; i < job.source_count; ++i) {
            ::epoll_ctl(epoll_, EPOLL_CTL_DEL, job.sources[i].fd, nullptr);
        }
    }

    // After a batch, so that no event of it points to a job that is gone.
    void hand_back() {
        some_over_ = false;
        const auto over = std::partition(jobs_.begin(), jobs_.end(), [](const auto& job) { return !job->over; });
        for (auto it = over; it != jobs_.end(); ++it) {
            auto& job = **it;
            const std::lock_guard lock(job.mutex);
            job.done = true;
            job.woken.notify_one();
        }
        jobs_.erase(over, jobs_.end());
    }

    int epoll_;
    int wake_;
    std::mutex mutex_;
    std::vector<std::shared_ptr<Job>> incoming_;
    std::vector<std::shared_ptr<Job>> jobs_;  // the worker's own from here on
    std::vector<std::unique_ptr<Source>> aborts_;
    std::vector<int> aborted_;
    Clock::time_point next_look_;
    bool some_over_ = false;
    std::atomic<bool> stopping_{false};
    std::thread thread_;  // last: everything else is there when it starts
};

RelayLoop::RelayLoop(std::size_t threads)
    : count_(threads != 0 ? threads : std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4)) {}

RelayLoop::~RelayLoop() = default;

RelayLoop::End RelayLoop::relay(int fd, const Watch& watch, milliseconds idle, std::function<bool()> turn) {
    std::call_once(started_, [this] {
        for (std::size_t i = 0; i < count_; ++i) {
            workers_.push_back(std::make_unique<Worker>());
        }
    });
    auto job = std::make_shared<Job>();
    job->turn = std::move(turn);
    job->idle = idle;
    job->abort_fd = watch.abort_fd;
    const auto add = [&](Source::Kind kind, int source_fd) {
        if (source_fd >= 0) { job->sources[job->source_count++] = Source{kind, job.get(), source_fd}; }
    };
    add(Source::Kind::upstream, fd);
    add(Source::Kind::client, watch.client_fd);
    workers_[next_++ % count_]->add(job);
    std::unique_lock lock(job->mutex);
    job->woken.wait(lock, [&] { return job->done; });
    return job->end;
}

}  // namespace llmgw
