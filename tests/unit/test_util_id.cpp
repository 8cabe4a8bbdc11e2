#include <set>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/util/id.hpp"

using namespace llmgw;

TEST_SUITE("util_id") {
    TEST_CASE("make_id: is a UUIDv7 of the clock's time") {
        std::string id;
        // The thread is new, because the generator remembers the latest time it has seen.
        std::thread([&id] { id = make_id(FakeClock(0x0123'4567'89ab)); }).join();
        REQUIRE(id.size() == 36);
        CHECK(id.substr(0, 13) == "01234567-89ab");
        CHECK(id[14] == '7');
        CHECK(std::string("89ab").find(id[19]) != std::string::npos);
        for (const std::size_t dash : {8U, 13U, 18U, 23U}) {
            CHECK(id[dash] == '-');
        }
        CHECK(id.find_first_not_of("0123456789abcdef-") == std::string::npos);
    }

    TEST_CASE("make_id: rises within a thread, also in one millisecond and when the clock steps back") {
        std::thread([] {
            FakeClock clock(1'700'000'000'000);
            std::string last;
            for (int i = 0; i < 20'000; ++i) {
                if (i == 10'000) { clock.advance_ms(-5'000); }
                auto id = make_id(clock);
                REQUIRE(id > last);
                last = std::move(id);
            }
        }).join();
    }

    TEST_CASE("make_id: threads at the same time never make the same id") {
        constexpr int threads = 4;
        constexpr int each = 5'000;
        const FakeClock clock;
        std::vector<std::vector<std::string>> made(threads);
        std::vector<std::jthread> workers;
        for (auto& ids : made) {
            workers.emplace_back([&clock, &ids] {
                for (int i = 0; i < each; ++i) {
                    ids.push_back(make_id(clock));
                }
            });
        }
        workers.clear();
        std::set<std::string> all;
        for (const auto& ids : made) {
            all.insert(ids.begin(), ids.end());
        }
        CHECK(all.size() == threads * each);
    }

    TEST_CASE("make_id: a forked child does not repeat its parent's ids") {
        const FakeClock clock;
        (void)make_id(clock);  // the pool has bytes that both would go on with
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        const auto child = ::fork();
        if (child == 0) {
            const auto id = make_id(clock);
            const auto written = ::write(ends[1], id.data(), id.size());
            ::_exit(written == 36 ? 0 : 1);
        }
        const auto ours = make_id(clock);
        char theirs[36];
        CHECK(::read(ends[0], theirs, sizeof theirs) == 36);
        // The random part: the time and counter are the same by design.
        CHECK(ours.substr(24) != std::string(theirs + 24, 12));
        int status = 1;
        ::waitpid(child, &status, 0);
        CHECK(status == 0);
        ::close(ends[0]);
        ::close(ends[1]);
    }
}
