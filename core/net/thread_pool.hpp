// Threads for connections. A thread is added whenever more jobs wait than threads idle, so a burst of
// connections never queues behind threads that have not woken yet; idle threads leave after a while.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

namespace llmgw {

class ThreadPool {
public:
    ThreadPool(std::size_t threads_max, std::chrono::milliseconds idle_limit)
        : threads_max_(threads_max), idle_limit_(idle_limit) {}
    ~ThreadPool() { join(); }
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    // False when every thread is busy and no more may be started; the job is then not taken.
    bool run(std::function<void()> job);
    // Takes the job in any case: with every thread busy it waits for one of them. Not after join().
    void run_surely(std::function<void()> job);
    // Takes no more jobs and waits until every thread has ended.
    void join();
    std::size_t threads() const;

private:
    void work();
    bool start_thread();

    const std::size_t threads_max_;
    const std::chrono::milliseconds idle_limit_;
    mutable std::mutex mutex_;
    std::condition_variable work_there_;
    std::condition_variable all_gone_;
    std::deque<std::function<void()>> jobs_;
    std::size_t threads_ = 0;
    std::size_t idle_ = 0;
    bool closing_ = false;
};

}  // namespace llmgw
