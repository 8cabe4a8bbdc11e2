// Attempts that failed before a call's last one, in reports.
#include <doctest/doctest.h>

#include "core/store/migrations.hpp"
#include "core/usage/call_log.hpp"
#include "usage_seed.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

constexpr std::int64_t begin = 1'792'713'600'000;
constexpr std::int64_t end = begin + 6 * utc_day_ms;

}  // namespace

TEST_SUITE("usage_attempts") {
    TEST_CASE("what failed over costs at the provider that billed it, and is counted once") {
        const TempDir dir;
        auto record = sample_call("search", begin);
        add_failed_attempt(record, "spare", "overloaded", 0, 0);
        add_failed_attempt(record, "work", "timeout", 500, 30'000);
        CHECK(record.call.cost.nano == 230'000);
        const auto other = sample_call("search", begin + 1);
        write_calls(dir.data(), {record, other});
        auto store = open_log(dir.data());
        for (int round = 0; round < 4; ++round) {
            const auto report = report_of(dir.data(), query("provider,status,error"));
            auto rows = plain(report);
            REQUIRE(rows.size() == 3);
            const auto& done = rows[{"anthropic", "done", ""}];
            CHECK(done.calls == 2);
            CHECK(done.failed_attempts == 0);
            CHECK(done.cost_nano() == 400'000);
            CHECK(done.input_tokens == 200);
            CHECK(done.duration_ms.count() == 2);
            const auto& billed = rows[{"work", "failed attempt", "timeout"}];
            CHECK(billed.calls == 0);
            CHECK(billed.failed_attempts == 1);
            CHECK(billed.cost_nano() == 30'000);
            CHECK(billed.input_tokens == 500);
            CHECK(billed.partial_calls == 1);
            CHECK(billed.duration_ms.count() == 0);
            CHECK(rows[{"spare", "failed attempt", "overloaded"}].cost_nano() == 0);
            CHECK(report.total.calls == 2);
            CHECK(report.total.cost_nano() == 430'000);
            CHECK(report_of(dir.data(), query("feature")).total == report.total);
            CHECK(report_of(dir.data(), query("model", {"provider=work"})).rows[0].keys[0] == "backup-model");
            CHECK(report_of(dir.data(), query("user", {"status=failed attempt"})).total.failed_attempts == 2);
            if (round == 0) { fold_all(store); }
            if (round == 1) { CHECK(roll_all(store, end) == 1); }
            if (round == 2) {
                execute(dir.data(),
                        "UPDATE summary_state SET covered_call_id = 0, covered_rollup_id = 0; "
                        "DELETE FROM summaries");
            }
        }
    }

    TEST_CASE("several conditions are met by one attempt or by the call as it ended, in logs as in reports") {
        const TempDir dir;
        auto record = sample_call("search", begin);
        add_failed_attempt(record, "spare", "overloaded", 0, 0);
        add_failed_attempt(record, "work", "timeout", 500, 30'000);
        write_calls(dir.data(), {record});
        struct Row {
            const char* first;
            const char* second;
            bool found;
        };
        for (const auto& [first, second, found] :
             {Row{"provider=spare", "error=overloaded", true},      // one attempt
              Row{"provider=spare", "error=timeout", false},        // two attempts
              Row{"provider=anthropic", "error=timeout", false},    // the call and an attempt of its
              Row{"provider=anthropic", "status=done", true},       // the call
              Row{"provider=spare", "status=done", false},          // an attempt and the call
              Row{"error=timeout", "status=failed attempt", true},  // one attempt
              Row{"feature=search", "provider=work", true},         // what is the call's is its attempts' too
              Row{"feature=other", "provider=work", false}}) {
            CAPTURE(first);
            CAPTURE(second);
            for (const auto& where : {query("provider", {first, second}), query("provider", {second, first})}) {
                const auto calls = newest_calls(database_path(dir.data()), where, 10);
                REQUIRE(calls.has_value());
                CHECK(calls->size() == (found ? 1 : 0));
                CHECK(report_of(dir.data(), where).rows.size() == calls->size());
            }
        }
    }

    TEST_CASE("a call whose attempts somebody deleted is reported by its own row") {
        const TempDir dir;
        auto record = sample_call("search", begin);
        add_failed_attempt(record, "work", "timeout", 500, 30'000);
        write_calls(dir.data(), {record});
        auto store = open_log(dir.data());
        fold_all(store);
        execute(dir.data(), "DELETE FROM attempts");
        for (const char* by : {"provider", "provider,status"}) {
            const auto report = report_of(dir.data(), query(by));
            REQUIRE(report.rows.size() == 1);
            CHECK(report.rows[0].keys[0] == "anthropic");
            CHECK(report.total.calls == 1);
            CHECK(report.total.cost_nano() == 230'000);
        }
    }

    TEST_CASE("a log of schema version 2 learns which calls failed over, and its summaries are made anew") {
        const TempDir dir;
        auto record = sample_call("search", begin);
        add_failed_attempt(record, "work", "timeout", 500, 30'000);
        write_calls(dir.data(), {record, sample_call("search", begin + 1), sample_call("other", begin + 2)});
        // As version 2 had it.
        execute(dir.data(),
                "DROP INDEX calls_failed_over; DROP TRIGGER attempts_deleted; ALTER TABLE calls DROP COLUMN "
                "failed_attempts; ALTER TABLE rollups DROP COLUMN failed_attempts; ALTER TABLE rollups DROP COLUMN "
                "error_class; ALTER TABLE summaries RENAME COLUMN entries TO sums; INSERT INTO summaries VALUES "
                "(900000, 0, X'0102'); UPDATE summary_state SET "
                "covered_call_id = 3; PRAGMA user_version = 2");
        const auto report = report_of(dir.data(), query("provider"));
        CHECK(query_integer(dir.data(), "PRAGMA user_version") == schema_version());
        CHECK(report.total.calls == 3);
        CHECK(report.total.failed_attempts == 1);
        CHECK(plain(report)[{"work"}].cost_nano() == 30'000);
        CHECK(query_integer(dir.data(), "SELECT sum(failed_attempts) FROM calls") == 1);
        auto store = open_log(dir.data());
        fold_all(store);
        CHECK(report_of(dir.data(), query("provider")).total == report.total);
    }
}
