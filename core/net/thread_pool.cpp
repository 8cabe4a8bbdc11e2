#include "core/net/thread_pool.hpp"
#include "core/util/short_slices.hpp"

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
    try {
        std::thread([this] { work(); }).detach();
    } catch (const std::system_error&) {
        const std::lock_guard lock(mutex_);
        --threads_;
        // Someone else will take the job if there is anybody left.
        if (threads_ == 0) {
            jobs_.clear();
            all_gone_.notify_all();
            return false;
        }
    }
    return true;
}

void ThreadPool::work() {
    ask_for_short_slices();
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
