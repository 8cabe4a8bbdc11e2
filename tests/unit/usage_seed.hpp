// A usage log of made-up calls: the same seed gives the same log, on every machine.
#pragma once

#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/store/usage_store.hpp"
#include "core/usage/report.hpp"
#include "core/usage/rollup.hpp"
#include "core/usage/summaries.hpp"
#include "core/util/file.hpp"
#include "usage_fixture.hpp"

namespace llmgw::test {

class TimeZone {
public:
    explicit TimeZone(const char* name) {
        if (const char* old = std::getenv("TZ")) { old_ = old; }
        ::setenv("TZ", name, 1);
        ::tzset();
    }
    TimeZone(const TimeZone&) = delete;
    TimeZone& operator=(const TimeZone&) = delete;
    ~TimeZone() {
        if (old_) {
            ::setenv("TZ", old_->c_str(), 1);
        } else {
            ::unsetenv("TZ");
        }
        ::tzset();
    }

private:
    std::optional<std::string> old_;
};

// Zones spelt out, so that no test needs a time zone database.
inline constexpr const char* berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
inline constexpr const char* new_york = "EST5EDT,M3.2.0,M11.1.0";
inline constexpr const char* kathmandu = "<+0545>-5:45";
inline constexpr const char* lord_howe = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";  // changes by half an hour
inline constexpr const char* cairo = "EET-2EEST,M4.5.5/0,M10.5.4/24";             // changes at midnight

inline UsageStore open_log(const std::string& data_dir) {
    REQUIRE(ensure_private_dir(data_dir).has_value());
    auto store = UsageStore::open(database_path(data_dir), 5000);
    REQUIRE_MESSAGE(store.has_value(), store.error().message);
    return std::move(*store);
}

inline void write_calls(const std::string& data_dir, const std::vector<CallRecord>& records) {
    auto store = open_log(data_dir);
    std::vector<const CallRecord*> pointers;
    for (const auto& record : records) {
        pointers.push_back(&record);
    }
    REQUIRE(store.insert(pointers) == static_cast<int>(records.size()));
}

// Calls spread over the period, with every ending, cost basis and kind of saving; some have no name, no user, no price,
// or names that are hard to print.
inline std::vector<CallRecord> seeded_calls(int count, std::int64_t begin_ms, std::int64_t end_ms,
                                            std::uint64_t seed = 1) {
    std::mt19937_64 random(seed);
    const auto pick = [&](std::int64_t n) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
    };
    const auto one_of = [&](std::initializer_list<const char*> list) {
        return std::string(list.begin()[pick(static_cast<std::int64_t>(list.size()))]);
    };
    std::vector<CallRecord> records;
    for (int i = 0; i < count; ++i) {
        auto& record = records.emplace_back();
        auto& call = record.call;
        call.started_ms = begin_ms + pick(end_ms - begin_ms);
        char id[48];
        std::snprintf(id, sizeof id, "%08x-%04x-7%03x-8%03x-%012x", static_cast<unsigned>(call.started_ms >> 16),
                      static_cast<unsigned>(call.started_ms & 0xffff), static_cast<unsigned>(pick(4096)),
                      static_cast<unsigned>(pick(4096)), static_cast<unsigned>(i));
        call.call_id = id;
        call.duration_ms = 200 + pick(9'000);
        if (pick(3) > 0) { call.first_token_ms = 50 + pick(1'000); }
        call.client_key = one_of({"default", "ci"});
        call.agent = one_of({"", "claude-code", "codex"});
        call.session_id = pick(3) == 0 ? "" : "session-" + std::to_string(pick(12));
        call.feature = one_of({"review", "search", "nightly build", "", "=HYPERLINK(\"x\")|<b>", "漢字 \x1b[31m"});
        call.user = one_of({"", "ada", "grace, \"amazing\""});
        call.metadata = one_of({"", R"({"team":"blue"})", R"({"team":"red","n":"1"})", "not json"});
        call.operation = pick(10) == 0 ? "count_tokens" : "messages";
        call.provider = one_of({"anthropic", "openai"});
        call.requested_model = call.provider == "anthropic" ? one_of({"claude-opus-5", "claude-haiku-4-5"})
                                                            : one_of({"gpt-5", "mystery-1"});
        call.ending = static_cast<Ending>(pick(5));
        call.served_model = call.ending == Ending::refused ? "" : call.requested_model;
        call.http_status = call.ending == Ending::failed ? 429 : 200;
        call.error_class = call.ending == Ending::failed ? "rate_limit" : "";
        auto& counts = call.usage.counts;
        counts.input = pick(3'000);
        if (pick(2) == 0) { counts.cache_read = pick(50'000); }
        if (pick(4) == 0) { counts.cache_write_5m = pick(2'000); }
        if (pick(8) == 0) { counts.cache_write_1h = pick(2'000); }
        counts.output = pick(1'000);
        counts.reasoning = *counts.output / 2;
        call.cost.basis = static_cast<CostBasis>(1 + pick(3));
        if (call.requested_model != "mystery-1") {
            call.cost.nano = pick(100'000'000);
            if (counts.cache_read && pick(3) > 0) { call.cost.cache_saved_nano = pick(50'000'000); }
            call.cost.price_source = pick(5) == 0 ? "local" : "test";
        }
        if (call.ending != Ending::refused) {
            auto& attempt = record.attempts.emplace_back();
            attempt.started_ms = call.started_ms + 1;
            attempt.duration_ms = call.duration_ms - 2;
            attempt.provider = call.provider;
            attempt.model = call.requested_model;
            attempt.served_model = call.served_model;
            attempt.http_status = call.http_status;
            attempt.ending = call.ending;
            attempt.usage = call.usage;
            attempt.cost = call.cost;
        }
    }
    return records;
}

// An attempt at another provider that failed before the call's last one, and what it used and cost, which the call's
// own numbers then hold too. Calls of an unknown price get attempts of an unknown price.
inline void add_failed_attempt(CallRecord& record, std::string provider, std::string error_class,
                               std::int64_t input_tokens, std::int64_t cost_nano) {
    auto& call = record.call;
    AttemptRow failed;
    failed.started_ms = call.started_ms + 1;
    failed.duration_ms = 40;
    failed.provider = std::move(provider);
    failed.model = "backup-model";
    failed.http_status = 529;
    failed.ending = Ending::failed;
    failed.error_class = std::move(error_class);
    failed.usage.counts.input = input_tokens;
    failed.cost.basis = input_tokens > 0 ? CostBasis::partial : CostBasis::none;
    if (call.cost.nano) {
        failed.cost.nano = cost_nano;
        *call.cost.nano += cost_nano;
    }
    call.usage.counts.input = call.usage.counts.input.value_or(0) + input_tokens;
    call.cost.basis = std::max(call.cost.basis, failed.cost.basis);
    record.attempts.insert(record.attempts.end() - 1, std::move(failed));
    for (std::size_t i = 0; i < record.attempts.size(); ++i) {
        record.attempts[i].number = static_cast<int>(i) + 1;
    }
}

// Every fifth call or so was tried before: once for nothing, or twice, and then a provider billed for it.
inline std::vector<CallRecord> with_failed_attempts(std::vector<CallRecord> records, std::uint64_t seed = 1) {
    std::mt19937_64 random(seed);
    for (auto& record : records) {
        if (random() % 5 != 0 || record.attempts.empty()) { continue; }
        add_failed_attempt(record, "spare", "overloaded", 0, 0);
        if (random() % 2 == 0) {
            add_failed_attempt(record, random() % 2 == 0 ? "spare" : "openai", "timeout", 700, 12'345'678);
        }
    }
    return records;
}

inline Report report_of(const std::string& data_dir, const ReportQuery& query) {
    auto result = run_report(database_path(data_dir), query);
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    return std::move(*result);
}

inline ReportQuery query(std::string_view by, std::initializer_list<const char*> where = {}, std::int64_t since_ms = 0,
                         std::int64_t until_ms = std::numeric_limits<std::int64_t>::max()) {
    ReportQuery asked{{}, since_ms, until_ms, {}};
    if (!by.empty()) { asked.by = *parse_dimensions(by); }
    for (const char* text : where) {
        asked.where.push_back(*parse_filter(text));
    }
    return asked;
}

using Plain = std::map<std::vector<std::string>, ReportSums>;
inline Plain plain(const Report& report) {
    Plain rows;
    for (const auto& row : report.rows) {
        rows[row.keys] = row.sums;
    }
    return rows;
}

inline void fold_all(UsageStore& store, std::int64_t rows_max = 300) {
    for (;;) {
        const auto rows = fold_into_summaries(store.database(), rows_max);
        REQUIRE_MESSAGE(rows.has_value(), rows.error().message);
        if (*rows < rows_max) { return; }
    }
}

inline int roll_all(UsageStore& store, std::int64_t before_ms, std::int64_t rows_max = 170) {
    int moved = 0;
    for (;;) {
        const auto rows = roll_up(store.database(), before_ms, rows_max);
        REQUIRE_MESSAGE(rows.has_value(), rows.error().message);
        moved += static_cast<int>(*rows);
        if (*rows < rows_max) { return moved; }
    }
}

inline void execute(const std::string& data_dir, const char* sql) {
    auto database = Database::open(database_path(data_dir), Database::Mode::read_write, 5000);
    REQUIRE(database.has_value());
    const auto done = database->execute(sql);
    REQUIRE_MESSAGE(done.has_value(), done.error().message);
}

}  // namespace llmgw::test
