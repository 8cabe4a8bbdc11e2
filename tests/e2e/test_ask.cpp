// `llmgw ask` as a script uses it: each flag, each bad input, all four dialects.
#include <filesystem>
#include <thread>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/e2e/ask_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using nlohmann::json;

namespace {

const std::string png = std::string("\x89PNG\r\n\x1a\n", 8) + std::string("\0\0\0\rIHDR", 8);
const std::string pdf = "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n";
const std::string png_base64 = "iVBORw0KGgoAAAANSUhEUg==";
const std::string pdf_base64 = "JVBERi0xLjQKJeLjz9MK";
const std::string hello = "Hello \xe2\x98\x83 there\n";

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("ask") {
    TEST_CASE("ask: every dialect, streamed and whole, on standard output and in the log") {
        AskWorld w;
        std::size_t calls = 0;
        for (const auto& one : ask_models()) {
            for (const bool stream : {true, false}) {
                CAPTURE(one.model);
                CAPTURE(stream);
                std::vector<std::string> arguments{"--feature", "f1",     "-m",  one.model, "--user",
                                                   "ann",       "--meta", "a=b", "Say",     "hi"};
                if (!stream) { arguments.insert(arguments.begin(), "--no-stream"); }
                const auto result = w.run(arguments);
                CHECK(result.exit == 0);
                CHECK(result.out == hello);
                CHECK(result.err == "");
                const auto rows = w.rows(++calls);
                REQUIRE(rows.size() == calls);
                const auto& row = rows.back();
                CHECK(text(row, "feature") == "f1");
                CHECK(text(row, "user") == "ann");
                CHECK(text(row, "metadata") == R"({"a":"b"})");
                CHECK(text(row, "client_dialect") == to_string(one.dialect));
                CHECK(text(row, "stream") == (stream ? "1" : "0"));
                CHECK(text(row, "ending") == "done");
                CHECK(text(row, "input_tokens") == std::to_string(canned::input_tokens));
                CHECK(text(row, "output_tokens") == std::to_string(canned::output_tokens));
            }
        }
    }

    TEST_CASE("ask: arguments and standard input") {
        AskWorld w;
        CHECK(w.ask({"Explain", "this:"}, "line 1\nline 2\n").exit == 0);
        CHECK(w.sent()["messages"][0]["content"] == "Explain this:\n\nline 1\nline 2");
        CHECK(w.ask({}, "only piped").exit == 0);
        CHECK(w.sent()["messages"][0]["content"] == "only piped");
        CHECK(w.ask({"--", "-x"}).exit == 0);
        CHECK(w.sent()["messages"][0]["content"] == "-x");
        CHECK(w.run({"hi"}, "", {{"LLMGW_FEATURE", "env"}, {"LLMGW_MODEL", "gpt-5-mini"}}).exit == 0);
        CHECK(text(w.rows(4).back(), "feature") == "env");
        CHECK(text(w.rows(4).back(), "requested_model") == "gpt-5-mini");
    }

    TEST_CASE("ask: the model from the configuration; untagged calls where that is allowed") {
        AskWorld w("[ask]\nmodel = \"local/qwen3-coder\"\n[features]\non_missing = \"untagged\"\n");
        CHECK(w.run({"hi"}).exit == 0);
        const auto row = w.rows(1).back();
        CHECK(text(row, "requested_model") == "local/qwen3-coder");
        CHECK(text(row, "feature") == "untagged");
        CHECK(w.run({"-m", "claude-haiku-4-5", "hi"}).exit == 0);
        CHECK(w.sent()["model"] == "claude-haiku-4-5");
    }

    TEST_CASE("ask: request options") {
        AskWorld w;
        CHECK(w.ask({"-s", "Be brief.", "--max-tokens", "99", "--temperature", "0.25", "hi"}).exit == 0);
        CHECK(w.sent()["system"] == "Be brief.");
        CHECK(w.sent()["max_tokens"] == 99);
        CHECK(w.sent()["temperature"] == 0.25);
        CHECK(w.run({"--feature", "f", "-m", "openai/gpt-5-mini", "--max-tokens", "9", "hi"}).exit == 0);
        CHECK(w.sent()["max_completion_tokens"] == 9);
    }

    TEST_CASE("ask: files, each kind in each dialect") {
        AskWorld w;
        const auto notes = w.file("notes.md", "some notes");
        const auto picture = w.file("wrong-name.txt", png);
        const auto paper = w.file("paper.pdf", pdf);
        for (const auto& one : ask_models()) {
            CAPTURE(one.model);
            const auto result = w.run(
                {"--feature", "f", "-m", one.model, "--file", notes, "--file", picture, "--file", paper, "Compare"});
            CHECK(result.exit == 0);
            const auto body = w.world.upstream.last()->body;
            CHECK(says(body, png_base64));
            CHECK(says(body, pdf_base64));
            CHECK(says(body, "image/png"));
            CHECK(says(body, "<file name=\\\"notes.md\\\">\\nsome notes\\n</file>"));
            CHECK(body.find("some notes") < body.find("Compare"));
            // Nobody asked the provider to know where a file lies.
            CHECK_FALSE(says(body, w.world.home.path()));
        }
        CHECK(w.ask({"--file", "-", "What is this?"}, png).exit == 0);
        CHECK(w.sent()["messages"][0]["content"][0]["source"]["media_type"] == "image/png");
        CHECK(w.sent()["messages"][0]["content"][1]["text"] == "What is this?");
        CHECK(w.ask({"--file", notes}).exit == 0);
    }

    TEST_CASE("ask: wrong usage says what, where and what to do, and sends nothing") {
        AskWorld w;
        const auto big = w.file("big.txt", "");
        std::filesystem::resize_file(big, (20 << 20) + 1);
        const auto zip = w.file("a.zip", std::string("PK\x03\x04\x14\0", 6));
        const auto odd = w.file("odd.bin", std::string("\0\1\2", 3));
        const auto empty = w.file("empty.txt", "");
        const auto no_json = w.file("bad.json", "{\"a\":}");
        const auto no_schema = w.file("schema.json", "{\"type\":\"strng\"}");
        const std::string home = w.world.home.path();
        struct Row {
            std::vector<std::string> arguments;
            std::string message;
            int exit = 2;
            std::string input = {};
        };
        const std::vector<Row> rows{
            {{"-m", "m", "hi"},
             "no feature is given, so the cost could not be attributed: say --feature NAME, or set LLMGW_FEATURE"},
            {{"--feature", "f", "hi"}, "no model is given: say -m MODEL"},
            {{"--feature", "f", "hi"}, home + "/config/llmgw/config.toml"},
            {{"--feature", "f", "-m", "m"}, "nothing to ask: give a prompt as arguments, or on standard input"},
            {{"--feature", "f", "-m", "m"}, "nothing to ask", 2, "\n\n"},
            {{"--feature", "f", "-m", "m"},
             "standard input is not UTF-8 text; an image or a PDF goes with --file -",
             2,
             png},
            {{"--feature", "f", "-m", "nope/x", "hi"},
             "there is no provider \"nope\" for the model \"nope/x\". Providers: anthropic"},
            {{"--feature", "f\n", "-m", "claude-haiku-4-5", "hi"},
             "a feature's name is at most 128 printable characters"},
            {{"--feature", "f", "-m", "m", "--file", home + "/none", "hi"},
             "--file " + home + "/none: there is no such file"},
            {{"--feature", "f", "-m", "m", "--file", home, "hi"},
             "--file " + home + ": this is a directory; give its files one by one"},
            {{"--feature", "f", "-m", "m", "--file", big, "hi"}, "big.txt: larger than 20 MiB"},
            {{"--feature", "f", "-m", "m", "--file", zip, "hi"},
             "a.zip: this is a ZIP archive or an Office document; models take text in UTF-8, PNG"},
            {{"--feature", "f", "-m", "m", "--file", odd, "hi"},
             "odd.bin: this is neither UTF-8 text nor a known image"},
            {{"--feature", "f", "-m", "m", "--file", empty, "hi"}, "empty.txt: the file is empty"},
            {{"--feature", "f", "-m", "m", "--file", "-", "--file", "-", "hi"},
             "--file -: standard input can be read once only",
             2,
             "x"},
            {{"--feature", "f", "-m", "m", "--meta", "ab", "hi"},
             "--meta ab: expected KEY=VALUE, such as --meta ticket=A-1"},
            {{"--feature", "f", "-m", "m", "--meta", "a=1", "--meta", "a=2", "hi"}, "--meta a=2: a is given twice"},
            {{"--feature", "f", "-m", "m", "--temperature", "3", "hi"}, "--temperature"},
            {{"--feature", "f", "-m", "m", "--max-tokens", "0", "hi"}, "--max-tokens"},
            {{"--feature", "f", "-m", "m", "--schema", home + "/none", "hi"},
             "--schema: cannot read " + home + "/none"},
            {{"--feature", "f", "-m", "m", "--schema", no_json, "hi"}, "bad.json is not JSON at line 1, column 6"},
            {{"--feature", "f", "-m", "m", "--schema", no_schema, "hi"},
             "/type is no type: object, array, string, number, integer, boolean or null; did you mean \"string\"?"},
            {{"--feature", "f", "-m", "m", "--nonsense", "hi"}, "--nonsense"},
            {{"--feature", "f", "-m", "m", "-c", "--conversation", "ab", "hi"}, "excludes"},
            {{"--feature", "f", "-m", "m", "--conversation", "../x", "hi"}, "\"../x\" is no conversation's id"},
            {{"--feature", "f", "-m", "m", "--conversation", "abc", "hi"},
             "there is no conversation abc; llmgw ask --list shows those there are",
             1},
            {{"--feature", "f", "-m", "m", "-c", "hi"}, "there is no conversation to go on with: none is kept yet", 1},
            {{"--feature", "f", "-m", "m", "--conversation", "", "hi"}, "--conversation: must not be empty"},
            {{"--list", "hi"}, "--list, --forget and --prune stand alone"},
            {{"--list", "--prune", "all"}, "--list, --forget and --prune stand alone"},
            {{"--prune", "soon"}, "--prune: \"soon\" is no time: say 7d, 36h"},
            {{"--forget", "abc"}, "there is no conversation abc", 1},
        };
        for (const auto& row : rows) {
            CAPTURE(row.message);
            const auto result = w.run(row.arguments, row.input);
            CHECK(result.exit == row.exit);
            CHECK(result.out == "");
            CHECK_MESSAGE(says(result.err, row.message), result.err);
        }
        CHECK(w.world.upstream.request_count() == 0);
    }

    TEST_CASE("ask: no key, a key for others, a bad configuration") {
        AskWorld w(
            "[providers.mine]\ntype = \"anthropic\"\nbase_url = \"http://127.0.0.1:9\"\napi_key = \"passthrough\"\n"
            "[providers.unset]\ntype = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\napi_key = "
            "\"env:LLMGW_NOT_SET\"\n");
        auto result = w.run({"--feature", "f", "-m", "unset/x", "hi"});
        CHECK(result.exit == 4);
        CHECK(says(result.err, "no usable key for provider \"unset\""));
        CHECK(says(result.err, "LLMGW_NOT_SET"));
        result = w.run({"--feature", "f", "-m", "mine/x", "hi"});
        CHECK(result.exit == 4);
        CHECK(says(result.err, "takes the client's own credential (api_key = \"passthrough\"), and ask has none"));
        w.world.home.write_config("[ask]\nmodle = \"x\"\n");
        result = w.run({"--feature", "f", "hi"});
        CHECK(result.exit == 3);
        CHECK(says(result.err, "config.toml:2:1: unknown key \"modle\" in [ask]; did you mean \"model\"?"));
    }

    TEST_CASE("ask: --json tells text, model, tokens, exact cost and ids") {
        AskWorld w;
        for (const auto& one : ask_models()) {
            CAPTURE(one.model);
            const auto result = w.run({"--json", "--feature", "f", "-m", one.model, "hi"});
            CHECK(result.exit == 0);
            const auto answer = json::parse(result.out);
            CHECK(answer["text"] == hello.substr(0, hello.size() - 1));
            CHECK(answer["tokens"]["input"] == canned::input_tokens);
            CHECK(answer["tokens"]["cache_read"] == canned::cache_read_tokens);
            CHECK(answer["tokens"]["output"] == canned::output_tokens);
            CHECK(answer["ending"] == "done");
            CHECK_FALSE(answer.contains("data"));
            const auto row = w.world.home.database();
            const auto found =
                db_wait(row, "SELECT * FROM calls WHERE call_id = ?1", {answer["call_id"].get<std::string>()}, 1);
            REQUIRE(found.size() == 1);
            CHECK(text(found[0], "cost_nano") == std::to_string(answer["cost_nano_usd"].get<std::int64_t>()));
            CHECK(text(found[0], "served_model") == answer["model"]);
            CHECK(answer["cost_usd"].get<std::string>().size() == 11);
        }
        // 21 fresh at $1/M, 8 read from the cache at $0.10/M, 13 out at $5/M.
        const auto exact = json::parse(w.ask({"--json", "hi"}).out);
        CHECK(exact["cost_usd"] == "0.000086800");
        CHECK(exact["cost_nano_usd"] == 86800);
        const auto unpriced =
            json::parse(w.run({"--json", "--feature", "f", "-m", "gpt-of-tomorrow", "hi", "--no-keep"}).out);
        CHECK(unpriced["conversation"].is_null());
    }

    TEST_CASE("ask: -v tells on standard error") {
        AskWorld w;
        const auto result = w.ask({"-v", "hi"});
        CHECK(result.out == hello);
        CHECK(
            says(result.err, "claude-haiku-4-5-20251001 via anthropic · 21 in, 8 cache read, 13 out · $0.0000868 · "));
        CHECK(says(result.err, "conversation "));
    }

    TEST_CASE("ask: --dry-run shows the request of each dialect, needs no key and sends nothing") {
        AskWorld w;
        for (const auto& one : ask_models()) {
            CAPTURE(one.model);
            const std::vector<std::string> arguments{"--dry-run", "--feature", "f", "-m", one.model, "-s", "sys", "hi"};
            const auto result = w.run(arguments);
            CHECK(result.exit == 0);
            CHECK(says(result.out, "POST /v1"));
            CHECK(says(result.out, "url: " + w.world.upstream.url() + "/v1"));
            CHECK(says(result.out, "content-type: application/json\n"));
            CHECK(says(result.out, "\"sys\""));
            CHECK_FALSE(says(result.out, "uthorization"));
            CHECK_FALSE(says(result.out, "api-key"));
            CHECK(says(result.err, "dry run: nothing was sent"));
            // The same request, when it is sent.
            auto as_json = arguments;
            as_json.insert(as_json.begin(), "--json");
            const auto shown = json::parse(w.run(as_json).out);
            auto for_real = arguments;
            for_real.erase(for_real.begin());
            CHECK(w.run(for_real).exit == 0);
            const auto& sent = *w.world.upstream.last();
            CHECK(json::parse(sent.body) == shown["body"]);
            CHECK(w.world.upstream.url() + sent.target == shown["url"]);
            w.world.upstream.clear();
        }
        AskWorld keyless(
            "[providers.unset]\ntype = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\napi_key = "
            "\"env:LLMGW_NOT_SET\"\n");
        CHECK(keyless.run({"--dry-run", "--feature", "f", "-m", "unset/x", "hi"}).exit == 0);
        CHECK(keyless.world.upstream.request_count() == 0);
        CHECK_FALSE(std::filesystem::exists(keyless.world.home.database()));
        CHECK(keyless.run({"--dry-run", "--feature", "f", "-m", "unset/x"}).exit == 2);
    }

    TEST_CASE("ask: --schema in each dialect's form; the answer is judged") {
        AskWorld w;
        const std::string schema_text =
            R"({"title":"Person","type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"],"additionalProperties":false})";
        const auto schema = w.file("person.json", schema_text);
        const auto form = [&](const std::string& model) {
            const auto shown = w.run({"--dry-run", "--json", "--feature", "f", "-m", model, "--schema", schema, "hi"});
            return json::parse(shown.out)["body"];
        };
        const auto wanted = json::parse(schema_text);
        CHECK(form("claude-haiku-4-5")["output_config"] ==
              json{{"format", {{"type", "json_schema"}, {"schema", wanted}}}});
        CHECK(form("gpt-5-mini")["response_format"]["json_schema"] ==
              json{{"name", "Person"}, {"schema", wanted}, {"strict", true}});
        CHECK(form("resp/gpt-5-mini")["text"]["format"]["schema"] == wanted);
        CHECK(form("gemini-2.5-flash")["generationConfig"]["responseJsonSchema"] == wanted);

        w.answer_with(R"({"name":"Ada","age":36})");
        auto result = w.ask({"--schema", schema, "Who?"});
        CHECK(result.exit == 0);
        CHECK(result.out == "{\"name\":\"Ada\",\"age\":36}\n");
        CHECK(result.err == "");
        result = w.ask({"--schema", schema, "--json", "Who?"});
        CHECK(json::parse(result.out)["data"]["age"] == 36);
        CHECK(json::parse(result.out)["schema_problems"].empty());

        w.answer_with(R"({"name":"Ada","age":"old"})");
        result = w.ask({"--schema", schema, "Who?"});
        CHECK(result.exit == 1);
        CHECK(result.out == "{\"name\":\"Ada\",\"age\":\"old\"}\n");
        CHECK(says(result.err,
                   "the answer does not fit " + schema + ":\n  /age: must be a whole number, not a string\n"));
        result = w.ask({"--schema", schema, "--json", "Who?"});
        CHECK(result.exit == 1);
        CHECK(json::parse(result.out)["schema_problems"][0] == "/age: must be a whole number, not a string");

        w.answer_with("Ada, I think.");
        result = w.ask({"--schema", schema, "Who?"});
        CHECK(result.exit == 1);
        CHECK(result.out == "Ada, I think.\n");
        CHECK(says(result.err, "the answer is not JSON"));
        w.answer_with(std::string(100'000, '[') + std::string(100'000, ']'), 5000);
        CHECK(says(w.ask({"--schema", schema, "Who?"}).err, "nested too deeply"));

        w.answer_with("{}");
        const auto loose = w.file("loose.json", R"({"format":"date"})");
        result = w.ask({"--schema", loose, "Who?"});
        CHECK(result.exit == 0);
        CHECK(says(result.err, "warning: " + loose + ": not checked: format at the top"));
    }
}
