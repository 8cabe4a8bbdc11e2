// One list of all providers' models, and tokens counted before a call.
#include <algorithm>
#include <chrono>
#include <set>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using nlohmann::json;

TEST_SUITE_BEGIN("models");

namespace {

const Headers anthropic_client{{"anthropic-version", "2023-06-01"}};

Response listing(const Gateway& gateway, DialectId client, const std::string& behind = "") {
    if (client == DialectId::gemini) { return gateway.get("/v1beta/models" + behind); }
    return gateway.get("/v1/models" + behind, client == DialectId::anthropic ? anthropic_client : Headers{});
}

std::vector<std::string> ids(const Response& response) {
    std::vector<std::string> out;
    const auto list = json::parse(response.body);
    if (list.contains("models")) {
        for (const auto& model : list["models"]) {
            out.push_back(model["name"].get<std::string>().substr(7));
        }
        return out;
    }
    for (const auto& model : list["data"]) {
        out.push_back(model["id"]);
    }
    return out;
}

bool has(const std::vector<std::string>& all, const std::string& one) {
    return std::ranges::find(all, one) != all.end();
}

const std::vector<DialectId> clients{DialectId::openai_chat, DialectId::anthropic, DialectId::gemini};

// Listings are answered as ever; whoever asks for anything else is told of a fault in the test.
void only_listings(const RecordedRequest& request, UpstreamConnection& connection) {
    CHECK(request.method == "GET");
    canned::answer(request, connection);
}

std::chrono::milliseconds timed(const std::function<void()>& what) {
    const auto start = std::chrono::steady_clock::now();
    what();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
}

}  // namespace

TEST_CASE("All providers' models are listed, in the client's shape, with provider and price") {
    World world;
    for (const auto client : clients) {
        CAPTURE(to_string(client));
        const auto response = listing(world.gateway(), client);
        REQUIRE(response.status == 200);
        const auto all = ids(response);
        for (const auto* id : {"anthropic/claude-haiku-4-5", "openai/gpt-5-mini", "gemini/gemini-2.5-flash",
                               "local/gpt-5-mini", "local/qwen3-coder"}) {
            CAPTURE(id);
            CHECK(has(all, id));
        }
        CHECK(has(all, "gpt-5-mini") == (client == DialectId::openai_chat));
        CHECK(has(all, "claude-haiku-4-5") == (client == DialectId::anthropic));
        CHECK(has(all, "gemini-2.5-flash") == (client == DialectId::gemini));
        CHECK(std::set<std::string>(all.begin(), all.end()).size() == all.size());
        const auto list = json::parse(response.body);
        for (const auto& model : list.contains("models") ? list["models"] : list["data"]) {
            CHECK(model["llmgw"]["provider"].is_string());
            CHECK(model["llmgw"]["model"].is_string());
            if (model["llmgw"]["provider"] == "gemini") {
                CHECK(model["llmgw"]["context_tokens"] == 1000);
                CHECK(model["llmgw"]["max_output_tokens"] == 100);
                CHECK(model["llmgw"]["prices"]["input"].is_number());
            }
        }
        const auto row = world.gateway().call_row(response);
        REQUIRE_FALSE(row.empty());
        CHECK(text(row, "operation") == "models");
        CHECK(text(row, "ending") == "done");
        CHECK(text(row, "cost_nano") == "0");
        CHECK(world.gateway().attempt_rows(response.header("x-llmgw-call-id")).empty());
    }
    // Four providers, three listings: each was asked once.
    CHECK(world.upstream.request_count() == 4);
}

TEST_CASE("Every listed id can be asked for") {
    World world;
    const auto body = [](const std::string& id) {
        return R"({"model":")" + id + R"(","max_tokens":10,"messages":[{"role":"user","content":"x"}]})";
    };
    for (const auto& id : ids(listing(world.gateway(), DialectId::openai_chat))) {
        CAPTURE(id);
        CHECK(world.gateway().post("/v1/chat/completions", body(id)).status == 200);
    }
    for (const auto& id : ids(listing(world.gateway(), DialectId::anthropic))) {
        CAPTURE(id);
        CHECK(world.gateway().post("/v1/messages", body(id), anthropic_client).status == 200);
    }
}

TEST_CASE("Claude Code's discovery finds all models under ids it keeps") {
    World world;
    const Headers discovery{{"anthropic-version", "2023-06-01"}, {"User-Agent", "claude-code/2.1.329"}};
    const auto response = world.gateway().get("/v1/models?limit=1000", discovery);
    REQUIRE(response.status == 200);
    const auto all = ids(response);
    CHECK(has(all, "claude-haiku-4-5"));
    CHECK_FALSE(has(all, "anthropic/claude-haiku-4-5"));
    for (const auto& id : all) {
        CAPTURE(id);
        CHECK((id.starts_with("claude") || id.starts_with("anthropic")));
    }
    REQUIRE(has(all, "claude-via/local/qwen3-coder"));
    const auto used = world.gateway().post(
        "/v1/messages",
        R"({"model":"claude-via/local/qwen3-coder","max_tokens":10,"messages":[{"role":"user","content":"x"}]})",
        discovery);
    CHECK(used.status == 200);
    CHECK(used.header("x-llmgw-provider") == "local");
    CHECK(json::parse(world.upstream.last()->body)["model"] == "qwen3-coder");
}

TEST_CASE("A provider that hangs does not hold up the list") {
    World world;
    world.upstream.handle([](const RecordedRequest& request, UpstreamConnection& connection) {
        if (request.target.starts_with("/local/")) { return connection.stall(); }
        only_listings(request, connection);
    });
    Response first;
    CHECK(timed([&] { first = listing(world.gateway(), DialectId::openai_chat); }) < std::chrono::seconds(3));
    REQUIRE(first.status == 200);
    CHECK(has(ids(first), "gpt-5-mini"));
    CHECK(has(ids(first), "anthropic/claude-haiku-4-5"));
    // What the configuration says of it is known all the same.
    CHECK(has(ids(first), "local/qwen3-coder"));
    CHECK_FALSE(has(ids(first), "local/gpt-5-mini"));
    // The next one does not wait for it again.
    Response second;
    CHECK(timed([&] { second = listing(world.gateway(), DialectId::openai_chat); }) < std::chrono::seconds(2));
    CHECK(second.body == first.body);
    CHECK(world.upstream.request_count() == 4);
    // Nor does the end of the gateway, although the provider is still being asked.
    CHECK(timed([&] { CHECK(world.stop(15) == 0); }) < std::chrono::seconds(5));
}

TEST_CASE("A provider that fails, lies or has no list costs only its own models") {
    World world;
    for (const auto& [status, body] : std::vector<std::pair<int, std::string>>{
             {500, "down"}, {404, "{}"}, {200, "<html>"}, {200, R"({"data":[{"id":")"}, {302, ""}, {401, "{}"}}) {
        CAPTURE(status);
        World one;
        one.upstream.handle(
            [&, status = status, body = body](const RecordedRequest& request, UpstreamConnection& connection) {
                if (request.target == "/v1/models" && !find_header(request.headers, "authorization").empty()) {
                    connection.reply(status, {{"content-type", "application/json"}}, body);
                    return;
                }
                only_listings(request, connection);
            });
        const auto response = listing(one.gateway(), DialectId::anthropic);
        REQUIRE(response.status == 200);
        CHECK(has(ids(response), "claude-haiku-4-5"));
        CHECK_FALSE(has(ids(response), "openai/gpt-5-mini"));
        CHECK(has(ids(response), "local/qwen3-coder"));
    }
}

TEST_CASE("Providers without a key are not on the list") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    Gateway gateway(world.home, {.config = "[providers.anthropic]\nbase_url = \"" + world.upstream.url() +
                                           "\"\napi_key = \"env:NO_SUCH_VARIABLE_AT_ALL\"\nmodels = [\"claude-z\"]\n"
                                           "[providers.own]\ntype = \"openai\"\nbase_url = \"" +
                                           world.upstream.url() + "/v1\"\nmodels = [\"m\"]\n",
                                 .environment = {},
                                 .wrapper = {}});
    const auto response = gateway.get("/v1/models");
    REQUIRE(response.status == 200);
    CHECK(has(ids(response), "own/m"));
    CHECK_FALSE(has(ids(response), "anthropic/claude-z"));
    for (const auto& request : world.upstream.requests()) {
        CHECK(find_header(request->headers, "x-api-key").empty());
    }
}

TEST_CASE("Pages are asked for and there is one") {
    World world;
    for (const auto* query : {"?limit=1000", "?limit=1", "?before_id=x"}) {
        const auto response = listing(world.gateway(), DialectId::anthropic, query);
        CHECK(json::parse(response.body)["has_more"] == false);
        CHECK(has(ids(response), "claude-haiku-4-5"));
    }
    const auto gemini = listing(world.gateway(), DialectId::gemini, "?pageSize=1");
    CHECK(has(ids(gemini), "gemini-2.5-flash"));
    CHECK_FALSE(json::parse(gemini.body).contains("nextPageToken"));
    CHECK(ids(listing(world.gateway(), DialectId::anthropic, "?after_id=claude-haiku-4-5")).empty());
    CHECK(ids(listing(world.gateway(), DialectId::gemini, "?pageToken=x")).empty());
}

TEST_CASE("One model, under every id it has") {
    World world;
    const auto openai = listing(world.gateway(), DialectId::openai_chat, "/anthropic/claude-haiku-4-5");
    REQUIRE(openai.status == 200);
    CHECK(json::parse(openai.body)["id"] == "anthropic/claude-haiku-4-5");
    CHECK(json::parse(openai.body)["object"] == "model");
    const auto anthropic = listing(world.gateway(), DialectId::anthropic, "/claude-haiku-4-5");
    REQUIRE(anthropic.status == 200);
    CHECK(json::parse(anthropic.body)["display_name"] == "Fake Haiku");
    const auto escaped = listing(world.gateway(), DialectId::gemini, "/local%2Fqwen3-coder");
    REQUIRE(escaped.status == 200);
    CHECK(json::parse(escaped.body)["name"] == "models/local/qwen3-coder");
    CHECK(world.upstream.request_count() == 4);

    // Not on the list: its own provider may know better, one of another dialect cannot be asked.
    world.upstream.handle([](const RecordedRequest& request, UpstreamConnection& connection) {
        connection.reply_json(request.target == "/v1/models/claude-alias" ? 200 : 404, R"({"id":"claude-haiku-4-5"})");
    });
    const auto alias = listing(world.gateway(), DialectId::anthropic, "/anthropic/claude-alias");
    CHECK(alias.status == 200);
    CHECK(alias.body == R"({"id":"claude-haiku-4-5"})");
    CHECK(world.upstream.last()->target == "/v1/models/claude-alias");
    const auto elsewhere = listing(world.gateway(), DialectId::anthropic, "/local/no-such-model");
    CHECK(elsewhere.status == 404);
    CHECK(is_error_of(DialectId::anthropic, elsewhere.body));
    CHECK(listing(world.gateway(), DialectId::openai_chat, "/no-such/provider").status == 404);
}

TEST_CASE("passthrough: the list is the one of the client's own credential") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    Gateway gateway(world.home, {.config = "[providers.anthropic]\nbase_url = \"" + world.upstream.url() +
                                           "\"\napi_key = \"passthrough\"\n",
                                 .environment = {},
                                 .wrapper = {}});
    const auto ask = [&](const Headers& more) {
        Headers headers{{"x-llmgw-key", gateway.client_key()}, {"anthropic-version", "2023-06-01"}};
        headers.insert(headers.end(), more.begin(), more.end());
        return gateway.call({.method = "GET", .target = "/v1/models", .headers = headers, .body = "", .host = ""});
    };
    world.upstream.handle([](const RecordedRequest& request, UpstreamConnection& connection) {
        const bool known = find_header(request.headers, "x-api-key") == "key-of-the-user-1234567";
        connection.reply_json(known ? 200 : 401, R"({"data":[{"type":"model","id":"claude-own"}]})");
    });
    CHECK(has(ids(ask({{"x-api-key", "key-of-the-user-1234567"}})), "claude-own"));
    CHECK(world.upstream.last()->head.find(gateway.client_key()) == std::string::npos);
    CHECK(ids(ask({{"x-api-key", "another-key-of-a-user-1"}})).empty());
    CHECK(ids(ask({})).empty());
}

TEST_CASE("Codex's own form of the list is its provider's business") {
    World world;
    world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
        connection.reply_json(200, R"({"models":[1]})");
    });
    const auto response = world.gateway().get("/v1/models?client_version=0.169.0");
    CHECK(response.status == 200);
    CHECK(response.body == R"({"models":[1]})");
    CHECK(world.upstream.last()->target == "/v1/models?client_version=0.169.0");
}

namespace {

struct CountCall {
    DialectId client;
    std::string target;
    std::string body;
};

// The same prompt for a model, as each client asks for its tokens.
std::vector<CountCall> count_calls(const std::string& model) {
    return {{DialectId::anthropic, "/v1/messages/count_tokens",
             R"({"model":")" + model + R"(","messages":[{"role":"user","content":"Count me, please."}]})"},
            {DialectId::openai_responses, "/v1/responses/input_tokens",
             R"({"model":")" + model + R"(","input":"Count me, please."})"},
            {DialectId::gemini, "/v1beta/models/" + model + ":countTokens",
             R"({"contents":[{"role":"user","parts":[{"text":"Count me, please."}]}]})"}};
}

std::optional<std::int64_t> count_in(DialectId client, const std::string& body) {
    const auto answer = json::parse(body, nullptr, false);
    const auto* key = client == DialectId::gemini ? "totalTokens" : "input_tokens";
    if (!answer.is_object() || !answer.contains(key)) { return std::nullopt; }
    return answer[key].get<std::int64_t>();
}

// Counts as each provider does.
void count_natively(const RecordedRequest& request, UpstreamConnection& connection) {
    const auto path = request.target.substr(0, request.target.find('?'));
    if (path == "/v1/messages/count_tokens") { return void(connection.reply_json(200, R"({"input_tokens":31})")); }
    if (path == "/v1/responses/input_tokens") {
        return void(connection.reply_json(200, R"({"object":"response.input_tokens","input_tokens":32})"));
    }
    if (path.ends_with(":countTokens")) { return void(connection.reply_json(200, R"({"totalTokens":33})")); }
    connection.reply_json(404, R"({"error":{"message":"no such path"}})");
}

}  // namespace

TEST_CASE("T7: tokens are counted by the model's own provider, whatever the client speaks") {
    World world;
    world.upstream.handle(count_natively);
    const std::vector<std::pair<std::string, std::int64_t>> models{
        {"anthropic/claude-haiku-4-5", 31}, {"openai/gpt-5-mini", 32}, {"gemini/gemini-2.5-flash", 33}};
    for (const auto& [model, tokens] : models) {
        for (const auto& call : count_calls(model)) {
            CAPTURE(model);
            CAPTURE(to_string(call.client));
            const auto response = world.gateway().post(call.target, call.body);
            CHECK(response.status == 200);
            CHECK(count_in(call.client, response.body) == tokens);
            CHECK(response.header("x-llmgw-token-count").empty());
            CHECK(world.upstream.last()->body.contains("Count me, please."));
            CHECK_FALSE(world.upstream.last()->body.contains("max_tokens"));
            const auto row = world.gateway().call_row(response);
            REQUIRE_FALSE(row.empty());
            CHECK(text(row, "operation") == "count_tokens");
            CHECK(text(row, "cost_nano") == "0");
        }
    }
}

TEST_CASE("T7: where nobody counts, the answer is an estimate that says so") {
    World world;
    world.upstream.handle(count_natively);
    for (const auto& call : count_calls("local/qwen3-coder")) {
        CAPTURE(to_string(call.client));
        const auto response = world.gateway().post(call.target, call.body);
        CHECK(response.status == 200);
        CHECK(response.header("x-llmgw-token-count") == "estimate");
        CHECK(response.header("x-llmgw-provider") == "local");
        CHECK(count_in(call.client, response.body).value_or(0) > 100);
        const auto row = world.gateway().call_row(response);
        REQUIRE_FALSE(row.empty());
        CHECK(text(row, "cost_nano") == "0");
        CHECK(text(row, "ending") == "done");
    }
    CHECK(world.upstream.request_count() == 0);
}

TEST_CASE("T7: a host without the endpoint gets the estimate, an unknown model is an error") {
    World world;
    for (const int status : {404, 405, 501, 200}) {
        CAPTURE(status);
        world.upstream.handle([status](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply_json(status, R"({"error":{"message":"Unexpected endpoint or method"}})");
        });
        for (const auto* model : {"anthropic/claude-haiku-4-5", "openai/gpt-5-mini", "gemini/gemini-2.5-flash"}) {
            for (const auto& call : count_calls(model)) {
                CAPTURE(model);
                CAPTURE(to_string(call.client));
                // Between equals a 200 is passed on as it is.
                const bool equal = std::string(model).starts_with(
                    call.client == DialectId::openai_responses ? "openai" : to_string(call.client));
                if (status == 200 && equal) { continue; }
                const auto response = world.gateway().post(call.target, call.body);
                CHECK(response.status == 200);
                CHECK(response.header("x-llmgw-token-count") == "estimate");
                CHECK(count_in(call.client, response.body).value_or(0) > 100);
            }
        }
    }
    world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
        connection.reply_json(404, canned::error_body(DialectId::anthropic, 404, "model: claude-none"));
    });
    for (const auto& call : count_calls("anthropic/claude-none")) {
        CAPTURE(to_string(call.client));
        const auto response = world.gateway().post(call.target, call.body);
        CHECK(response.status == 404);
        CHECK(is_error_of(call.client, response.body));
        CHECK(error_message(response.body).contains("claude-none"));
    }
    world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
        connection.reply_json(429, canned::error_body(DialectId::anthropic, 429, "too many"));
    });
    for (const auto& call : count_calls("anthropic/claude-haiku-4-5")) {
        const auto response = world.gateway().post(call.target, call.body);
        CHECK(response.status == 429);
        CHECK(is_error_of(call.client, response.body));
    }
}

TEST_CASE("T7: where no estimate is sound, 404") {
    World world;
    const auto response = world.gateway().post(
        "/v1/messages/count_tokens",
        R"({"model":"local/qwen3-coder","messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"}}]}]})");
    CHECK(response.status == 404);
    CHECK(is_error_of(DialectId::anthropic, response.body));
    const auto broken = world.gateway().post("/v1/messages/count_tokens", R"({"model":"local/x","messages":7})");
    CHECK(broken.status == 400);
    CHECK(world.upstream.request_count() == 0);
}

TEST_SUITE_END();
