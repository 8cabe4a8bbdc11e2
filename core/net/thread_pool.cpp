#include "core/net/thread_pool.hpp"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace llmgw {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::uint64_t jobs_turn = 0;  // stands for the jobs' semaphore in an event

}  // namespace

ThreadPool::ThreadPool(std::size_t threads_max, milliseconds thread_idle_limit, milliseconds waiting_limit)
    : threads_max_(threads_max),
      thread_idle_limit_(thread_idle_limit),
      waiting_limit_(waiting_limit),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      jobs_there_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = jobs_turn;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, jobs_there_, &event);
}

ThreadPool::~ThreadPool() {
    join();
    ::close(jobs_there_);
    ::close(epoll_);
}

void ThreadPool::wake_one() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(jobs_there_, &one, sizeof one);
}

bool ThreadPool::run(std::function<void()> job) {
    bool start = false;
    {
        const std::lock_guard lock(mutex_);
        if (closing_) { return false; }
        start = jobs_.size() >= idle_;
        if (start && threads_ >= threads_max_) { return false; }
        jobs_.push_back(std::move(job));
        if (start) { ++threads_; }
    }
    if (!start) {
        wake_one();
        return true;
    }
    if (start_thread()) { return true; }
    const std::lock_guard lock(mutex_);
    jobs_.clear();
    all_gone_.notify_all();
    return false;
}

// False when there is no thread at all and none can be made. With any left, that one will take the job.
bool ThreadPool::start_thread() {
    try {
        std::thread([this] { work(); }).detach();
    } catch (const std::system_error&) {
        const std::lock_guard lock(mutex_);
        return --threads_ > 0;
    }
    return true;
}

void ThreadPool::run_surely(std::function<void()> job) {
    bool start = false;
    {
        const std::lock_guard lock(mutex_);
        start = jobs_.size() >= idle_ && threads_ < threads_max_;
        jobs_.push_back(std::move(job));
        if (start) { ++threads_; }
    }
    if (!start) { return wake_one(); }
    if (start_thread()) { return; }
    // The machine gives no threads: slow is better than lost.
    for (std::unique_lock lock(mutex_); !jobs_.empty(); lock.lock()) {
        job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
    }
}

void ThreadPool::wait_readable(std::shared_ptr<Waiting> waiting) {
    auto& one = *waiting;
    {
        const std::lock_guard lock(mutex_);
        if (!releasing_) {
            epoll_event event{};
            event.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
            event.data.u64 = ++last_turn_;
            one.deadline_ = Clock::now() + waiting_limit_;
            const int operation = std::exchange(one.known_, true) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
            waiting_.emplace_hint(waiting_.end(), last_turn_, std::move(waiting));
            // Its event may come at once: whoever takes that waits for this lock first.
            ::epoll_ctl(epoll_, operation, one.fd(), &event);
            return;
        }
    }
    one.wake(std::move(waiting), false);
}

void ThreadPool::release_waiting() {
    const std::lock_guard lock(mutex_);
    releasing_ = true;
    for (auto& [turn, waiting] : waiting_) {
        jobs_.push_back([owned = std::move(waiting)]() mutable {
            auto& one = *owned;
            one.wake(std::move(owned), false);
        });
        wake_one();
    }
    waiting_.clear();
}

int ThreadPool::wait_ms() const {
    auto limit = thread_idle_limit_;
    if (!waiting_.empty()) {
        const auto left = waiting_.begin()->second->deadline_ - Clock::now();
        limit = std::min(limit, std::chrono::ceil<milliseconds>(left));
    }
    return static_cast<int>(std::max<milliseconds::rep>(limit.count(), 0));
}

void ThreadPool::work() {
    std::unique_lock lock(mutex_);
    for (auto busy_until = Clock::now();;) {
        if (!jobs_.empty()) {
            do_job(lock);
            busy_until = Clock::now();
            continue;
        }
        if (closing_) { break; }
        const int limit = wait_ms();
        ++idle_;
        lock.unlock();
        epoll_event event{};
        const int count = ::epoll_wait(epoll_, &event, 1, limit);
        const bool for_job = count > 0 && event.data.u64 == jobs_turn;
        if (for_job) {
            // Before the lock is waited for: as long as it can be read, every other idle thread is woken for it too.
            std::uint64_t taken = 0;
            [[maybe_unused]] const auto n = ::read(jobs_there_, &taken, sizeof taken);
        }
        lock.lock();
        --idle_;
        if (for_job) { continue; }
        if (count > 0) {
            wake_waiting(lock, event.data.u64);
            busy_until = Clock::now();
        } else {
            wake_expired(lock);
            const bool needed = idle_ == 0 && !waiting_.empty();
            if (!needed && jobs_.empty() && Clock::now() - busy_until >= thread_idle_limit_) { break; }
        }
    }
    if (--threads_ == 0) { all_gone_.notify_all(); }
}

void ThreadPool::do_job(std::unique_lock<std::mutex>& lock) {
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    if (!waiting_.empty()) { keep_one_waiting(lock); }
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
}

void ThreadPool::wake_waiting(std::unique_lock<std::mutex>& lock, std::uint64_t turn) {
    const auto found = waiting_.find(turn);
    if (found == waiting_.end()) { return; }  // another thread was faster
    auto owned = std::move(found->second);
    waiting_.erase(found);
    keep_one_waiting(lock);
    lock.unlock();
    auto& one = *owned;
    one.wake(std::move(owned), true);
    lock.lock();
}

void ThreadPool::wake_expired(std::unique_lock<std::mutex>& lock) {
    while (!waiting_.empty() && waiting_.begin()->second->deadline_ <= Clock::now()) {
        auto owned = std::move(waiting_.begin()->second);
        waiting_.erase(waiting_.begin());
        lock.unlock();
        auto& one = *owned;
        one.wake(std::move(owned), false);
        lock.lock();
    }
}

// Before this thread turns to work that may block.
void ThreadPool::keep_one_waiting(std::unique_lock<std::mutex>& lock) {
    if (idle_ > 0 || threads_ >= threads_max_) { return; }
    ++threads_;
    lock.unlock();
    start_thread();
    lock.lock();
}

void ThreadPool::join() {
    std::unique_lock lock(mutex_);
    closing_ = true;
    for (std::size_t i = 0; i < threads_; ++i) {
        wake_one();
    }
    all_gone_.wait(lock, [this] { return threads_ == 0; });
}

std::size_t ThreadPool::threads() const {
    const std::lock_guard lock(mutex_);
    return threads_;
}

}  // namespace llmgw
