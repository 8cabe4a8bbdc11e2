// Reports of a made-up log, byte for byte: tests/golden/usage/. LLMGW_UPDATE_GOLDEN=1 writes them anew; read the
// difference before committing it.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "cli/command.hpp"
#include "cli/commands/logs.hpp"
#include "cli/commands/usage.hpp"
#include "cli/usage/answer.hpp"
#include "core/usage/rollup.hpp"
#include "core/usage/summaries.hpp"
#include "usage_seed.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

constexpr std::int64_t begin = 1'792'713'600'000;  // 2026-10-23T00:00:00Z
constexpr std::int64_t now = begin + 6 * utc_day_ms + 13 * quarter_ms + 1'234;

void hold_golden(const std::string& name, const std::string& text) {
    const std::string path = LLMGW_SOURCE_DIR "/tests/golden/usage/" + name;
    if (std::getenv("LLMGW_UPDATE_GOLDEN") != nullptr) {
        std::ofstream(path, std::ios::binary) << text;
        return;
    }
    std::ifstream in(path, std::ios::binary);
    std::ostringstream golden;
    golden << in.rdbuf();
    CHECK_MESSAGE(text == golden.str(), name << " differs: LLMGW_UPDATE_GOLDEN=1 writes it anew\n" << text);
}

Environment environment(const TempDir& dir, int width = 0, bool color = false) {
    Environment env;
    env.data_dir = dir.data();
    env.stdout_is_tty = width > 0;
    env.width = width > 0 ? width : 80;
    env.color = color;
    return env;
}

struct Golden {
    const char* name;
    UsageArguments arguments;
    int width = 0;  // 0: no terminal
    bool color = false;
};

const std::vector<Golden>& goldens() {
    static const std::vector<Golden> all{
        {"feature.table.txt", {}},
        {"feature.json", {.json = true}},
        {"feature.csv", {.format = "csv"}},
        {"feature.md", {.format = "markdown"}},
        {"terminal.txt", {}, 160},
        {"terminal-color.txt", {}, 160, true},
        {"terminal-80.txt", {.by = "feature,model"}, 80},
        {"terminal-40.txt", {.by = "feature,model"}, 40},
        {"terminal.csv", {.format = "csv"}, 80},
        {"terminal.json", {.format = "json", .top = "2"}, 80},
        {"day-model-top.table.txt", {.by = "day,model", .top = "4"}},
        {"day-model-top.json", {.by = "day,model", .format = "json", .top = "4"}},
        {"day-model-top.csv", {.by = "day,model", .format = "csv", .top = "4"}},
        {"day-model-top.md", {.by = "day,model", .format = "markdown", .top = "4"}},
        {"where.table.txt", {.by = "user,status,meta:team", .where = {"feature=review", "key=ci"}}},
        {"compare.table.txt", {.by = "user", .since = "2d", .compare = "previous"}, 160},
        {"compare.json", {.by = "session", .since = "1d", .format = "json", .top = "3", .compare = "previous"}},
        {"compare.csv", {.by = "session", .since = "1d", .format = "csv", .top = "3", .compare = "previous"}},
        {"compare.md", {.by = "session", .since = "1d", .format = "markdown", .top = "3", .compare = "previous"}},
        {"hours.table.txt", {.by = "hour", .since = "2026-10-25", .until = "2026-10-25"}, 200},
    };
    return all;
}

}  // namespace

TEST_SUITE("cli_usage_golden") {
    TEST_CASE("usage: every format and view, byte for byte, also from rolled-up calls") {
        const TimeZone zone(berlin);
        const TempDir dir;
        const FakeClock clock(now);
        write_calls(dir.data(), seeded_calls(400, begin, begin + 6 * utc_day_ms));
        for (const auto& golden : goldens()) {
            const auto output = run_usage(golden.arguments, environment(dir, golden.width, golden.color), clock);
            REQUIRE_MESSAGE(output.has_value(), golden.name << ": " << output.error().message);
            CHECK(output->err.empty());
            hold_golden(golden.name, output->out);
        }
        if (std::getenv("LLMGW_UPDATE_GOLDEN") != nullptr) { return; }
        auto store = open_log(dir.data());
        REQUIRE(fold_into_summaries(store.database(), 1'000) == 400);
        for (const auto& golden : goldens()) {
            const auto output = run_usage(golden.arguments, environment(dir, golden.width, golden.color), clock);
            REQUIRE(output.has_value());
            hold_golden(golden.name, output->out);
        }
        REQUIRE(roll_up(store.database(), now, 1'000) == 399);
        for (const auto& golden : goldens()) {
            hold_golden(golden.name,
                        run_usage(golden.arguments, environment(dir, golden.width, golden.color), clock)->out);
        }
    }

    TEST_CASE("usage and logs: what failed over, from what, why and for how much, byte for byte") {
        const TimeZone zone(berlin);
        const TempDir dir;
        const FakeClock clock(now);
        write_calls(dir.data(), with_failed_attempts(seeded_calls(120, begin, begin + 6 * utc_day_ms)));
        const std::vector<Golden> views{
            {"attempts.table.txt", {.by = "provider,status"}},
            {"attempts-80.txt", {.by = "provider,status,error"}, 80},
            {"attempts-feature-80.txt", {.by = "feature"}, 80},
            {"attempts.json", {.by = "provider,status", .where = {"provider=spare"}, .json = true}},
            {"attempts.csv", {.by = "provider,status", .format = "csv"}},
            {"attempts.md", {.by = "provider,status", .format = "markdown"}},
        };
        const auto hold = [&] {
            for (const auto& golden : views) {
                const auto output = run_usage(golden.arguments, environment(dir, golden.width, golden.color), clock);
                REQUIRE(output.has_value());
                hold_golden(golden.name, output->out);
            }
        };
        hold();
        hold_golden("attempts-logs.txt", run_logs({.count = "12"}, environment(dir), clock)->out);
        hold_golden("attempts-logs.jsonl",
                    run_logs({.count = "2", .where = {"provider=spare", "error=timeout"}, .json = true},
                             environment(dir), clock)
                        ->out);
        hold_golden("attempts-logs-where.txt",
                    run_logs({.where = {"status=failed attempt", "provider=openai"}}, environment(dir), clock)->out);
        if (std::getenv("LLMGW_UPDATE_GOLDEN") != nullptr) { return; }
        auto store = open_log(dir.data());
        REQUIRE(fold_into_summaries(store.database(), 1'000) == 120);
        REQUIRE(roll_up(store.database(), now, 1'000) == 119);
        hold();
    }

    TEST_CASE("usage: nothing printed on a terminal can control it, in any format") {
        const TimeZone zone(berlin);
        const TempDir dir;
        const FakeClock clock(now);
        std::vector<CallRecord> records;
        for (const char* evil : {"\x1b]0;title\x07", "a\rb", "new\nline",
                                 "\xc2\x9b"
                                 "31m",
                                 "\xff\xfe", "\u202e", "tab\tx"}) {
            auto& record = records.emplace_back(sample_call(evil, begin));
            record.call.user = record.call.provider = record.call.session_id = record.call.served_model = evil;
            record.call.error_message = record.call.finish_reason = evil;
            record.call.metadata = std::string(R"({"team":")") + "\\u001b[1m" + "\"}";
            record.call.cost.nano.reset();
        }
        write_calls(dir.data(), records);
        std::vector<std::string> texts;
        for (const char* format : {"table", "json", "csv", "markdown"}) {
            for (const char* by : {"feature", "user,provider,model", "session", "meta:team"}) {
                texts.push_back(run_usage({.by = by, .format = format}, environment(dir, 100), clock)->out);
            }
        }
        texts.push_back(run_logs({}, environment(dir, 100), clock)->out);
        texts.push_back(run_logs({.json = true}, environment(dir, 100), clock)->out);
        for (const bool json : {false, true}) {
            LogsArguments one{.json = json};
            one.call = records[3].call.call_id;
            texts.push_back(run_logs(one, environment(dir, 100), clock)->out);
        }
        for (const auto& text : texts) {
            REQUIRE_FALSE(text.empty());
            for (std::size_t i = 0; i < text.size(); ++i) {
                const auto byte = static_cast<unsigned char>(text[i]);
                const bool line_end = byte == '\n' || (byte == '\r' && text[i + 1] == '\n');
                CHECK_MESSAGE((line_end || (byte >= 0x20 && byte != 0x7f)), text);
                if (byte == 0xc2) { CHECK_MESSAGE(static_cast<unsigned char>(text[i + 1]) >= 0xa0, text); }
            }
            CHECK(text.find("\u202e") == std::string::npos);
        }
    }

    TEST_CASE("usage: CSV cells are quoted, and no name is a formula; Markdown cells stay cells") {
        const TempDir dir;
        const FakeClock clock(now);
        std::vector<CallRecord> records;
        for (const char* name : {"=1+1", "+1", "-1", "@x", "a,b", "say \"hi\"", "two\nlines", "x|y", "plain"}) {
            records.push_back(sample_call(name, begin));
        }
        write_calls(dir.data(), records);
        const auto csv = run_usage({.format = "csv"}, environment(dir), clock)->out;
        for (const char* cell : {"\r\n'=1+1,", "\r\n'+1,", "\r\n'-1,", "\r\n'@x,", "\r\n\"a,b\",",
                                 "\r\n\"say \"\"hi\"\"\",", "\r\n\"two\nlines\",", "\r\nplain,"}) {
            CHECK_MESSAGE(csv.find(cell) != std::string::npos, cell);
        }
        CHECK(csv.ends_with("\r\n"));
        const auto markdown = run_usage({.format = "markdown"}, environment(dir), clock)->out;
        CHECK(markdown.find("| x\\|y |") != std::string::npos);
        CHECK(markdown.find("two\ufffdlines") != std::string::npos);
        CHECK(std::ranges::count(markdown, '\n') == 3 + 9);
    }

    TEST_CASE("usage --top: rows add up to the total in every format's numbers") {
        const TempDir dir;
        const FakeClock clock(now);
        write_calls(dir.data(), seeded_calls(300, begin, begin + 6 * utc_day_ms, 5));
        for (const char* by : {"feature", "day", "user,session", "model,status"}) {
            for (const char* top : {"1", "3", "1000"}) {
                const auto asked = parse_question({.by = by, .where = {"key=ci"}, .top = top}, now);
                REQUIRE(asked.has_value());
                const auto answer = answer_question(database_path(dir.data()), *asked, false, now);
                REQUIRE(answer.has_value());
                ReportSums sum;
                for (const auto& row : answer->rows) {
                    sum += row.sums;
                }
                if (answer->other) { sum += answer->other->sums; }
                CHECK(sum == answer->total);
                CHECK(answer->rows.size() <= static_cast<std::size_t>(*asked->top));
                CHECK(answer->other.has_value() == (answer->other_rows > 0));
            }
        }
    }

    TEST_CASE("usage --compare: rows of either period are there, and both columns add up") {
        const TimeZone zone(berlin);
        const TempDir dir;
        const FakeClock clock(now);
        write_calls(dir.data(), {sample_call("kept", begin), sample_call("gone", begin), sample_call("gone", begin),
                                 sample_call("kept", now - 1'000), sample_call("kept", now - 1'000),
                                 sample_call("new", now - 2'000)});
        const auto asked = parse_question({.since = "4d", .compare = "previous"}, now);
        REQUIRE(asked.has_value());
        const auto answer = answer_question(database_path(dir.data()), *asked, false, now);
        REQUIRE(answer.has_value());
        REQUIRE(answer->rows.size() == 3);
        CHECK(answer->rows[0].keys[0] == "kept");
        CHECK(answer->rows[0].previous.calls == 1);
        CHECK(answer->rows[1].keys[0] == "new");
        CHECK(answer->rows[1].previous.calls == 0);
        CHECK(answer->rows[2].keys[0] == "gone");
        CHECK(answer->rows[2].sums.calls == 0);
        CHECK(answer->rows[2].previous.calls == 2);
        CHECK(answer->previous_total.calls == 3);
        const auto text = run_usage({.since = "4d", .compare = "previous"}, environment(dir), clock)->out;
        CHECK(text.find("+100 %") != std::string::npos);
        CHECK(text.find("gone") != std::string::npos);
    }

    TEST_CASE("usage: what cannot be asked is a usage error that says what can") {
        struct Case {
            UsageArguments arguments;
            const char* message;
        };
        const TempDir dir;
        const FakeClock clock(now);
        for (const auto& [arguments, message] :
             {Case{{.by = "colour"}, "choose from feature, model"},
              Case{{.by = "modle"}, "did you mean \"model\"?"},
              Case{{.by = "day,day"}, "there twice"},
              Case{{.by = "meta:"}, "meta:NAME"},
              Case{{.since = "soon"}, "--since: \"soon\" is no time: say 7d"},
              Case{{.until = "x"}, "--until: \"x\""},
              Case{{.since = "1d", .until = "2d"}, "is not before"},
              Case{{.where = {"feature"}}, "has no \"=\""},
              Case{{.where = {"colour=red"}}, "choose from"},
              Case{{.format = "xml"}, "table, json, csv or markdown"},
              Case{{.format = "csv", .json = true}, "contradict"},
              Case{{.top = "0"}, "above 0"},
              Case{{.top = "3x"}, "whole number"},
              Case{{.since = "1d", .compare = "next"}, "say previous"},
              Case{{.compare = "previous"}, "needs --since"},
              Case{{.by = "day", .since = "1d", .compare = "previous"}, "cannot go with --by day"},
              Case{{.since = "1d", .where = {"hour=x"}, .compare = "previous"}, "cannot go with --where hour="},
              Case{
                  {.where = {"status=borked"}},
                  "\"borked\" is no status: choose from done, failed, refused, cancelled, truncated or failed attempt"},
              Case{{.where = {"status=canceled"}}, "; did you mean \"cancelled\"?"},
              Case{{.where = {"status="}}, "\"\" is no status"}}) {
            const auto output = run_usage(arguments, environment(dir), clock);
            REQUIRE_FALSE(output.has_value());
            CHECK(output.error().kind == ErrorKind::usage);
            CHECK_MESSAGE(output.error().message.find(message) != std::string::npos, output.error().message);
        }
    }

    TEST_CASE("logs: the newest calls, newest last; one of them whole") {
        const TimeZone zone(berlin);
        const TempDir dir;
        const FakeClock clock(now);
        CHECK(run_logs({}, environment(dir), clock)->err == "No calls are logged yet.\n");
        CHECK(run_logs({.where = {"status=borked"}}, environment(dir), clock).error().kind == ErrorKind::usage);
        const auto records = seeded_calls(60, begin, begin + 6 * utc_day_ms);
        write_calls(dir.data(), records);
        hold_golden("logs.txt", run_logs({.count = "12"}, environment(dir), clock)->out);
        hold_golden("logs-80.txt", run_logs({.count = "12"}, environment(dir, 80, true), clock)->out);
        hold_golden("logs.jsonl", run_logs({.count = "3", .json = true}, environment(dir), clock)->out);
        hold_golden(
            "logs-where.txt",
            run_logs({.since = "2026-10-24", .until = "2026-10-26", .where = {"status=failed", "meta:team=blue"}},
                     environment(dir), clock)
                ->out);
        const auto whole =
            std::ranges::find(records, Ending::failed, [](const CallRecord& r) { return r.call.ending; });
        REQUIRE(whole != records.end());
        LogsArguments one;
        one.call = whole->call.call_id.substr(0, 18);
        hold_golden("logs-call.txt", run_logs(one, environment(dir), clock)->out);
        one.json = true;
        hold_golden("logs-call.json", run_logs(one, environment(dir), clock)->out);
        one.json = false;

        one.call = "01";
        auto error = run_logs(one, environment(dir), clock).error();
        CHECK(error.kind == ErrorKind::usage);
        CHECK(error.message.find("say more of it:\n  01") != std::string::npos);
        one.call = "ffff";
        error = run_logs(one, environment(dir), clock).error();
        CHECK(error.kind == ErrorKind::not_found);
        one.call = "01";
        one.since = "1d";
        CHECK(run_logs(one, environment(dir), clock).error().kind == ErrorKind::usage);
        CHECK(run_logs({.count = "-1"}, environment(dir), clock).error().kind == ErrorKind::usage);
        CHECK(run_logs({.where = {"user=nobody"}}, environment(dir), clock)->err == "No such calls.\n");
    }
}
