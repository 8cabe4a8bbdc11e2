#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/store/usage_store.hpp"
#include "core/usage/period.hpp"
#include "core/usage/report.hpp"
#include "core/util/file.hpp"
#include "usage_seed.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

void store(const TempDir& dir, const std::vector<CallRecord>& records) {
    REQUIRE(ensure_private_dir(dir.data()).has_value());
    auto opened = UsageStore::open(database_path(dir.data()), 1000);
    REQUIRE(opened.has_value());
    std::vector<const CallRecord*> pointers;
    for (const auto& record : records) {
        pointers.push_back(&record);
    }
    REQUIRE(opened->insert(pointers) == static_cast<int>(records.size()));
}

Report report(const TempDir& dir, std::string_view by, std::int64_t since_ms = 0,
              std::int64_t until_ms = std::numeric_limits<std::int64_t>::max()) {
    auto result = run_report(database_path(dir.data()), {*parse_dimensions(by), since_ms, until_ms});
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    return std::move(*result);
}

CallRecord priced(const char* feature, std::int64_t nano, std::int64_t started_ms = 1'700'000'000'000) {
    auto record = sample_call(feature, started_ms);
    record.call.cost.nano = nano;
    return record;
}

}  // namespace

TEST_SUITE("usage_report") {
    TEST_CASE("report: sums of disjoint buckets, the most expensive first") {
        const TempDir dir;
        auto full = priced("search", 7'000);
        auto& counts = full.call.usage.counts;
        counts.input = 1;
        counts.cache_read = 2;
        counts.cache_write_5m = 3;
        counts.cache_write_1h = 4;
        counts.output = 50;
        counts.reasoning = 40;
        store(dir, {full, priced("search", 1'000), priced("chat", 9'000), priced("", 10)});
        const auto result = report(dir, "feature");
        REQUIRE(result.rows.size() == 3);
        CHECK(result.rows[0].keys == std::vector<std::string>{"chat"});
        CHECK(result.rows[1].keys == std::vector<std::string>{"search"});
        CHECK(result.rows[2].keys == std::vector<std::string>{""});
        const auto& sums = result.rows[1].sums;
        CHECK(sums.calls == 2);
        CHECK(sums.input_tokens == 101);
        CHECK(sums.cache_read_tokens == 2);
        CHECK(sums.cache_write_5m_tokens == 3);
        CHECK(sums.cache_write_1h_tokens == 4);
        CHECK(sums.output_tokens == 70);
        CHECK(sums.reasoning_tokens == 40);
        CHECK(sums.cost_nano() == 8'000);
        CHECK(result.total.calls == 4);
        CHECK(result.total.cost_nano() == 17'010);
    }

    TEST_CASE("report: unpriced calls are counted and named, never added as zero") {
        const TempDir dir;
        auto unknown = priced("new", 0);
        unknown.call.cost.nano.reset();
        unknown.call.served_model = "model-x";
        auto unanswered = unknown;
        unanswered.call.call_id = make_id(SystemClock{});
        unanswered.call.served_model = "";
        unanswered.call.requested_model = "model-y";
        auto listing = priced("new", 0);
        listing.call.operation = "models";
        listing.call.usage = {};
        listing.call.cost = {};
        auto refused = listing;
        refused.call.call_id = make_id(SystemClock{});
        refused.call.operation = "messages";
        refused.call.ending = Ending::refused;
        auto cut = priced("old", 5);
        cut.call.cost.basis = CostBasis::estimated;
        auto part = priced("old", 6);
        part.call.cost.basis = CostBasis::partial;
        store(dir, {unknown, unanswered, cut, part});
        auto result = report(dir, "feature");
        REQUIRE(result.rows.size() == 2);
        CHECK(result.rows[0].sums.estimated_calls == 1);
        CHECK(result.rows[0].sums.partial_calls == 1);
        const auto& sums = result.rows[1].sums;
        CHECK(sums.unpriced_calls == 2);
        CHECK(sums.unpriced_tokens == 240);
        CHECK_FALSE(sums.cost_nano().has_value());
        CHECK(result.total.cost_nano() == 11);
        CHECK(result.unpriced_models == std::set<std::string>{"model-x", "model-y"});

        // Calls that nobody bills are calls, cost nothing, and are not unpriced.
        store(dir, {listing, refused});
        result = report(dir, "feature");
        CHECK(result.total.calls == 6);
        CHECK(result.total.unpriced_calls == 2);
        CHECK_FALSE(result.rows[1].sums.cost_nano().has_value());
        store(dir, {priced("free", 0)});
        CHECK(report(dir, "feature").rows[2].keys[0] == "free");
        CHECK(report(dir, "feature").rows[2].sums.cost_nano() == 0);
    }

    TEST_CASE("report: by model, provider and several dimensions; what is stored stays a value") {
        const TempDir dir;
        auto other = priced("search", 5);
        other.call.provider = "openai'); DROP TABLE calls; --";
        other.call.served_model = "";
        other.call.requested_model = "gpt-5-mini";
        store(dir, {priced("search", 3), priced("chat", 3), other});
        CHECK(report(dir, "model").rows[0].keys == std::vector<std::string>{"claude-haiku-4-5"});
        CHECK(report(dir, "model").rows[1].keys == std::vector<std::string>{"gpt-5-mini"});
        const auto both = report(dir, "provider,feature");
        REQUIRE(both.rows.size() == 3);
        CHECK(both.rows[0].keys == std::vector<std::string>{other.call.provider, "search"});
        CHECK(both.rows[1].keys == std::vector<std::string>{"anthropic", "chat"});
        CHECK(both.rows[2].keys == std::vector<std::string>{"anthropic", "search"});
    }

    TEST_CASE("report: an unknown or repeated dimension is a usage error that names the known ones") {
        for (const char* names : {"", "feature,", "colour", "feature; DROP TABLE calls", "day,day"}) {
            const auto by = parse_dimensions(names);
            REQUIRE_FALSE(by.has_value());
            CHECK(by.error().kind == ErrorKind::usage);
        }
        CHECK(parse_dimensions("colour").error().message.find("feature, model, provider, user") != std::string::npos);
    }

    TEST_CASE("report: days are local and right across daylight saving") {
        const TimeZone zone(berlin);
        const TempDir dir;
        // 2026-03-29 has 23 hours (until 22:00 UTC), 2026-10-25 has 25.
        const std::int64_t march_29 = 1'774'738'800'000;    // 2026-03-28T23:00:00Z
        const std::int64_t october_25 = 1'792'879'200'000;  // 2026-10-24T22:00:00Z
        store(dir, {priced("x", 1, march_29 - 1), priced("x", 1, march_29), priced("x", 1, march_29 + 23 * hour_ms - 1),
                    priced("x", 1, march_29 + 23 * hour_ms), priced("x", 1, october_25 + 25 * hour_ms - 1),
                    priced("x", 1, october_25 + 25 * hour_ms)});
        const auto result = report(dir, "day");
        std::vector<std::pair<std::string, std::int64_t>> days;
        for (const auto& row : result.rows) {
            days.emplace_back(row.keys[0], row.sums.calls);
        }
        CHECK(days ==
              std::vector<std::pair<std::string, std::int64_t>>{
                  {"2026-03-28", 1}, {"2026-03-29", 2}, {"2026-03-30", 1}, {"2026-10-25", 1}, {"2026-10-26", 1}});
        CHECK(report(dir, "day", *parse_since("2026-03-29", 0), *parse_until("2026-03-29", 0)).total.calls == 2);
    }

    TEST_CASE("report: many calls, read by several threads, are each counted once") {
        const TempDir dir;
        constexpr int count = 110'000;
        {
            std::vector<CallRecord> records;
            std::uint64_t state = 1;
            for (int i = 0; i < count; ++i) {
                // Unevenly spread, several at the same millisecond.
                state = state * 6364136223846793005ULL + 1442695040888963407ULL;
                auto& record = records.emplace_back(priced(i % 3 == 0 ? "a" : "b", 1));
                record.call.started_ms += static_cast<std::int64_t>((state >> 33) % 1000) * (i % 7) * (i % 7);
                record.attempts.clear();
            }
            store(dir, records);
        }
        const auto result = report(dir, "feature");
        CHECK(result.total.calls == count);
        CHECK(result.total.cost_nano() == count);
        REQUIRE(result.rows.size() == 2);
        CHECK(result.rows[1].sums.calls == (count + 2) / 3);
        const auto middle = 1'700'000'000'000 + 4000;
        CHECK(report(dir, "feature", 0, middle).total.calls + report(dir, "feature", middle).total.calls == count);
    }

    TEST_CASE("report: without a log not_found; of an empty one no rows") {
        const TempDir dir;
        const auto missing = run_report(database_path(dir.data()), {*parse_dimensions("feature")});
        REQUIRE_FALSE(missing.has_value());
        CHECK(missing.error().kind == ErrorKind::not_found);
        store(dir, {});
        CHECK(report(dir, "feature").rows.empty());
        CHECK(report(dir, "feature").total.cost_nano() == 0);
    }

    TEST_CASE("period: days keep the time of day, hours are hours, dates are local") {
        const TimeZone zone(berlin);
        const std::int64_t march_29_noon = 1'774'778'400'000;  // 2026-03-29T10:00:00Z, the clocks were just changed
        CHECK(*parse_since("1d", march_29_noon) == march_29_noon - 23 * hour_ms);
        CHECK(*parse_since("24h", march_29_noon) == march_29_noon - 24 * hour_ms);
        CHECK(*parse_since("7d", march_29_noon + 123) == march_29_noon + 123 - (7 * 24 - 1) * hour_ms);
        CHECK(utc_text(*parse_since("2026-03-29", 0)) == "2026-03-28T23:00:00Z");
        CHECK(utc_text(*parse_until("2026-03-29", 0)) == "2026-03-29T22:00:00Z");
        CHECK(utc_text(*parse_until("2026-12-31", 0)) == "2026-12-31T23:00:00Z");
        for (const char* text : {"", "d", "7", "-7d", "7y", "2026-02-30", "2026-13-01", "2026-3-1", "2026-13",
                                 "next month", "1e3d", "99999999999d", "2026-03-29x"}) {
            CAPTURE(text);
            const auto result = parse_since(text, march_29_noon);
            REQUIRE_FALSE(result.has_value());
            CHECK(result.error().kind == ErrorKind::usage);
        }
    }
}
