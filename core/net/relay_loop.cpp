#include "core/net/relay_loop.hpp"

#include <algorithm>
#include <array>
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
    enum class Kind { upstream, client, wake, abort } kind;
    Job* job = nullptr;
    int fd = -1;
};

struct Job {
    std::shared_ptr<RelayLoop::Parked> stream;
    milliseconds idle{0};
    Clock::time_point deadline;
    Source upstream;
    Source client;
    bool over = false;
    RelayLoop::End end = RelayLoop::End::handed_back;
};

}  // namespace

class RelayLoop::Worker {
public:
    explicit Worker(int abort_fd)
        : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
          wake_{Source::Kind::wake, nullptr, ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)},
          abort_{Source::Kind::abort, nullptr, abort_fd} {
        watch(wake_, EPOLLIN);
        if (abort_.fd >= 0) { watch(abort_, EPOLLIN | EPOLLONESHOT); }
        thread_ = std::thread([this] { run(); });
    }
    ~Worker() {
        stopping_ = true;
        wake();
        thread_.join();
        ::close(wake_.fd);
        ::close(epoll_);
    }

    void add(std::unique_ptr<Job> job) {
        bool first = false;
        {
            const std::lock_guard lock(mutex_);
            first = incoming_.empty();
            incoming_.push_back(std::move(job));
        }
        if (first) { wake(); }
    }

private:
    void watch(Source& source, unsigned events) const {
        epoll_event event{};
        event.events = events;
        event.data.ptr = &source;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, source.fd, &event);
    }

    void wake() const {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto n = ::write(wake_.fd, &one, sizeof one);
    }

    void run() {
        std::array<epoll_event, 256> events{};
        while (!stopping_) {
            const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms());
            const auto now = Clock::now();
            bool woken = false;
            for (int i = 0; i < count; ++i) {
                const auto* source = static_cast<const Source*>(events[static_cast<std::size_t>(i)].data.ptr);
                switch (source->kind) {
                    case Source::Kind::upstream: turn(*source->job, now); break;
                    case Source::Kind::client: finish(*source->job, End::cancelled); break;
                    case Source::Kind::wake: woken = true; break;
                    case Source::Kind::abort: abort_all(); break;
                }
            }
            if (woken) { take_incoming(now); }
            if (now >= next_look_) { look_for_idle(now); }
            if (some_over_) { let_go(); }
        }
    }

    // The earliest moment a stream could have been silent for too long.
    int wait_ms() const {
        if (jobs_.empty()) { return -1; }
        const auto left = std::chrono::ceil<milliseconds>(next_look_ - Clock::now());
        return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 60'000));
    }

    void turn(Job& job, Clock::time_point now) {
        if (job.over) { return; }
        job.deadline = now + job.idle;
        if (!job.stream->turn()) { finish(job, End::handed_back); }
    }

    void abort_all() {
        aborted_ = true;
        for (const auto& job : jobs_) {
            finish(*job, End::aborted);
        }
    }

    void take_incoming(Clock::time_point now) {
        std::uint64_t ignored = 0;
        [[maybe_unused]] const auto n = ::read(wake_.fd, &ignored, sizeof ignored);
        std::vector<std::unique_ptr<Job>> fresh;
        {
            const std::lock_guard lock(mutex_);
            fresh.swap(incoming_);
        }
        for (auto& job : fresh) {
            job->deadline = now + job->idle;
            next_look_ = jobs_.empty() ? job->deadline : std::min(next_look_, job->deadline);
            // The client's data is not ours to read; only its going away matters.
            if (job->client.fd >= 0) { watch(job->client, EPOLLRDHUP); }
            watch(job->upstream, EPOLLIN);
            jobs_.push_back(std::move(job));
            if (aborted_) { finish(*jobs_.back(), End::aborted); }
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
        ::epoll_ctl(epoll_, EPOLL_CTL_DEL, job.upstream.fd, nullptr);
        if (job.client.fd >= 0) { ::epoll_ctl(epoll_, EPOLL_CTL_DEL, job.client.fd, nullptr); }
    }

    // After a batch, so that no event of it points to a job that is gone.
    void let_go() {
        some_over_ = false;
        const auto over = std::partition(jobs_.begin(), jobs_.end(), [](const auto& job) { return !job->over; });
        for (auto it = over; it != jobs_.end(); ++it) {
            const auto stream = std::move((*it)->stream);
            stream->resume((*it)->end);
        }
        jobs_.erase(over, jobs_.end());
    }

    int epoll_;
    Source wake_;
    Source abort_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Job>> incoming_;
    std::vector<std::unique_ptr<Job>> jobs_;  // the thread's own from here on
    Clock::time_point next_look_;
    bool some_over_ = false;
    bool aborted_ = false;
    std::atomic<bool> stopping_{false};
    std::thread thread_;  // last: everything else is there when it starts
};

RelayLoop::RelayLoop(int abort_fd, std::size_t threads)
    : abort_fd_(abort_fd),
      count_(threads != 0 ? threads : std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4)) {}

RelayLoop::~RelayLoop() = default;

void RelayLoop::park(std::shared_ptr<Parked> stream) {
    std::call_once(started_, [this] {
        for (std::size_t i = 0; i < count_; ++i) {
            workers_.push_back(std::make_unique<Worker>(abort_fd_));
        }
    });
    auto job = std::make_unique<Job>();
    job->idle = stream->idle();
    job->upstream = {Source::Kind::upstream, job.get(), stream->upstream_fd()};
    job->client = {Source::Kind::client, job.get(), stream->client_fd()};
    job->stream = std::move(stream);
    workers_[next_.fetch_add(1, std::memory_order_relaxed) % count_]->add(std::move(job));
}

}  // namespace llmgw
