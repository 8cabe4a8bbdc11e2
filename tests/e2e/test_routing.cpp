// Routes: which provider gets a call, seen at the providers.
#include <csignal>
#include <fstream>
#include <map>
#include <sstream>
#include <tuple>

#include <doctest/doctest.h>

#include "tests/e2e/routing_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("routing");

TEST_CASE("An alias leads to its target, and nothing but the model's name changes on the way") {
    RoutingWorld w("[routes]\nfast = \"alpha/model-a\"\n");
    const std::string head = "{\"messages\" : [ {\"role\":\"user\",\"content\":\"1e2 \\u00e9\"} ],\"model\":";
    const std::string tail = ", \"n\":1.0, \"zz\":{\"b\":1,\"a\":2}}";
    const auto response = w.gateway().post("/v1/chat/completions", head + "\"fast\"" + tail);
    REQUIRE(response.status == 200);
    CHECK(w.alpha.last()->body == head + "\"model-a\"" + tail);
    CHECK(w.beta.request_count() == 0);
    CHECK(response.header("x-llmgw-provider") == "alpha");
    CHECK(response.header("x-llmgw-model") == "model-a");
    const auto row = w.gateway().call_row(response);
    CHECK(text(row, "requested_model") == "fast");
    CHECK(text(row, "provider") == "alpha");
    const auto attempts = w.gateway().attempt_rows(response.header("x-llmgw-call-id"));
    REQUIRE(attempts.size() == 1);
    CHECK(text(attempts[0], "model") == "model-a");
    // As Claude Code's discovery would name it.
    CHECK(w.chat("claude-via/fast").status == 200);
    CHECK(w.alpha.request_count() == 2);
}

TEST_CASE("A fallback route asks its first target; a route may stand in another") {
    RoutingWorld w("[routes]\ninner = [\"beta/model-b\", \"alpha/model-a\"]\nouter = [\"inner\", \"alpha/model-c\"]\n");
    CHECK(w.chat("inner").status == 200);
    CHECK(w.chat("outer").status == 200);
    CHECK(w.beta.request_count() == 2);
    CHECK(w.alpha.request_count() == 0);
    CHECK(w.beta.last()->body.find("\"model-b\"") != std::string::npos);
}

TEST_CASE("A weighted route shares calls out by weight") {
    RoutingWorld w(
        "[routes.split]\nstrategy = \"weighted\"\ntargets = [\"alpha/a\", \"beta/b\"]\nweights = [60, 40]\n");
    constexpr std::size_t calls = 200;
    for (std::size_t i = 0; i < calls; ++i) {
        REQUIRE(w.chat("split").status == 200);
    }
    CHECK(w.alpha.request_count() + w.beta.request_count() == calls);
    // 120 expected, a deviation of 7: bounds that chance does not reach in a lifetime of runs.
    CHECK(w.alpha.request_count() > 75);
    CHECK(w.alpha.request_count() < 165);
}

TEST_CASE("A sticky route keeps each session where it was served") {
    RoutingWorld w("[routes.split]\nstrategy = \"weighted\"\nsticky = true\ntargets = [\"alpha/a\", \"beta/b\"]\n");
    std::map<std::string, int> first;
    for (int session = 0; session < 24; ++session) {
        std::string served;
        for (int turn = 0; turn < 3; ++turn) {
            const auto response = w.chat("split", {{"x-session-id", "session-" + std::to_string(session)}});
            REQUIRE(response.status == 200);
            // Its session is remembered when the call is over.
            REQUIRE(text(w.gateway().call_row(response), "ending") == "done");
            const auto provider = response.header("x-llmgw-provider");
            CHECK((served.empty() || served == provider));
            served = provider;
        }
        ++first[served];
    }
    // All on one side: once in eight million runs.
    CHECK(first["alpha"] > 0);
    CHECK(first["beta"] > 0);

    // A session in the body holds as well.
    std::string served;
    for (int turn = 0; turn < 6; ++turn) {
        const auto response = w.gateway().post(
            "/v1/chat/completions",
            R"({"model":"split","prompt_cache_key":"k-1","messages":[{"role":"user","content":"x"}]})");
        REQUIRE(text(w.gateway().call_row(response), "ending") == "done");
        CHECK((served.empty() || served == response.header("x-llmgw-provider")));
        served = response.header("x-llmgw-provider");
    }
}

TEST_CASE("Rules by feature, user, header, metadata, agent, model and what a request holds") {
    RoutingWorld w(R"([routes]
cheap = "beta/small"
[[rules]]
feature = ["lint", "docs-*"]
use = "cheap"
[[rules]]
user = "ann"
use = "beta/for-ann"
[[rules]]
headers = { x-tier = "gold*" }
use = "beta/for-gold"
[[rules]]
metadata = { team = "web" }
use = "beta/for-web"
[[rules]]
agent = "opencode"
background = true
use = "cheap"
[[rules]]
model = "old-*"
use = ["beta/new"]
[[rules]]
client_key = "default"
image = true
use = "beta/sees"
[[rules]]
tokens_above = 5000
use = "beta/large"
)");
    struct Case {
        Headers headers;
        std::string body;
        std::string model;  // that beta is asked for; "" for alpha
    };
    const std::string tools = R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{}}}])";
    const Header opencode{"user-agent", "opencode/1.18.33 ai-sdk"};
    const auto ask = [](const std::string& content, const std::string& more = "",
                        const std::string& model = "alpha/m") {
        return R"({"model":")" + model + R"(","messages":[{"role":"user","content":)" + content + "}]" + more + "}";
    };
    const std::vector<Case> cases{
        {{}, ask("\"x\""), ""},
        {{{"x-llmgw-feature", "lint"}}, ask("\"x\""), "small"},
        {{{"x-llmgw-feature", "docs-api"}}, ask("\"x\""), "small"},
        {{{"x-llmgw-feature", "linting"}}, ask("\"x\""), ""},
        {{{"x-llmgw-user", "ann"}}, ask("\"x\""), "for-ann"},
        {{{"x-tier", "golden"}}, ask("\"x\""), "for-gold"},
        {{{"x-tier", "silver"}}, ask("\"x\""), ""},
        {{{"x-llmgw-metadata", R"({"team":"web"})"}}, ask("\"x\""), "for-web"},
        {{{"x-llmgw-metadata", R"({"team":"webby"})"}}, ask("\"x\""), ""},
        {{opencode}, ask("\"A title, please.\""), "small"},
        {{opencode}, ask("\"Work.\"", tools), ""},
        {{}, ask("\"x\"", "", "old-model"), "new"},
        {{}, ask(R"([{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}])"), "sees"},
        {{}, ask("\"" + std::string(40'000, 'a') + " \""), "large"},
    };
    for (const auto& test : cases) {
        CAPTURE(test.body.substr(0, 200));
        w.alpha.clear();
        w.beta.clear();
        const auto response = w.post(test.body, test.headers);
        REQUIRE(response.status == 200);
        if (test.model.empty()) {
            CHECK(w.alpha.request_count() == 1);
            CHECK(w.beta.request_count() == 0);
        } else {
            REQUIRE(w.beta.request_count() == 1);
            CHECK(w.beta.last()->body.find("\"" + test.model + "\"") != std::string::npos);
        }
    }
}

TEST_CASE("What lacks an ability the request needs is left out; the cheapest is asked first") {
    // Under the names of real hosts, whose models and prices are known.
    RoutingWorld w(R"([routes]
seeing = ["openai/gpt-3.5-turbo", "openrouter/openai/gpt-5-mini"]
[routes.cheap]
strategy = "cheapest"
targets = ["openai/gpt-5", "openrouter/openai/gpt-5-mini"]
)",
                   "openai", "openrouter");
    const auto image = R"([{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}])";
    CHECK(w.chat("seeing").status == 200);
    CHECK(w.alpha.request_count() == 1);
    const auto response =
        w.post(std::string(R"({"model":"seeing","messages":[{"role":"user","content":)") + image + "}]}");
    CHECK(response.status == 200);
    CHECK(w.beta.request_count() == 1);
    CHECK(w.chat("cheap").status == 200);
    CHECK(w.beta.request_count() == 2);
    CHECK(w.alpha.request_count() == 1);
}

TEST_CASE("Two keys of a provider take turns; one that is refused is set aside and said once") {
    RoutingWorld w;
    w.start("[providers.alpha]\ntype = \"openai\"\nbase_url = \"" + w.alpha.url() +
                "/v1\"\ndialects = [\"openai-chat\"]\napi_keys = [\"env:KEY_ONE\", \"env:KEY_TWO\"]\n",
            {{"KEY_ONE", key_one}, {"KEY_TWO", key_two}});
    const auto used = [&] {
        std::map<std::string, int> counts;
        for (const auto& request : w.alpha.requests()) {
            ++counts[std::string(find_header(request->headers, "authorization"))];
        }
        return counts;
    };
    for (int i = 0; i < 10; ++i) {
        REQUIRE(w.chat("alpha/m").status == 200);
    }
    CHECK(used()["Bearer " + key_one] == 5);
    CHECK(used()["Bearer " + key_two] == 5);

    w.alpha.clear();
    w.alpha.handle([](const RecordedRequest& request, UpstreamConnection& connection) {
        if (find_header(request.headers, "authorization") == "Bearer " + key_one) {
            connection.reply_json(401, canned::error_body(DialectId::openai_chat, 401, "bad key"));
        } else {
            canned::answer(request, connection);
        }
    });
    for (int i = 0; i < 10; ++i) {
        w.chat("alpha/m");
    }
    CHECK(used()["Bearer " + key_one] == 1);
    CHECK(used()["Bearer " + key_two] >= 9);
    const auto ready = w.gateway().call({.method = "GET", .target = "/readyz", .headers = {}, .body = "", .host = ""});
    CHECK(ready.status == 200);
    CHECK(ready.body.find(R"("keys":{"alpha":{"good":1,"resting":0,"set_aside":1}})") != std::string::npos);
    REQUIRE(w.gateway().process().wait_err("it is set aside"));
    const auto said = w.gateway().process().err();
    const auto at = said.find("it is set aside");
    CHECK(said.find("env:KEY_ONE") != std::string::npos);
    CHECK(said.find("it is set aside", at + 1) == std::string::npos);
    CHECK(said.find(key_one) == std::string::npos);
}

TEST_CASE("Lists of models name the routes; a mistyped name is told the nearest") {
    RoutingWorld w("[routes]\nfast = \"alpha/m\"\n");
    const auto listed = nlohmann::json::parse(w.gateway().get("/v1/models").body);
    REQUIRE(listed["data"].size() >= 1);
    CHECK(listed["data"][0]["id"] == "fast");
    CHECK(listed["data"][0]["llmgw"]["targets"] == nlohmann::json::array({"alpha/m"}));
    const auto one = nlohmann::json::parse(w.gateway().get("/v1/models/fast").body);
    CHECK(one["id"] == "fast");
    const auto agent = nlohmann::json::parse(
        w.gateway()
            .get("/v1/models?limit=1000", {{"anthropic-version", "2023-06-01"}, {"user-agent", "claude-code/2.1"}})
            .body);
    CHECK(agent["data"][0]["id"] == "claude-via/fast");
    const auto wrong = w.chat("alhpa/m");
    CHECK(wrong.status == 400);
    CHECK(error_message(wrong.body).find("Did you mean \"alpha/m\"?") != std::string::npos);
    CHECK(w.world.cli({"models"}).out.find("\nfast ") != std::string::npos);
}

TEST_CASE("A name that is one slip from a configured one leaves for no provider") {
    World world({.server = "", .timeouts = "", .more = "[routes.smart]\ntargets = \"local/qwen3-coder\"\n"});
    const auto ask = [&](const std::string& target, const std::string& model) {
        return world.gateway().post(
            target, R"({"model":")" + model + R"(","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]})");
    };
    for (const auto& [target, model, meant] : {std::tuple("/v1/chat/completions", "qwen3-codr", "qwen3-coder"),
                                               std::tuple("/v1/messages", "smrt", "smart")}) {
        const auto refused = ask(target, model);
        CHECK(refused.status == 404);
        CHECK(error_message(refused.body).find("Did you mean \"" + std::string(meant) + "\"?") != std::string::npos);
        CHECK(text(world.gateway().call_row(refused), "ending") == "refused");
    }
    CHECK(world.upstream.request_count() == 0);
    // Said with its provider it is meant so.
    CHECK(ask("/v1/chat/completions", "openai/qwen3-codr").status == 200);
    CHECK(world.upstream.last()->target == "/v1/chat/completions");
    CHECK(ask("/v1/messages", "smart").status == 200);

    const auto asked = world.cli({"ask", "--feature", "e2e", "-m", "qwen3-codr", "Hi"});
    CHECK(asked.exit == 2);
    CHECK(asked.err.find("openai/qwen3-codr") != std::string::npos);
    const auto prefix = world.cli({"ask", "--feature", "e2e", "-m", "antropic/claude-haiku-4-5", "Hi"});
    CHECK(prefix.exit == 2);
    CHECK(prefix.err.find("Did you mean \"anthropic/claude-haiku-4-5\"?") != std::string::npos);
}

TEST_CASE("A reload changes routes; a bad one changes nothing and is named") {
    RoutingWorld w("[routes]\nfast = \"alpha/m\"\n");
    CHECK(w.chat("fast").header("x-llmgw-provider") == "alpha");
    w.world.home.write_config(w.config("[routes]\nfast = \"beta/m\"\n"));
    w.gateway().process().signal(SIGHUP);
    CHECK(w.gateway().process().wait_err("configuration reloaded", 0));
    CHECK(w.chat("fast").header("x-llmgw-provider") == "beta");
    const auto said = w.gateway().process().err().size();
    w.world.home.write_config(w.config("[routes]\nfast = \"gamma/m\"\n"));
    w.gateway().process().signal(SIGHUP);
    CHECK(w.gateway().process().wait_err("there is no provider", said));
    CHECK(w.chat("fast").header("x-llmgw-provider") == "beta");
}

TEST_CASE("A strict route asks no target that cannot be told all; when none can, 400 names field and target") {
    RoutingWorld w;
    w.start("[providers.alpha]\ntype = \"openai\"\nbase_url = \"" + w.alpha.url() +
                "/v1\"\ndialects = [\"openai-chat\"]\napi_key = \"none\"\n[providers.claude]\ntype = \"anthropic\"\n"
                "base_url = \"" +
                w.beta.url() +
                "\"\napi_key = \"none\"\n[routes]\nloose = [\"alpha/m\", \"claude/c\"]\n"
                "[routes.exact]\nstrict = true\ntargets = [\"alpha/m\", \"claude/c\"]\n"
                "[routes.alone]\nstrict = true\ntargets = \"alpha/m\"\n",
            {});
    const auto ask = [&](const std::string& model) {
        return w.gateway().post("/v1/messages", R"({"model":")" + model +
                                                    R"(","max_tokens":9,"top_k":5,)"
                                                    R"("messages":[{"role":"user","content":"x"}]})");
    };
    const auto loose = ask("loose");
    CHECK(loose.header("x-llmgw-provider") == "alpha");
    CHECK(loose.header("x-llmgw-dropped") == "top_k");
    const auto exact = ask("exact");
    CHECK(exact.header("x-llmgw-provider") == "claude");
    CHECK(exact.header("x-llmgw-dropped").empty());
    CHECK(w.alpha.request_count() == 1);
    const auto alone = ask("alone");
    CHECK(alone.status == 400);
    const auto message = error_message(alone.body);
    CAPTURE(message);
    CHECK(message.starts_with("llmgw: route \"alone\" is strict, and alpha/m (openai-chat) cannot be told: top_k ("));
    CHECK(text(w.gateway().call_row(alone), "ending") == "refused");
    CHECK(w.alpha.request_count() == 1);
}

TEST_CASE("ask takes a route") {
    RoutingWorld w("[routes]\nfast = \"beta/m\"\n");
    const auto asked = w.world.cli({"ask", "--feature", "f", "-m", "fast", "--no-stream", "Hello"});
    CHECK(asked.exit == 0);
    CHECK(w.beta.request_count() == 1);
    CHECK(w.beta.last()->body.find("\"m\"") != std::string::npos);
}

TEST_CASE("ask takes a route whose first target has no key, and its next one answers") {
    RoutingWorld w;
    const auto provider = [](const std::string& name, const FakeUpstream& upstream, const std::string& key) {
        return "[providers." + name + "]\ntype = \"openai\"\nbase_url = \"" + upstream.url() +
               "/v1\"\ndialects = [\"openai-chat\"]\napi_key = \"env:" + key + "\"\n";
    };
    w.world.home.write_config(provider("alpha", w.alpha, "NOT_SET_ANYWHERE") +
                              provider("beta", w.beta, "LLMGW_TEST_PROVIDER_KEY") +
                              "[routes]\nfast = [\"alpha/m\", \"beta/m\"]\n");
    const auto asked = w.world.cli({"ask", "--feature", "f", "-m", "fast", "--no-stream", "Hello"});
    CAPTURE(asked.err);
    CHECK(asked.exit == 0);
    CHECK(w.alpha.request_count() == 0);
    CHECK(w.beta.request_count() == 1);
    const auto alone = w.world.cli({"ask", "--feature", "f", "-m", "alpha/m", "--no-stream", "Hello"});
    CHECK(alone.exit == 4);
    CHECK(alone.err.find("NOT_SET_ANYWHERE") != std::string::npos);
}

TEST_CASE("explain takes a call's format from its agent or its model, as they would ask, and says so") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    world.home.write_config(world.config());
    const auto first = [&](std::vector<std::string> more) {
        std::vector<std::string> arguments{"routes", "explain", "--json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const auto told = world.cli(arguments);
        CHECK(told.exit == 0);
        return nlohmann::json::parse(told.out).at("targets").at(0).at("provider").get<std::string>();
    };
    CHECK(first({"claude-haiku-4-5"}) == "anthropic");
    CHECK(first({"claude-haiku-4-5", "--agent", "claude-code"}) == "anthropic");
    CHECK(first({"some-new-model", "--agent", "claude-code"}) == "anthropic");
    CHECK(first({"gemini-2.5-flash"}) == "gemini");
    CHECK(first({"gpt-5-mini"}) == "openai");
    CHECK(first({"claude-haiku-4-5", "--format", "openai-chat"}) == "openai");
    const auto request = world.home.path() + "/request.json";
    std::ofstream(request) << R"({"max_tokens":9,"messages":[{"role":"user","content":"Hi"}]})";
    CHECK(first({"claude-haiku-4-5", "--request", request}) == "anthropic");

    const auto told = world.cli({"routes", "explain", "claude-haiku-4-5", "--agent", "claude-code"});
    CHECK(told.out.find("anthropic/claude-haiku-4-5") != std::string::npos);
    CHECK(told.err.find("in the format anthropic, as claude-code asks") != std::string::npos);
    CHECK(world.cli({"routes", "explain", "claude-haiku-4-5", "--format", "anthropic"}).err.empty());
}

TEST_CASE("The README's routes are valid, and llmgw says of them what it says there") {
    const auto readme = read_file(std::string(LLMGW_SOURCE_DIR) + "/README.md");
    const auto from = readme.find("<!-- routes: run by");
    const auto to = readme.find("<!-- /routes -->");
    REQUIRE(from < to);
    const auto section = readme.substr(from, to - from);
    const auto block = [&](const std::string& kind) {
        const auto open = section.find("```" + kind + "\n") + kind.size() + 4;
        return section.substr(open, section.find("```", open) - open);
    };
    TestHome home;
    home.write_config(block("toml"));
    const auto write = [&](const std::string& name, const std::string& text) {
        std::ofstream(home.path() + "/" + name) << text;
    };
    write(
        "picture.json",
        R"({"model":"cheap","max_tokens":300,"messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},)"
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}]})");
    write("title.json", R"({"messages":[{"role":"user","content":"A title for this, please."}]})");
    std::istringstream console(block("console"));
    std::string line;
    std::string expected;
    std::string command;
    int ran = 0;
    auto environment = home.environment();
    for (const char* name : {"ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY"}) {
        environment.emplace_back(name, provider_key);
    }
    const auto check = [&] {
        if (command.empty()) { return; }
        ChildProcess shell({"sh", "-c", "cd \"$HOME\" && exec " + command}, environment);
        CHECK_MESSAGE(shell.wait() == 0, shell.err());
        CHECK(shell.out() == expected);
        ++ran;
    };
    while (std::getline(console, line)) {
        if (line.starts_with("$ llmgw")) {
            check();
            command = "'" + gateway_binary() + "'" + line.substr(7);
            expected.clear();
        } else {
            expected += line + "\n";
        }
    }
    check();
    CHECK(ran == 4);
}
