#include <atomic>
#include <latch>
#include <thread>

#include <doctest/doctest.h>

#include "core/net/thread_pool.hpp"

using namespace llmgw;

TEST_CASE("ThreadPool: a burst never queues behind threads that have not woken") {
    ThreadPool pool(64, std::chrono::seconds(10));
    std::latch all_running(64);
    std::atomic<int> done = 0;
    for (int i = 0; i < 64; ++i) {
        // Each job waits for all the others: with one thread too few this would never end.
        REQUIRE(pool.run([&] {
            all_running.arrive_and_wait();
            ++done;
        }));
    }
    pool.join();
    CHECK(done == 64);
    CHECK(pool.threads() == 0);
}

TEST_CASE("ThreadPool: has a bound, and takes nothing once it closes") {
    ThreadPool pool(2, std::chrono::seconds(10));
    std::latch release(1);
    CHECK(pool.run([&] { release.wait(); }));
    CHECK(pool.run([&] { release.wait(); }));
    CHECK_FALSE(pool.run([] {}));
    release.count_down();
    pool.join();
    CHECK_FALSE(pool.run([] {}));
}

TEST_CASE("ThreadPool: many short jobs from many threads all run") {
    ThreadPool pool(8, std::chrono::milliseconds(1));
    std::atomic<int> done = 0;
    std::atomic<int> taken = 0;
    {
        std::vector<std::jthread> senders;
        for (int t = 0; t < 4; ++t) {
            senders.emplace_back([&] {
                for (int i = 0; i < 2000; ++i) {
                    if (pool.run([&] { ++done; })) { ++taken; }
                }
            });
        }
    }
    pool.join();
    CHECK(done == taken);
    CHECK(taken > 0);
}
