// Reports do not depend on what is summarized and what is rolled up.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>
#include <thread>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/store/migrations.hpp"
#include "core/usage/ledger.hpp"
#include "core/usage/rollup.hpp"
#include "core/usage/summaries.hpp"
#include "usage_seed.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

constexpr std::int64_t begin = 1'792'713'600'000;  // 2026-10-23T00:00:00Z, two days before clocks go back in Berlin
constexpr std::int64_t end = begin + 6 * utc_day_ms;

// Questions of every kind: with summaries and without, with and without periods and conditions.
std::vector<ReportQuery> questions() {
    std::vector<ReportQuery> all;
    for (const char* by : {"",
                           "feature",
                           "model",
                           "provider",
                           "user",
                           "key",
                           "agent",
                           "session",
                           "status",
                           "error",
                           "provider,status",
                           "prompt",
                           "hour",
                           "day",
                           "week",
                           "month",
                           "meta:team",
                           "feature,day",
                           "hour,model",
                           "user,day",
                           "provider,model,feature,month",
                           "status,meta:n,week"}) {
        all.push_back(query(by));
        all.push_back(query(by, {"feature=review"}));
        all.push_back(query(by, {"day=2026-10-25", "provider=openai"}));
        all.push_back(query(by, {"meta:team=blue"}));
        all.push_back(query(by, {"user=(none)", "model=gpt-5"}));
        all.push_back(query(by, {}, begin + utc_day_ms + 7 * quarter_ms + 12'345, end - utc_day_ms / 2));
    }
    return all;
}

struct Answers {
    std::vector<Plain> rows;
    std::vector<std::set<std::string>> unpriced;
    bool operator==(const Answers&) const = default;
};

Answers ask_all(const std::string& data_dir) {
    Answers answers;
    for (const auto& asked : questions()) {
        const auto report = report_of(data_dir, asked);
        ReportSums sum;
        for (const auto& row : report.rows) {
            sum += row.sums;
        }
        REQUIRE(sum == report.total);
        answers.rows.push_back(plain(report));
        answers.unpriced.push_back(report.unpriced_models);
    }
    return answers;
}

}  // namespace

TEST_SUITE("usage_rollup") {
    TEST_CASE("every report is the same from rows, from summaries and from rolled-up rows, to the nano-dollar") {
        for (const char* name : {berlin, kathmandu, "UTC0"}) {
            const TimeZone zone(name);
            const TempDir dir;
            const auto records = with_failed_attempts(seeded_calls(1'500, begin, end));
            write_calls(dir.data(), records);
            // Against sums made here, from the records themselves.
            std::int64_t cost = 0;
            std::int64_t unpriced = 0;
            std::int64_t failed_attempts = 0;
            for (const auto& record : records) {
                const bool free_operation = is_free_operation(record.call.operation);
                cost += stored_cost_nano(record.call, free_operation).value_or(0);
                for (const auto& attempt : record.attempts) {
                    unpriced += stored_cost_nano(attempt, free_operation) ? 0 : 1;
                }
                if (record.attempts.empty()) {
                    unpriced += stored_cost_nano(record.call, free_operation) ? 0 : 1;
                } else {
                    failed_attempts += static_cast<std::int64_t>(record.attempts.size()) - 1;
                }
            }
            const auto total = report_of(dir.data(), query("")).total;
            CHECK(total.calls == 1'500);
            CHECK(total.priced_cost_nano == cost);
            CHECK(total.unpriced_calls == unpriced);
            CHECK(unpriced > 0);
            CHECK(total.failed_attempts == failed_attempts);
            CHECK(failed_attempts > 300);

            const auto asked = ask_all(dir.data());
            auto store = open_log(dir.data());
            CHECK(fold_into_summaries(store.database(), 500) == 500);
            CHECK(ask_all(dir.data()) == asked);
            fold_all(store);
            CHECK(uncovered_rows(store.database()) == 0);
            CHECK(ask_all(dir.data()) == asked);

            const auto half = roll_all(store, begin + 3 * utc_day_ms);
            CHECK(half > 500);
            CHECK(call_count(dir.data()) == 1'500 - half);
            CHECK(ask_all(dir.data()) == asked);
            CHECK(half + roll_all(store, end) == 1'499);
            CHECK(ask_all(dir.data()) == asked);
            CHECK(query_integer(dir.data(), "SELECT count(*) FROM attempts") <= 3);
            CHECK(query_integer(dir.data(), "SELECT sum(calls) FROM rollups") == 1'499);

            CHECK(query_integer(dir.data(), "SELECT sum(failed_attempts) FROM rollups") >= failed_attempts - 2);

            // Summaries made anew from what is left are the same again.
            execute(dir.data(),
                    "DELETE FROM summaries; UPDATE summary_state SET covered_call_id = 0, "
                    "covered_rollup_id = 0, generation = generation + 1");
            CHECK(ask_all(dir.data()) == asked);
            fold_all(store, 100);
            CHECK(ask_all(dir.data()) == asked);
        }
    }

    TEST_CASE("days of 23 and 25 hours and hours that exist twice are the same after a roll-up") {
        const TimeZone zone(berlin);
        const TempDir dir;
        const std::int64_t october_25 = 1'792'879'200'000;
        std::vector<CallRecord> records;
        for (int quarter = 0; quarter < 100; ++quarter) {
            records.push_back(sample_call("x", october_25 + quarter * quarter_ms));
        }
        records.push_back(sample_call("x", october_25 - 1));
        records.push_back(sample_call("x", october_25 + 100 * quarter_ms));
        write_calls(dir.data(), records);
        auto store = open_log(dir.data());
        for (int round = 0; round < 2; ++round) {
            const auto days = report_of(dir.data(), query("day"));
            REQUIRE(days.rows.size() == 3);
            CHECK(days.rows[1].keys[0] == "2026-10-25");
            CHECK(days.rows[1].sums.calls == 100);
            const auto hours = report_of(dir.data(), query("hour", {"day=2026-10-25"}));
            REQUIRE(hours.rows.size() == 25);
            CHECK(hours.rows[2].keys[0] == "2026-10-25 02:00+0200");
            CHECK(hours.rows[3].keys[0] == "2026-10-25 02:00+0100");
            CHECK(std::ranges::all_of(hours.rows, [](const ReportRow& row) { return row.sums.calls == 4; }));
            fold_all(store);
            roll_all(store, october_25 + 200 * quarter_ms);
        }
    }

    TEST_CASE("a call that comes late, or after a roll-up, is counted once and in its day") {
        const TempDir dir;
        write_calls(dir.data(), seeded_calls(500, begin, end));
        auto store = open_log(dir.data());
        fold_all(store);
        roll_all(store, begin + 2 * utc_day_ms);
        const auto before = report_of(dir.data(), query("feature,day"));
        auto late = sample_call("late", begin + 5);
        const CallRecord* pointers[] = {&late};
        REQUIRE(store.insert(pointers) == 1);
        for (int round = 0; round < 3; ++round) {
            const auto after = report_of(dir.data(), query("feature,day"));
            CHECK(after.total.calls == before.total.calls + 1);
            CHECK(after.rows.size() == before.rows.size() + 1);
            CHECK(report_of(dir.data(), query("user", {"feature=late"})).total.priced_cost_nano == 200'000);
            fold_all(store);
            if (round == 1) { roll_all(store, end + 1); }
        }
    }

    TEST_CASE("rows that somebody changes or deletes are so in the next report") {
        const TempDir dir;
        write_calls(dir.data(), seeded_calls(800, begin, end));
        auto store = open_log(dir.data());
        fold_all(store);
        roll_all(store, begin + 3 * utc_day_ms);
        fold_all(store);
        const auto total = report_of(dir.data(), query("feature")).total;
        REQUIRE(total.calls == 800);

        const auto reviews = report_of(dir.data(), query("user", {"feature=review"})).total;
        execute(dir.data(), "DELETE FROM calls WHERE feature = 'review'; DELETE FROM rollups WHERE feature = 'review'");
        auto after = report_of(dir.data(), query("feature")).total;
        CHECK(after.calls == total.calls - reviews.calls);
        CHECK(after.priced_cost_nano == total.priced_cost_nano - reviews.priced_cost_nano);
        fold_all(store);
        CHECK(report_of(dir.data(), query("feature")).total == after);

        execute(dir.data(), "UPDATE calls SET cost_nano = cost_nano + 1 WHERE feature = 'search'");
        const auto changed =
            query_integer(dir.data(), "SELECT count(*) FROM calls WHERE feature = 'search' AND cost_nano IS NOT NULL");
        REQUIRE(changed > 10);
        CHECK(report_of(dir.data(), query("feature")).total.priced_cost_nano == after.priced_cost_nano + changed);
        // The row number of a deleted newest call is given to the next one, which must not pass for covered.
        fold_all(store);
        execute(dir.data(), "DELETE FROM calls WHERE id > (SELECT max(id) - 20 FROM calls)");
        after = report_of(dir.data(), query("feature")).total;
        auto next = sample_call("next", end);
        const CallRecord* pointers[] = {&next};
        REQUIRE(store.insert(pointers) == 1);
        CHECK(report_of(dir.data(), query("feature")).total.calls == after.calls + 1);
    }

    TEST_CASE("only what the summaries cover is rolled up, and the newest row stays") {
        const TempDir dir;
        write_calls(dir.data(), seeded_calls(50, begin, end));
        auto store = open_log(dir.data());
        CHECK(roll_up(store.database(), end, 100) == 0);
        CHECK(fold_into_summaries(store.database(), 20) == 20);
        CHECK(roll_up(store.database(), end, 100) == 20);
        CHECK(call_count(dir.data()) == 30);
        fold_all(store);
        CHECK(roll_up(store.database(), begin, 100) == 0);
        CHECK(roll_up(store.database(), end, 100) == 29);
        CHECK(roll_up(store.database(), end, 100) == 0);
        CHECK(call_count(dir.data()) == 1);
    }

    TEST_CASE("kill -9 while summarizing and rolling up loses and doubles nothing") {
        const TempDir dir;
        write_calls(dir.data(), with_failed_attempts(seeded_calls(2'000, begin, end)));
        const auto asked = ask_all(dir.data());
        std::mt19937_64 random(3);
        for (int round = 0; round < 12; ++round) {
            int progress[2];
            REQUIRE(::pipe(progress) == 0);
            const auto child = ::fork();
            REQUIRE(child >= 0);
            if (child == 0) {
                auto store = UsageStore::open(database_path(dir.data()), 5000);
                while (store) {
                    if (!fold_into_summaries(store->database(), 37) || !roll_up(store->database(), end, 13)) { break; }
                    if (::write(progress[1], "x", 1) != 1) { break; }
                }
                ::_exit(1);
            }
            ::close(progress[1]);
            // Somewhere in the work that follows the first step.
            char byte = 0;
            REQUIRE(::read(progress[0], &byte, 1) == 1);
            ::usleep(static_cast<useconds_t>(random() % 8'000));
            ::kill(child, SIGKILL);
            ::close(progress[0]);
            int status = 0;
            ::waitpid(child, &status, 0);
            REQUIRE(WIFSIGNALED(status));
            REQUIRE(report_of(dir.data(), query("user")).total.calls == 2'000);
            REQUIRE(report_of(dir.data(), query("feature")).total.calls == 2'000);
        }
        CHECK(ask_all(dir.data()) == asked);
        CHECK(query_integer(dir.data(), "SELECT rolling FROM summary_state") == 0);
        CHECK(query_integer(dir.data(), "SELECT count(*) FROM rollups") > 0);
    }

    TEST_CASE("reports by several threads see one moment while calls are written, summarized and rolled up") {
        const TempDir dir;
        // Enough for two threads. All calls cost the same: a report is right when cost and calls agree.
        std::vector<CallRecord> records;
        for (int i = 0; i < 105'000; ++i) {
            records.push_back(sample_call(i % 2 == 0 ? "a" : "b", begin + i * 1'000));
            records.back().attempts.clear();
        }
        write_calls(dir.data(), records);
        std::atomic<bool> stop = false;
        std::atomic<std::int64_t> written = 105'000;
        std::thread writer([&] {
            auto store = UsageStore::open(database_path(dir.data()), 5000);
            for (int i = 0; store && !stop; ++i) {
                auto record = sample_call("c", end + i);
                const CallRecord* pointers[] = {&record};
                if (store->insert(pointers)) { ++written; }
                (void)fold_into_summaries(store->database(), 2'000);
                (void)roll_up(store->database(), end, 500);
            }
        });
        for (int round = 0; round < 15; ++round) {
            const auto least = written.load();
            for (const char* by : {"user", "feature"}) {
                const auto report = run_report(database_path(dir.data()), query(by));
                REQUIRE_MESSAGE(report.has_value(), report.error().message);
                CHECK(report->total.calls >= least);
                CHECK(report->total.calls <= written.load() + 1);
                CHECK(report->total.priced_cost_nano == report->total.calls * 200'000);
            }
        }
        stop = true;
        writer.join();
        CHECK(query_integer(dir.data(), "SELECT count(*) FROM rollups") > 0);
    }

    TEST_CASE("the ledger rolls up what is older than its setting, and reports stay as they are") {
        const TempDir dir;
        const FakeClock clock(end);
        auto records = seeded_calls(400, begin, end);
        write_calls(dir.data(), records);
        const auto asked = ask_all(dir.data());
        const auto old_calls = query_integer(dir.data(), "SELECT count(*) FROM calls WHERE started_ms < 1793059200000");
        {
            const auto ledger = make_ledger({.data_dir = dir.data(), .group_ms = 1, .keep_days = 2}, clock, nullptr);
            for (int i = 0; i < 2'000 && query_integer(dir.data(), "SELECT sum(calls) FROM rollups") < old_calls - 1;
                 ++i) {
                // The writer's own thread does it; there is no event to wait for.
                ::usleep(5'000);
            }
        }
        CHECK(query_integer(dir.data(), "SELECT sum(calls) FROM rollups") >= old_calls - 1);
        CHECK(query_integer(dir.data(), "SELECT count(*) FROM calls WHERE started_ms < 1793059200000") <= 1);
        CHECK(ask_all(dir.data()) == asked);
    }

    TEST_CASE("a log of schema version 1 is brought up to date with every row, and can be reported at once") {
        const TempDir dir;
        REQUIRE(ensure_private_dir(dir.data()).has_value());
        REQUIRE(write_private_file(database_path(dir.data()), "").has_value());
        const auto sql = read_file(LLMGW_SOURCE_DIR "/tests/golden/usage/version_1.sql", 1 << 20);
        REQUIRE(sql.has_value());
        execute(dir.data(), ("PRAGMA journal_mode = WAL;" + *sql).c_str());
        REQUIRE(query_integer(dir.data(), "PRAGMA user_version") == 1);
        const auto report = report_of(dir.data(), query("feature"));
        CHECK(query_integer(dir.data(), "PRAGMA user_version") == schema_version());
        CHECK(report.total.calls == 3);
        CHECK(report.total.cost_nano() == 205'000);
        CHECK(report.total.unpriced_calls == 1);
        CHECK(report.unpriced_models == std::set<std::string>{"mystery-1"});
        // What caching saved was not written down then.
        CHECK_FALSE(report.total.saved_nano().has_value());
        CHECK(query_integer(dir.data(), "SELECT count(*) FROM attempts WHERE cache_saved_nano IS NULL") == 1);
        auto store = open_log(dir.data());
        fold_all(store);
        CHECK(roll_all(store, end) == 2);
        CHECK(report_of(dir.data(), query("feature")).total == report.total);
        CHECK(report_of(dir.data(), query("session", {"meta:team=blue"})).rows[0].keys[0] == "s1");
    }
}
