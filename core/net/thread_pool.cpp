#include "core/net/thread_pool.hpp"

#include <system_error>
#include <thread>

namespace llmgw {

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
        work_there_.notify_one();
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
    if (!start) { return work_there_.notify_one(); }
    if (start_thread()) { return; }
    // The machine gives no threads: slow is better than lost.
    for (std::unique_lock lock(mutex_); !jobs_.empty(); lock.lock()) {
        job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
    }
}

void ThreadPool::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (jobs_.empty() && !closing_) {
            ++idle_;
            work_there_.wait_for(lock, idle_limit_, [this] { return !jobs_.empty() || closing_; });
            --idle_;
        }
        if (jobs_.empty()) { break; }  // idle too long, or closing with nothing left
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        job = nullptr;
        lock.lock();
    }
    if (--threads_ == 0) { all_gone_.notify_all(); }
}

void ThreadPool::join() {
    std::unique_lock lock(mutex_);
    closing_ = true;
    work_there_.notify_all();
    all_gone_.wait(lock, [this] { return threads_ == 0; });
}

std::size_t ThreadPool::threads() const {
    const std::lock_guard lock(mutex_);
    return threads_;
}

}  // namespace llmgw
