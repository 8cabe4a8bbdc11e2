// `llmgw usage` and `llmgw logs` as a user types them, from a fresh home.
#include <atomic>
#include <csignal>
#include <regex>
#include <semaphore>
#include <set>
#include <sstream>
#include <thread>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using nlohmann::json;

TEST_SUITE_BEGIN("usage_command");

namespace {

// Calls of two features, users and teams on every wire.
void make_calls(World& world, int rounds = 2) {
    for (int i = 0; i < rounds; ++i) {
        for (const auto& wire : canned::wires()) {
            const auto response =
                world.ask(wire, i % 2 == 1,
                          {{"x-llmgw-feature", i % 2 == 0 ? "review" : "search"},
                           {"x-llmgw-user", i % 2 == 0 ? "ada" : "grace"},
                           {"x-llmgw-metadata", i % 2 == 0 ? R"({"team":"blue"})" : R"({"team":"red"})"}});
            REQUIRE(response.status == 200);
        }
    }
}

json report(World& world, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "usage");
    arguments.push_back("--json");
    const auto result = world.cli(std::move(arguments));
    REQUIRE_MESSAGE(result.exit == 0, result.err);
    return json::parse(result.out);
}

std::set<std::string> names(const json& tree, const std::string& dimension) {
    std::set<std::string> all;
    for (const auto& row : tree.at("rows")) {
        all.insert(row.at(dimension).get<std::string>());
    }
    return all;
}

std::int64_t sum(const json& tree, const char* member) {
    std::int64_t all = 0;
    for (const auto& row : tree.at("rows")) {
        if (row.at(member).is_number()) { all += row.at(member).get<std::int64_t>(); }
    }
    if (tree.contains("other") && tree.at("other").at(member).is_number()) {
        all += tree.at("other").at(member).get<std::int64_t>();
    }
    return all;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

// The words of a shell line without variables, pipes or escapes; a comment ends it.
std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> words;
    bool quoted = false;
    bool inside = false;
    for (const char c : line) {
        if (!quoted && c == '#') { break; }
        if (!quoted && c == ' ') {
            inside = false;
            continue;
        }
        if (!inside) { words.emplace_back(); }
        inside = true;
        if (c == '"') {
            quoted = !quoted;
        } else {
            words.back() += c;
        }
    }
    return words;
}

}  // namespace

TEST_CASE("A fresh home: each command says that there is nothing yet, in every format") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    auto result = world.cli({"usage"});
    CHECK(result.exit == 0);
    CHECK(result.out.empty());
    CHECK(result.err.find("llmgw serve") != std::string::npos);
    CHECK(json::parse(world.cli({"usage", "--json"}).out).at("rows").empty());
    CHECK(world.cli({"usage", "--format", "csv"}).out.starts_with("feature,calls,"));
    CHECK(world.cli({"usage", "--format", "markdown"}).out.starts_with("| feature | calls |"));
    CHECK(world.cli({"usage", "--strict"}).exit == 0);
    result = world.cli({"logs"});
    CHECK(result.exit == 0);
    CHECK(result.err == "No calls are logged yet.\n");
    CHECK(world.cli({"logs", "--call", "01"}).exit == 1);
}

TEST_CASE("--by: every dimension, and its rows add up") {
    World world;
    make_calls(world);
    const auto total = report(world, {}).at("total");
    CHECK(total.at("calls") == 8);
    CHECK(total.at("cost_nano_usd").get<std::int64_t>() > 0);
    for (const char* by : {"feature", "model", "provider", "user", "key", "agent", "session", "status", "prompt",
                           "hour", "day", "week", "month", "meta:team", "feature,user,meta:team,day", "status,hour"}) {
        CAPTURE(by);
        const auto tree = report(world, {"--by", by});
        CHECK(tree.at("total") == total);
        for (const char* member : {"calls", "cost_nano_usd", "input_tokens", "output_tokens"}) {
            CHECK(sum(tree, member) == total.at(member));
        }
    }
    CHECK(names(report(world, {"--by", "feature"}), "feature") == std::set<std::string>{"review", "search"});
    CHECK(names(report(world, {"--by", "user"}), "user") == std::set<std::string>{"ada", "grace"});
    CHECK(names(report(world, {"--by", "meta:team"}), "meta:team") == std::set<std::string>{"blue", "red"});
    CHECK(names(report(world, {"--by", "key"}), "key") == std::set<std::string>{"default"});
    CHECK(names(report(world, {"--by", "status"}), "status") == std::set<std::string>{"done"});
    CHECK(names(report(world, {"--by", "prompt"}), "prompt") == std::set<std::string>{""});
    CHECK(names(report(world, {"--by", "provider"}), "provider") ==
          std::set<std::string>{"anthropic", "openai", "gemini"});
}

TEST_CASE("--where, --since, --until, --top, --compare, --format") {
    World world;
    make_calls(world);
    CHECK(report(world, {"--where", "feature=review"}).at("total").at("calls") == 4);
    CHECK(report(world, {"--where", "feature=review", "--where", "meta:team=red"}).at("total").at("calls") == 0);
    CHECK(report(world, {"--where", "user=ada", "--by", "provider"}).at("total").at("calls") == 4);
    CHECK(report(world, {"--where", "user='; DROP TABLE calls; --"}).at("total").at("calls") == 0);
    CHECK(report(world, {"--where", "session="}).at("total").at("calls") == 8);
    CHECK(report(world, {"--since", "today"}).at("total").at("calls") == 8);
    CHECK(report(world, {"--since", "1h"}).at("total").at("calls") == 8);
    CHECK(report(world, {"--until", "yesterday"}).at("total").at("calls") == 0);
    CHECK(report(world, {"--since", "last month", "--until", "last month"}).at("total").at("calls") == 0);

    const auto top = report(world, {"--by", "model,feature", "--top", "1"});
    CHECK(top.at("rows").size() == 1);
    CHECK(top.at("other").at("rows").get<int>() > 0);
    CHECK(sum(top, "cost_nano_usd") == top.at("total").at("cost_nano_usd"));
    CHECK(sum(top, "calls") == 8);

    const auto compared = report(world, {"--since", "1d", "--compare", "previous"});
    CHECK(compared.at("total").at("previous").at("calls") == 0);
    CHECK(compared.at("total").at("calls") == 8);
    const auto table = world.cli({"usage", "--since", "1d", "--compare", "previous"});
    CHECK(table.out.find("CHANGE") != std::string::npos);
    CHECK(table.out.find("new") != std::string::npos);

    const auto csv = lines_of(world.cli({"usage", "--format", "csv"}).out);
    REQUIRE(csv.size() == 3);
    CHECK(csv[0].ends_with("\r"));
    const auto markdown = lines_of(world.cli({"usage", "--format", "markdown"}).out);
    REQUIRE(markdown.size() >= 5);
    CHECK(markdown[4].starts_with("| **total** | 8 |"));
    CHECK(report(world, {"--format", "json"}) == report(world, {}));
    // No terminal: no colours, no bars.
    const auto plain = world.cli({"usage"});
    CHECK(plain.out.find('\x1b') == std::string::npos);
    CHECK(plain.out.find("█") == std::string::npos);
}

TEST_CASE("Bad input: exit 2, nothing on standard output, and words that help") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    struct Case {
        std::vector<std::string> arguments;
        const char* message;
    };
    for (const auto& [arguments, message] :
         {Case{{"usage", "--by", "colour"}, "choose from feature, model, provider"},
          Case{{"usage", "--by", "featrue"}, "did you mean \"feature\"?"}, Case{{"usage", "--by", ""}, "choose from"},
          Case{{"usage", "--since", "soon"}, "say 7d, 36h, a date"},
          Case{{"usage", "--until", "2026-02-30"}, "\"2026-02-30\" is no time"},
          Case{{"usage", "--since", "1d", "--until", "2d"}, "is not before"},
          Case{{"usage", "--where", "feature"}, "has no \"=\""}, Case{{"usage", "--where", "color=red"}, "choose from"},
          Case{{"usage", "--format", "yaml"}, "table, json, csv or markdown"},
          Case{{"usage", "--json", "--format", "csv"}, "contradict"}, Case{{"usage", "--top", "none"}, "whole number"},
          Case{{"usage", "--compare", "previous"}, "needs --since"},
          Case{{"usage", "--since", "1d", "--compare", "last"}, "say previous"},
          Case{{"usage", "--by", "day", "--since", "1d", "--compare", "previous"}, "cannot go with --by day"},
          Case{{"logs", "-n", "0"}, "above 0"}, Case{{"logs", "--where", "x"}, "has no \"=\""},
          Case{{"logs", "--call", "01", "--since", "1d"}, "--call names one call"}}) {
        const auto result = world.cli(arguments);
        CAPTURE(result.err);
        CHECK(result.exit == 2);
        CHECK(result.out.empty());
        CHECK(result.err.find(message) != std::string::npos);
    }
}

TEST_CASE("--strict: exit 1 when a price is missing; a price file of one's own mends it for new calls") {
    const char* body = R"({"model":"openai/model-of-mine","messages":[{"role":"user","content":"x"}]})";
    const char* answer =
        R"({"id":"c","object":"chat.completion","model":"model-of-mine","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":2000,"total_tokens":3000,"prompt_tokens_details":{"cached_tokens":400}}})";
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    world.upstream.handle(
        [&](const RecordedRequest&, UpstreamConnection& connection) { connection.reply_json(200, answer); });
    world.start();
    REQUIRE(world.gateway().post("/v1/chat/completions", body).status == 200);
    auto strict = world.cli({"usage", "--strict"});
    CHECK(strict.exit == 1);
    CHECK(strict.out.find("1 call (3,000 tokens) has no known price: model model-of-mine") != std::string::npos);
    strict = world.cli({"usage", "--strict", "--json"});
    CHECK(strict.exit == 1);
    CHECK(strict.err.find("model-of-mine") != std::string::npos);
    CHECK(json::parse(strict.out).at("total").at("cost_nano_usd").is_null());
    CHECK(world.cli({"prices", "show", "model-of-mine"}).exit == 1);
    REQUIRE(world.stop(SIGTERM) == 0);

    const auto file = world.home.path() + "/prices.tsv";
    {
        std::FILE* out = std::fopen(file.c_str(), "w");
        REQUIRE(out != nullptr);
        std::fputs("openai\tmodel-of-mine\t\t0\t3\t12\t0.3\n", out);
        std::fclose(out);
    }
    const auto config = world.config() + "\n[prices]\nfile = \"" + file + "\"\n";
    {
        Gateway priced(world.home, {.config = config, .environment = {}, .wrapper = {}});
        const auto row = priced.call_row(priced.post("/v1/chat/completions", body));
        REQUIRE_FALSE(row.empty());
        // 600 fresh, 400 from the cache, 2000 generated.
        CHECK(text(row, "cost_nano") == std::to_string(600 * 3'000 + 400 * 300 + 2'000 * 12'000));
        CHECK(text(row, "price_source") == "user");
        CHECK(text(row, "cache_saved_nano") == std::to_string(400 * 2'700));
        REQUIRE(priced.attempt_rows(text(row, "call_id")).size() == 1);
        CHECK(text(priced.attempt_rows(text(row, "call_id"))[0], "cache_saved_nano") == std::to_string(400 * 2'700));
    }
    const auto shown = world.cli({"prices", "show", "openai/model-of-mine"});
    CHECK(shown.exit == 0);
    CHECK(shown.out.find("user 20") != std::string::npos);
    const auto total = report(world, {}).at("total");
    CHECK(total.at("unpriced_calls") == 1);
    CHECK(total.at("cache_saved_nano_usd") == 400 * 2'700);
    CHECK(total.at("cache_saved_unknown_tokens") == 400);

    std::FILE* out = std::fopen(file.c_str(), "w");
    REQUIRE(out != nullptr);
    std::fputs("openai\tmodel-of-mine\t\t0\tdear\n", out);
    std::fclose(out);
    const auto bad = world.cli({"prices", "show", "gpt-5"});
    CHECK(bad.exit == 3);
    CHECK(bad.err.find("prices.tsv: price table, line 1: a price is not") != std::string::npos);
}

TEST_CASE("logs: a line for each call, JSON lines of every column, one call whole") {
    World world;
    make_calls(world);
    auto result = world.cli({"logs"});
    REQUIRE(result.exit == 0);
    auto lines = lines_of(result.out);
    REQUIRE(lines.size() == 9);
    CHECK(lines[0].starts_with("TIME"));
    CHECK(lines[8].find("search") != std::string::npos);
    CHECK(lines[1].find("review") != std::string::npos);
    CHECK(lines_of(world.cli({"logs", "-n", "3"}).out).size() == 4);
    CHECK(lines_of(world.cli({"logs", "--where", "feature=review", "--where", "provider=openai"}).out).size() == 3);
    CHECK(world.cli({"logs", "--until", "yesterday"}).err == "No such calls.\n");

    lines = lines_of(world.cli({"logs", "-n", "2", "--json"}).out);
    REQUIRE(lines.size() == 2);
    const auto newest = json::parse(lines[1]);
    CHECK(newest.at("feature") == "search");
    CHECK(newest.at("cost_nano").is_number());
    CHECK(newest.at("stream") == 1);
    CHECK(json::parse(lines[0]).at("started_ms") <= newest.at("started_ms"));

    const auto id = newest.at("call_id").get<std::string>();
    for (const auto& given : {id, id.substr(0, 23)}) {
        result = world.cli({"logs", "--call", given, "--json"});
        REQUIRE_MESSAGE(result.exit == 0, result.err);
        const auto whole = json::parse(result.out);
        CHECK(whole.at("call") == newest);
        REQUIRE(whole.at("attempts").size() == 1);
        CHECK(whole.at("attempts")[0].at("http_status") == 200);
    }
    result = world.cli({"logs", "--call", id});
    CHECK(result.out.starts_with("call " + id + "\n"));
    CHECK(result.out.find("attempt 1\n") != std::string::npos);
    for (const auto& [column, value] : newest.items()) {
        // With a value behind it, or none.
        const bool there = result.out.find("\n  " + column + " ") != std::string::npos ||
                           result.out.find("\n  " + column + "\n") != std::string::npos;
        CHECK_MESSAGE(there, column);
    }
    result = world.cli({"logs", "--call", "0"});
    CHECK(result.exit == 2);
    CHECK(result.err.find("several calls") != std::string::npos);
    result = world.cli({"logs", "--call", "zzz"});
    CHECK(result.exit == 1);
}

TEST_CASE("usage while serve writes: never busy, never a call missing that was answered") {
    World world;
    // So many calls a round, or a slow machine would never have done with the log it makes.
    constexpr std::ptrdiff_t calls_a_round = 120;
    std::counting_semaphore<> due{0};
    std::atomic<bool> stop = false;
    std::atomic<int> answered = 0;
    std::vector<std::jthread> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back([&, i] {
            for (due.acquire(); !stop; due.acquire()) {
                if (world.ask(canned::wires()[static_cast<std::size_t>(i)]).status == 200) { ++answered; }
            }
        });
    }
    // Also when a check below throws.
    struct End {
        std::atomic<bool>& stop;
        std::counting_semaphore<>& due;
        void now() {
            if (!stop.exchange(true)) { due.release(4); }
        }
        ~End() { now(); }
    } end{stop, due};
    for (int round = 0; round < 12; ++round) {
        due.release(calls_a_round);
        const int least = answered;
        const auto result = world.cli({"usage", "--by", round % 2 == 0 ? "feature" : "user,status", "--json"});
        REQUIRE_MESSAGE(result.exit == 0, result.err);
        CHECK(result.err.empty());
        CHECK(json::parse(result.out).at("total").at("calls").get<int>() >= least);
        const auto logs = world.cli({"logs", "-n", "5"});
        REQUIRE_MESSAGE(logs.exit == 0, logs.err);
        CHECK(logs.err.empty());
    }
    end.now();
    clients.clear();
    CHECK(report(world, {}).at("total").at("calls") == answered.load());
}

TEST_CASE("log.keep_days: a running gateway rolls old calls up, and no report changes") {
    World world({.server = "", .timeouts = "", .more = "[log]\nkeep_days = 3\n", .start = true});
    make_calls(world);
    REQUIRE(world.stop(SIGTERM) == 0);
    // The same calls ten days ago, and a few of today.
    const auto file = world.home.database();
    REQUIRE(db_execute(file, "UPDATE calls SET started_ms = started_ms - 864000000"));
    world.start();
    make_calls(world, 1);
    std::vector<std::vector<std::string>> questions;
    for (const char* by : {"feature", "user,meta:team", "day,model", "session,status", "hour", "month"}) {
        questions.push_back({"usage", "--by", by, "--json"});
        questions.push_back({"usage", "--by", by, "--json", "--since", "30d", "--where", "user=ada"});
    }
    REQUIRE(world.stop(SIGTERM) == 0);
    // Before: reports of single rows. The next start rolls up.
    std::vector<std::string> before;
    for (const auto& question : questions) {
        before.push_back(world.cli(question).out);
    }
    world.start();
    const auto rolled = db_wait(file, "SELECT 1 FROM rollups, (SELECT sum(calls) AS n FROM rollups) WHERE n >= 8", {},
                                1, Millis{20'000});
    REQUIRE_FALSE(rolled.empty());
    CHECK(db_query(file, "SELECT 1 FROM calls").size() == 4);
    CHECK(db_query(file, "SELECT 1 FROM attempts").size() == 4);
    for (std::size_t i = 0; i < questions.size(); ++i) {
        CHECK(world.cli(questions[i]).out == before[i]);
    }
}

TEST_CASE("README: the usage section's examples do what they say") {
    World world;
    make_calls(world);
    const auto readme = read_file(LLMGW_SOURCE_DIR "/README.md");
    const auto begin = readme.find("<!-- usage examples -->");
    const auto end = readme.find("<!-- /usage examples -->");
    REQUIRE(begin < end);
    int examples = 0;
    for (const auto& line : lines_of(readme.substr(begin, end - begin))) {
        if (!line.starts_with("llmgw ")) { continue; }
        auto words = words_of(line);
        words.erase(words.begin());
        CAPTURE(line);
        const auto result = world.cli(words);
        CAPTURE(result.err);
        CHECK(result.exit == 0);
        CHECK_FALSE((result.out.empty() && result.err.empty()));
        ++examples;
    }
    CHECK(examples >= 10);
}

TEST_SUITE_END();
