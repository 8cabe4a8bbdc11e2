// Which path, model and feature leads where.
#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("routes");

namespace {

const Headers anthropic_listing{{"anthropic-version", "2023-06-01"}};

std::string chat_for(const std::string& model) {
    return R"({"model":")" + model + R"(","messages":[{"role":"user","content":"x"}]})";
}

}  // namespace

TEST_CASE("HEAD /api/hello and /healthz are answered at once, without a key") {
    World world;
    const auto hello =
        world.gateway().call({.method = "HEAD", .target = "/api/hello", .headers = {}, .body = "", .host = ""});
    CHECK(hello.status >= 200);
    CHECK(hello.status < 500);
    CHECK(hello.status != 401);
    CHECK(world.gateway().call({.method = "GET", .target = "/healthz", .headers = {}, .body = "", .host = ""}).status ==
          200);
    CHECK(world.gateway().call({.method = "GET", .target = "/readyz", .headers = {}, .body = "", .host = ""}).status ==
          200);
    CHECK(world.upstream.request_count() == 0);
}

TEST_CASE("A feature is found in the header, the prefix or the agent's name, in that order") {
    World world;
    struct Case {
        std::string prefix;
        Headers headers;
        std::string feature;
        std::string agent;
    };
    const std::vector<Case> cases{
        {"", {{"x-llmgw-feature", "from-header"}}, "from-header", ""},
        {"/f/from-path", {}, "from-path", ""},
        {"/f/from%20path", {}, "from path", ""},
        {"/f/from-path", {{"x-llmgw-feature", "from-header"}}, "from-header", ""},
        {"", {{"User-Agent", "claude-cli/2.1.329 (external, sdk-cli)"}}, "claude-code", "claude-code"},
        {"/f/from-path", {{"User-Agent", "claude-cli/2.1.329 (external, sdk-cli)"}}, "from-path", "claude-code"},
        {"", {{"User-Agent", "codex_exec/0.169.0 (Debian 12; x86_64) xterm"}}, "codex", "codex"},
        {"", {{"User-Agent", "GeminiCLI-tui/0.61.0/gemini-2.5-pro (linux; x64)"}}, "gemini-cli", "gemini-cli"},
        {"", {{"User-Agent", "opencode/1.18.33 ai-sdk/provider-utils/3.0"}}, "opencode", "opencode"},
        {"", {{"X-LLMGW-Feature", "upper"}, {"User-Agent", "codex_exec/0.169.0"}}, "upper", "codex"},
    };
    for (const auto& wire : canned::wires()) {
        for (const auto& test : cases) {
            CAPTURE(name_of(wire));
            CAPTURE(test.feature);
            const auto response = world.gateway().call(world.gateway().authorized(
                {.target = test.prefix + wire.target, .headers = test.headers, .body = wire.body, .host = ""}));
            CHECK(response.status == 200);
            CHECK(world.upstream.last()->target == wire.target);
            const auto row = world.gateway().call_row(response);
            REQUIRE_FALSE(row.empty());
            CHECK(text(row, "feature") == test.feature);
            CHECK(text(row, "agent") == test.agent);
        }
    }
}

TEST_CASE("A call without a feature is a 400 that says how to give one") {
    World world;
    for (const auto& wire : canned::wires()) {
        for (const bool stream : {false, true}) {
            CAPTURE(name_of(wire));
            const auto response =
                world.gateway().call(world.gateway().authorized({.target = stream ? wire.stream_target : wire.target,
                                                                 .headers = {{"User-Agent", "curl/8"}},
                                                                 .body = stream ? wire.stream_body : wire.body,
                                                                 .host = ""}));
            CHECK(response.status == 400);
            CHECK(is_error_of(wire.dialect, response.body));
            CHECK(error_message(response.body).find("x-llmgw-feature") != std::string::npos);
            CHECK(error_message(response.body).find("/f/") != std::string::npos);
        }
    }
    CHECK(world.upstream.request_count() == 0);
}

TEST_CASE("on_missing = \"untagged\" lets it pass") {
    World world({.server = "", .timeouts = "", .more = "[features]\non_missing = \"untagged\"\n"});
    for (const auto& wire : canned::wires()) {
        const auto response = world.gateway().call(
            world.gateway().authorized({.target = wire.target, .headers = {}, .body = wire.body, .host = ""}));
        CHECK(response.status == 200);
        CHECK_FALSE(world.gateway().call_row(response).empty());
    }
}

TEST_CASE("GET /v1/models is answered in the dialect the headers tell") {
    World world;
    const auto key = world.gateway().client_key();
    const auto anthropic = world.gateway().get("/v1/models?limit=1000", anthropic_listing);
    CHECK(anthropic.status == 200);
    auto json = nlohmann::json::parse(anthropic.body);
    REQUIRE(json["data"].is_array());
    REQUIRE_FALSE(json["data"].empty());
    CHECK(json.contains("has_more"));
    CHECK(json["data"][0]["type"] == "model");
    CHECK(json["data"][0].contains("display_name"));

    const auto openai = world.gateway().get("/v1/models");
    CHECK(openai.status == 200);
    json = nlohmann::json::parse(openai.body);
    CHECK(json["object"] == "list");
    REQUIRE_FALSE(json["data"].empty());
    CHECK(json["data"][0]["object"] == "model");

    for (const std::string path : {"/v1beta/models", "/v1/models"}) {
        CAPTURE(path);
        const auto gemini = world.gateway().call(
            {.method = "GET", .target = path, .headers = {{"x-goog-api-key", key}}, .body = "", .host = ""});
        CHECK(gemini.status == 200);
        json = nlohmann::json::parse(gemini.body);
        REQUIRE(json["models"].is_array());
        REQUIRE_FALSE(json["models"].empty());
        CHECK(json["models"][0]["name"].get<std::string>().starts_with("models/"));
    }
}

TEST_CASE("Gemini paths: both versions, a prefix plain or escaped") {
    World world;
    const auto& wire = canned::wire(DialectId::gemini);
    for (const std::string version : {"/v1beta", "/v1"}) {
        for (const std::string model : {"gemini-2.5-flash", "gemini/gemini-2.5-flash", "gemini%2Fgemini-2.5-flash",
                                        "gemini%2fgemini-2.5-flash"}) {
            for (const std::string verb : {":generateContent", ":streamGenerateContent?alt=sse", ":countTokens"}) {
                CAPTURE(version);
                CAPTURE(model);
                CAPTURE(verb);
                const auto response = world.gateway().post(version + "/models/" + model + verb, wire.body);
                CHECK(response.status == 200);
                REQUIRE(world.upstream.last() != nullptr);
                CHECK(world.upstream.last()->target.ends_with("/models/gemini-2.5-flash" + verb));
                CHECK(world.upstream.last()->body == wire.body);
                if (verb == ":generateContent") { CHECK(response.body == wire.answer); }
            }
        }
    }
    CHECK(world.gateway().post("/f/tagged/v1beta/models/gemini%2Fgemini-2.5-flash:generateContent", wire.body).status ==
          200);
}

TEST_CASE("T7: count_tokens is the provider's own, needs no feature and costs nothing") {
    World world;
    const std::vector<std::pair<std::string, std::string>> asks{
        {"/v1/messages/count_tokens", canned::wires()[0].body},
        {"/v1beta/models/gemini-2.5-flash:countTokens", canned::wire(DialectId::gemini).body}};
    for (const auto& [target, body] : asks) {
        CAPTURE(target);
        const auto response = world.gateway().call(
            world.gateway().authorized({.target = target, .headers = {}, .body = body, .host = ""}));
        CHECK(response.status == 200);
        CHECK(response.body.find("29") != std::string::npos);
        CHECK(world.upstream.last()->body == body);
        CHECK(world.upstream.last()->target == target);
    }
    const auto prefixed =
        world.gateway().post("/v1/messages/count_tokens", R"({"model":"anthropic/claude-haiku-4-5","messages":[]})");
    CHECK(prefixed.status == 200);
    CHECK(world.upstream.last()->body == R"({"model":"claude-haiku-4-5","messages":[]})");
}

TEST_CASE("Embeddings are forwarded and logged") {
    World world;
    const std::string body = R"({"model":"text-embedding-3-small","input":["a"],"encoding_format":"float"})";
    const auto response = world.gateway().post("/v1/embeddings", body);
    CHECK(response.status == 200);
    CHECK(world.upstream.last()->body == body);
    CHECK(world.upstream.last()->target == "/v1/embeddings");
    const auto row = world.gateway().call_row(response);
    REQUIRE_FALSE(row.empty());
    CHECK(text(row, "operation") == "embeddings");
    CHECK(text(row, "input_tokens") == "7");
    const auto gemini = world.gateway().post("/v1beta/models/gemini-embedding-001:embedContent",
                                             R"({"content":{"parts":[{"text":"a"}]}})");
    CHECK(gemini.status == 200);
    CHECK(text(world.gateway().call_row(gemini), "operation") == "embeddings");
}

TEST_CASE("Other /v1 paths go to the provider that the configuration names, as they are") {
    World world;
    world.upstream.handle([](const RecordedRequest& request, UpstreamConnection& connection) {
        connection.reply(request.method == "DELETE" ? 204 : 200, {{"content-type", "application/octet-stream"}},
                         request.method == "DELETE" ? "" : std::string("\0\1\2 raw \xff", 9));
    });
    const auto file = world.gateway().get("/v1/files/file-1/content?x=%2F", {{"x-llmgw-feature", "e2e"}});
    CHECK(file.status == 200);
    CHECK(file.body == std::string("\0\1\2 raw \xff", 9));
    REQUIRE(world.upstream.last() != nullptr);
    CHECK(world.upstream.last()->target == "/v1/files/file-1/content?x=%2F");
    const std::string form = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\0\xfe\r\n--b--\r\n";
    const auto upload = world.gateway().call(world.gateway().authorized(
        {.target = "/v1/files",
         .headers = {{"Content-Type", "multipart/form-data; boundary=b"}, {"x-llmgw-feature", "e2e"}},
         .body = form,
         .host = ""}));
    CHECK(upload.status == 200);
    CHECK(world.upstream.last()->body == form);
    CHECK(find_header(world.upstream.last()->headers, "content-type") == "multipart/form-data; boundary=b");
    const auto gone = world.gateway().call(world.gateway().authorized({.method = "DELETE",
                                                                       .target = "/v1/files/file-1",
                                                                       .headers = {{"x-llmgw-feature", "e2e"}},
                                                                       .body = "",
                                                                       .host = ""}));
    CHECK(gone.status == 204);
    CHECK(world.upstream.last()->method == "DELETE");
    CHECK(find_header(world.upstream.last()->headers, "authorization") == std::string("Bearer ") + provider_key);
}

TEST_CASE("[server] v1_provider chooses where they go") {
    World world({.server = "v1_provider = \"local\"", .timeouts = "", .more = ""});
    world.upstream.handle(
        [](const RecordedRequest&, UpstreamConnection& connection) { connection.reply_json(200, "{}"); });
    CHECK(world.gateway().get("/v1/files", {{"x-llmgw-feature", "e2e"}}).status == 200);
    REQUIRE(world.upstream.last() != nullptr);
    CHECK(world.upstream.last()->target == "/local/v1/files");
}

TEST_CASE("A model is found by prefix, by its only lister, or by the dialect's own provider") {
    World world;
    const auto listed = world.gateway().post("/v1/chat/completions", chat_for("qwen3-coder"));
    CHECK(listed.status == 200);
    CHECK(world.upstream.last()->target == "/local/v1/chat/completions");
    CHECK(listed.header("x-llmgw-provider") == "local");
    const auto prefixed = world.gateway().post("/v1/chat/completions", chat_for("local/some-other"));
    CHECK(prefixed.status == 200);
    CHECK(world.upstream.last()->body == chat_for("some-other"));
    const auto unheard = world.gateway().post("/v1/chat/completions", chat_for("gpt-99-from-the-future"));
    CHECK(unheard.status == 200);
    CHECK(unheard.header("x-llmgw-provider") == "openai");
    // A slash in a name need not be a provider's prefix.
    const auto slashed = world.gateway().post("/v1/chat/completions", chat_for("local/vendor/model"));
    CHECK(slashed.status == 200);
    CHECK(world.upstream.last()->body == chat_for("vendor/model"));
}

TEST_CASE("What cannot be translated is a 400 that names both dialects") {
    World world;
    const auto response =
        world.gateway().post("/v1/embeddings", R"({"model":"anthropic/claude-haiku-4-5","input":"hello"})");
    CHECK(response.status == 400);
    CHECK(is_error_of(DialectId::openai_chat, response.body));
    CHECK(error_message(response.body).find("\"anthropic\" speaks anthropic") != std::string::npos);
    CHECK(world.upstream.request_count() == 0);
}

TEST_CASE("Requests that name no model or are no JSON are a 400 in the client's dialect") {
    World world;
    for (const auto& wire : canned::wires()) {
        if (wire.dialect == DialectId::gemini) { continue; }
        for (const std::string body :
             {"", "{}", "not json", "[]", "{\"model\":5}", "{\"model\":\"\"}", "{\"model\":\"x\"", "{\"messages\":[]}",
              "\"model\"", "{\"model\":null}", "{\"nested\":{\"model\":\"x\"}}"}) {
            CAPTURE(name_of(wire));
            CAPTURE(body);
            const auto response = world.gateway().post(wire.target, body);
            CHECK(response.status == 400);
            CHECK(is_error_of(wire.dialect, response.body));
        }
    }
    CHECK(world.upstream.request_count() == 0);
}

TEST_CASE("An unknown path is a 404 that says what there is") {
    World world;
    const auto response = world.gateway().post("/chat/completions", canned::wires()[1].body);
    CHECK(response.status == 404);
    CHECK(response.body.find("/v1") != std::string::npos);
    // SDKs' users read the code: no model is missing.
    for (const std::string target : {"/", "/chat/completions", "/llmgw/v1/calls/nobody/stream"}) {
        CAPTURE(target);
        const auto missing = world.gateway().get(target);
        CHECK(missing.status == 404);
        CHECK(is_error_of(DialectId::openai_chat, missing.body));
        CHECK(nlohmann::json::parse(missing.body).at("error").at("code").is_null());
    }
}

TEST_CASE("A method that a path does not take is a 405 that names those it takes") {
    World world;
    const auto ask = [&](const std::string& method, const std::string& target) {
        return world.gateway().call(world.gateway().authorized(
            {.method = method, .target = target, .headers = {{"x-llmgw-feature", "e2e"}}, .body = "{}", .host = ""}));
    };
    const auto put = ask("PUT", "/v1/messages?beta=true");
    CHECK(put.status == 405);
    CHECK(put.header("allow") == "GET, HEAD, POST, DELETE");
    CHECK(nlohmann::json::parse(put.body).at("error").at("code").is_null());
    CHECK(ask("PATCH", "/f/x/v1/chat/completions").status == 405);
    const auto post = ask("POST", "/healthz");
    CHECK(post.status == 405);
    CHECK(post.header("allow") == "GET");
    CHECK(world.upstream.request_count() == 0);
}

TEST_CASE("A provider without a key says so, and is no 401") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    Gateway gateway(world.home, {.config = "[providers.anthropic]\nbase_url = \"" + world.upstream.url() +
                                           "\"\napi_key = \"env:NO_SUCH_VARIABLE_AT_ALL\"\n",
                                 .environment = {},
                                 .wrapper = {}});
    const auto response = gateway.post("/v1/messages", canned::wires()[0].body);
    // Nothing that an agent takes for its own key's fault, nor for an outage that is over soon.
    CHECK(response.status == 403);
    CHECK(response.header("x-should-retry") == "false");
    CHECK(response.header("x-llmgw-attempts") == "0");
    CHECK(is_error_of(DialectId::anthropic, response.body));
    CHECK(nlohmann::json::parse(response.body).at("error").at("type") == "permission_error");
    const auto row = gateway.call_row(response);
    CHECK(text(row, "ending") == "refused");
    CHECK(text(row, "error_class") == "authentication");
    CHECK(error_message(response.body).find("NO_SUCH_VARIABLE_AT_ALL") != std::string::npos);
    CHECK(world.upstream.request_count() == 0);
}

TEST_CASE("T3d: signatures of another provider's turns are taken out when the session comes back") {
    World world;
    // As llmgw writes them (core/dialect/envelope.hpp).
    const std::string sealed = "llmgw1.Z2VtaW5pCgphLXRob3VnaHQtc2lnbmF0dXJl";
    const std::string id = "call_1__llmgw1_Z2VtaW5pCgphLWNhbGwtc2lnbmF0dXJl";
    const std::string body =
        R"({"model":"claude-haiku-4-5","max_tokens":99,"messages":[{"role":"user","content":"hi"},)"
        R"({"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":")" +
        sealed + R"("},{"type":"tool_use","id":")" + id +
        R"(","name":"look","input":{"n":1.50}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":")" +
        id + R"(","content":"seen"}]}]})";
    const auto response = world.gateway().post("/v1/messages?beta=true", body, {{"anthropic-beta", "made-up-2030"}});
    CHECK(response.status == 200);
    const auto sent = *world.upstream.last();
    CHECK(sent.target == "/v1/messages?beta=true");
    CHECK(find_header(sent.headers, "anthropic-beta") == "made-up-2030");
    CHECK(sent.body.find("llmgw1") == std::string::npos);
    CHECK(sent.body.find("thinking") == std::string::npos);
    CHECK(sent.body.find("\"call_1\"") != std::string::npos);
    CHECK(sent.body.find("\"n\":1.50") != std::string::npos);
}

TEST_SUITE_END();
