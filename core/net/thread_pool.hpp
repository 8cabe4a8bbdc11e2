// Threads for connections, and the waiting of connections that have nothing to do. The threads themselves wait for
// all idle connections at once (one epoll): a request is served by the thread it wakes, with no hand-over, and a
// thread that is done finds the next request without sleeping. One thread more than there is work is kept waiting,
// so that work that blocks never keeps other work from starting; idle threads leave after a while.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace llmgw {

class ThreadPool {
public:
    // Something that waits for its descriptor to become readable.
    class Waiting {
    public:
        virtual ~Waiting() = default;
        virtual int fd() const = 0;
        // On a thread of the pool. Not readable: the limit was reached, or release_waiting() was called.
        virtual void wake(std::shared_ptr<Waiting> self, bool readable) = 0;

    private:
        friend class ThreadPool;
        std::chrono::steady_clock::time_point deadline_;
        bool known_ = false;  // its descriptor is in the epoll set
    };

    // Threads leave after `thread_idle_limit` without work, waiting ones are woken after `waiting_limit`.
    ThreadPool(std::size_t threads_max, std::chrono::milliseconds thread_idle_limit,
               std::chrono::milliseconds waiting_limit = std::chrono::hours(1));
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    // False when every thread is busy and no more may be started; the job is then not taken.
    bool run(std::function<void()> job);
    // Takes the job in any case: with every thread busy it waits for one of them. Not after join().
    void run_surely(std::function<void()> job);
    // Until its descriptor is readable. A pool thread must be running: call it from one.
    void wait_readable(std::shared_ptr<Waiting> waiting);
    // Wakes all that wait, and what comes later at once.
    void release_waiting();
    // Takes no more jobs and waits until every thread has ended. Nothing may be waiting any more.
    void join();
    std::size_t threads() const;

private:
    void work();
    bool start_thread();
    void wake_one() const;
    // With the lock held; those that take it let go of it while they work.
    int wait_ms() const;
    void do_job(std::unique_lock<std::mutex>& lock);
    void wake_waiting(std::unique_lock<std::mutex>& lock, std::uint64_t turn);
    void wake_expired(std::unique_lock<std::mutex>& lock);
    void keep_one_waiting(std::unique_lock<std::mutex>& lock);

    const std::size_t threads_max_;
    const std::chrono::milliseconds thread_idle_limit_;
    const std::chrono::milliseconds waiting_limit_;
    const int epoll_;
    const int jobs_there_;  // a semaphore: one for each job that was given to a sleeping thread
    mutable std::mutex mutex_;
    std::condition_variable all_gone_;
    std::deque<std::function<void()>> jobs_;
    // By turn: each wait gets the next number, so the first has waited longest, and a late event finds nothing.
    std::map<std::uint64_t, std::shared_ptr<Waiting>> waiting_;
    std::uint64_t last_turn_ = 0;
    std::size_t threads_ = 0;
    std::size_t idle_ = 0;
    bool releasing_ = false;
    bool closing_ = false;
};

}  // namespace llmgw
