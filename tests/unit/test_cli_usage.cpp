#include <limits>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/commands/logs.hpp"
#include "cli/commands/usage.hpp"
#include "cli/term/money.hpp"
#include "cli/term/style.hpp"
#include "cli/term/table.hpp"
#include "core/usage/ledger.hpp"
#include "usage_fixture.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

const SystemClock system_clock;

Environment environment(const TempDir& dir) {
    Environment env;
    env.data_dir = dir.data();
    return env;
}

void write_log(const TempDir& dir) {
    const auto ledger = make_ledger({.data_dir = dir.data()}, system_clock, nullptr);
    auto search = sample_call("search");
    search.call.usage.counts.input = 12'345;
    search.call.usage.counts.cache_read = 1'000'000;
    search.call.usage.counts.cache_write_5m = 10;
    search.call.usage.counts.cache_write_1h = 20;
    search.call.cost.nano = 1'234'567'000'000;
    ledger->record(search);
    auto small = sample_call("summaries \x1b[31m漢字");
    small.call.cost.nano = 164'150;
    small.call.cost.basis = CostBasis::estimated;
    ledger->record(small);
    auto unpriced = sample_call("");
    unpriced.call.served_model = "mystery-1";
    unpriced.call.cost.nano.reset();
    ledger->record(unpriced);
    REQUIRE(ledger->flush(std::chrono::seconds(20)));
}

}  // namespace

TEST_SUITE("cli_usage") {
    TEST_CASE("dollars: enough digits that nothing misleads") {
        struct Case {
            std::int64_t nano;
            const char* text;
        };
        for (const auto& [nano, text] : {Case{0, "$0.00"},
                                         {1, "$0.000000001"},
                                         {164'150, "$0.0001642"},
                                         {12'300'000, "$0.0123"},
                                         {12'345'678, "$0.01235"},
                                         {500'000'000, "$0.50"},
                                         {123'456'789, "$0.1235"},
                                         {999'940'000, "$0.9999"},
                                         {999'960'000, "$1.00"},
                                         {1'005'000'000, "$1.01"},
                                         {1'234'567'000'000, "$1,234.57"},
                                         {-12'300'000, "-$0.0123"},
                                         {std::numeric_limits<std::int64_t>::min(), "-$9,223,372,036.85"}}) {
            CHECK(dollars(nano) == text);
        }
        CHECK(exact_dollars(164'150) == "0.000164150");
        CHECK(exact_dollars(-12'000'000'001) == "-12.000000001");
        CHECK(grouped(-1'234'567) == "-1,234,567");
        CHECK(grouped(999) == "999");
    }

    TEST_CASE("table: widths count columns, not bytes; long text is shortened where the terminal ends") {
        CHECK(display_width("héllo") == 5);
        CHECK(display_width("漢字😀") == 6);
        CHECK(display_width("e\u0301") == 1);
        CHECK(shorten("abcdef", 4) == "abc…");
        CHECK(shorten("漢字漢字", 6) == "漢字…");
        CHECK(printable("a\x1b[2Jb\xff\u202e") == "a\ufffd[2Jb\ufffd\ufffd");
        Table table({{"NAME"}, {"N", Align::right}});
        table.add_row({"漢字", "1"});
        table.add_row({"a rather long name", "22"});
        CHECK(table.render(Style(false), 0) ==
              "NAME                 N\n"
              "漢字                 1\n"
              "a rather long name  22\n");
        CHECK(table.render(Style(false), 14) ==
              "NAME         N\n"
              "漢字         1\n"
              "a rather …  22\n");
        CHECK(table.render(Style(true), 0).find("\x1b[") != std::string::npos);
    }

    TEST_CASE("usage: the table") {
        const TempDir dir;
        write_log(dir);
        const auto output = run_usage({}, environment(dir), system_clock);
        REQUIRE(output.has_value());
        CHECK(
            output->out ==
            "FEATURE              CALLS   INPUT  CACHE READ  CACHE WRITE  OUTPUT     HIT     P50     P95        COST\n"
            "search                   1  12,345   1,000,000           30      20  98.8 %  912 ms  912 ms   $1,234.57\n"
            "summaries \ufffd[31m漢字      1     100           0            0      20   0.0 %  912 ms  912 ms  "
            "$0.0001642 "
            " 1 estimated\n"
            "(none)                   1     100           0            0      20   0.0 %  912 ms  912 ms     unknown  "
            "1 "
            "unpriced\n"
            "total                    3  12,545   1,000,000           30      60  98.8 %  912 ms  912 ms   $1,234.57  "
            "1 "
            "unpriced, 1 estimated\n"
            "\n"
            "98.8 % of the prompt tokens were read from a cache; what that saved is not known\n"
            "1 call (120 tokens) has no known price: model mystery-1\n"
            "1 call ended before the provider stated the usage: tokens are estimated, or as far as they were told\n");
        CHECK(output->err.empty());
        CHECK(output->exit_code == 0);
        CHECK(run_usage({.strict = true}, environment(dir), system_clock)->exit_code == exit_code::failed);
    }

    TEST_CASE("logs: how a call ended is said once, where what went wrong has the same name") {
        const TempDir dir;
        const auto ledger = make_ledger({.data_dir = dir.data()}, system_clock, nullptr);
        for (const auto& [ending, error] : std::vector<std::pair<Ending, std::string>>{
                 {Ending::cancelled, "cancelled"}, {Ending::truncated, "truncated"}, {Ending::failed, "overloaded"}}) {
            auto call = sample_call("f");
            call.call.ending = ending;
            call.call.error_class = error;
            ledger->record(call);
        }
        REQUIRE(ledger->flush(std::chrono::seconds(20)));
        const auto out = run_logs({}, environment(dir), system_clock)->out;
        CAPTURE(out);
        for (const std::string word : {"cancelled", "truncated"}) {
            CHECK(out.find(word) != std::string::npos);
            CHECK(out.find(word) == out.rfind(word));
        }
        CHECK(out.find("failed overloaded") != std::string::npos);
    }

    TEST_CASE("usage: JSON has exact costs, and null where nothing is priced") {
        const TempDir dir;
        write_log(dir);
        const auto output =
            run_usage({.by = "feature,model", .since = "2023-11-01", .json = true}, environment(dir), system_clock);
        REQUIRE(output.has_value());
        const auto tree = nlohmann::json::parse(output->out);
        CHECK(tree["by"] == nlohmann::json({"feature", "model"}));
        CHECK(tree["since"].is_string());
        CHECK(tree["until"].is_null());
        REQUIRE(tree["rows"].size() == 3);
        CHECK(tree["rows"][0]["feature"] == "search");
        CHECK(tree["rows"][0]["model"] == "claude-haiku-4-5");
        CHECK(tree["rows"][0]["cost_nano_usd"] == 1'234'567'000'000);
        CHECK(tree["rows"][0]["cache_write_1h_tokens"] == 20);
        CHECK(tree["rows"][1]["cost_usd"] == "0.000164150");
        CHECK(tree["rows"][1]["estimated_calls"] == 1);
        CHECK(tree["rows"][2]["cost_nano_usd"].is_null());
        CHECK(tree["rows"][2]["cost_usd"].is_null());
        CHECK(tree["total"]["unpriced_calls"] == 1);
        CHECK(tree["total"]["cost_usd"] == "1234.567164150");
        CHECK(tree["unpriced_models"] == nlohmann::json({"mystery-1"}));
    }

    TEST_CASE("usage: without a log, or without calls in the period, it says so and succeeds") {
        const TempDir dir;
        auto output = run_usage({.strict = true}, environment(dir), system_clock);
        REQUIRE(output.has_value());
        CHECK(output->out.empty());
        CHECK(output->err.find("llmgw serve") != std::string::npos);
        CHECK(output->exit_code == 0);
        output = run_usage({.json = true}, environment(dir), system_clock);
        CHECK(nlohmann::json::parse(output->out)["rows"].empty());
        CHECK_FALSE(std::filesystem::exists(dir.data()));
        write_log(dir);
        output = run_usage({.until = "2020-01-01"}, environment(dir), system_clock);
        CHECK(output->err == "No calls in this period.\n");
    }

    TEST_CASE("usage: counts what a killed server left in its journal; bad arguments are usage errors") {
        const TempDir dir;
        {
            auto options = LedgerOptions{.data_dir = dir.data(), .busy_timeout_ms = 1, .close_ms_max = 1};
            write_log(dir);
            auto blocker = Database::open(database_path(dir.data()), Database::Mode::read_write, 1000);
            REQUIRE(blocker->execute("BEGIN IMMEDIATE").has_value());
            make_ledger(options, system_clock, nullptr)->record(sample_call("left"));
        }
        REQUIRE(call_count(dir.data()) == 3);
        const auto output = run_usage({}, environment(dir), system_clock);
        REQUIRE(output.has_value());
        CHECK(output->out.find("left") != std::string::npos);
        CHECK(call_count(dir.data()) == 4);
        CHECK(run_usage({.by = "nothing"}, environment(dir), system_clock).error().kind == ErrorKind::usage);
        CHECK(run_usage({.since = "soon"}, environment(dir), system_clock).error().kind == ErrorKind::usage);
    }
}
