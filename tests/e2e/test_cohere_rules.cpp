// What Cohere's own API is strict about: the names of tools, and errors that are its own.
#include <atomic>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using Json = nlohmann::json;

TEST_SUITE_BEGIN("cohere");

namespace {

constexpr const char* tool = "mcp__far-off__do-thing";

struct CohereHost {
    CohereHost() : world({.server = {}, .timeouts = {}, .more = {}, .start = false}) {
        world.start_with(world.config() + "[providers.native]\nbase_url = \"" + world.upstream.url() +
                         "\"\ntype = \"cohere\"\napi_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n" +
                         "dialects = [\"cohere-chat\"]\n");
    }
    World world;
};

Response ask(World& world, DialectId client) {
    const std::string name = "native/command-a-03-2025";
    const Json schema{{"type", "object"}, {"properties", Json::object()}};
    const Json said{{"role", "user"}, {"content", "Do."}};
    Json body{{"model", name}};
    switch (client) {
        case DialectId::anthropic:
            body.update({{"max_tokens", 100}, {"messages", {said}}});
            body["tools"] = {{{"name", tool}, {"input_schema", schema}}};
            return world.gateway().post("/v1/messages", body.dump());
        case DialectId::openai_chat:
            body["messages"] = {said};
            body["tools"] = {{{"type", "function"}, {"function", {{"name", tool}, {"parameters", schema}}}}};
            return world.gateway().post("/v1/chat/completions", body.dump());
        case DialectId::openai_responses:
            body["input"] = {said};
            body["tools"] = {{{"type", "function"}, {"name", tool}, {"parameters", schema}}};
            return world.gateway().post("/v1/responses", body.dump());
        default: break;
    }
    body = {{"contents", {{{"role", "user"}, {"parts", {{{"text", "Do."}}}}}}},
            {"tools", {{{"functionDeclarations", {{{"name", tool}, {"parameters", schema}}}}}}}};
    return world.gateway().post("/v1beta/models/" + name + ":generateContent", body.dump());
}

}  // namespace

TEST_CASE("a tool's name with dashes: Cohere gets one it takes, the client's call has its own") {
    CohereHost host;
    host.world.upstream.handle([](const RecordedRequest& request, UpstreamConnection& connection) {
        const auto name = Json::parse(request.body)["tools"][0]["function"]["name"].get<std::string>();
        if (name.contains('-')) {
            connection.reply_json(400, R"({"message":"invalid request: tool names can only contain certain )"
                                       R"(characters (A-Za-z0-9_) and can't begin with a digit"})");
            return;
        }
        const Json call{{"id", "c1"}, {"type", "function"}, {"function", {{"name", name}, {"arguments", "{}"}}}};
        connection.reply_json(200, Json{{"id", "co-1"},
                                        {"message", {{"role", "assistant"}, {"tool_calls", {call}}}},
                                        {"finish_reason", "TOOL_CALL"}}
                                       .dump());
    });
    for (const auto& row : dialect_names) {
        CAPTURE(row.name);
        const auto answer = ask(host.world, row.id);
        CHECK(answer.status == 200);
        CHECK(answer.body.contains("\"" + std::string(tool) + "\""));
        CHECK(answer.header("x-llmgw-dropped") == "");
    }
}

TEST_CASE("a word on Cohere's deny list is the request's fault: not asked again, and the host stays trusted") {
    CohereHost host;
    std::atomic<int> asked{0};
    host.world.upstream.handle([&](const RecordedRequest&, UpstreamConnection& connection) {
        if (++asked <= 5) {
            connection.reply_json(498, R"({"id":"co-1","message":"a deny-listed token was said"})");
            return;
        }
        connection.reply_json(200,
                              R"({"id":"co-2","message":{"role":"assistant","content":[{"type":"text","text":"Hi"}]},
                                       "finish_reason":"COMPLETE"})");
    });
    for (int i = 0; i < 5; ++i) {
        const auto refused = ask(host.world, DialectId::openai_chat);
        CHECK(refused.status == 400);
        CHECK(Json::parse(refused.body)["error"]["code"] == "content_filter");
        CHECK(error_message(refused.body).contains("deny-listed"));
        CHECK(text(host.world.gateway().call_row(refused), "error_class") == "content_filter");
    }
    CHECK(ask(host.world, DialectId::openai_chat).status == 200);
    CHECK(host.world.upstream.request_count() == 6);
}

TEST_SUITE_END();
