// The log: tokens, rows and what a stream without usage hides.
#include <set>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("usage");

namespace {

const std::vector<std::string> token_columns{"input_tokens",
                                             "cache_read_tokens",
                                             "cache_write_5m_tokens",
                                             "cache_write_1h_tokens",
                                             "output_tokens",
                                             "reasoning_tokens",
                                             "cost_nano",
                                             "cost_basis",
                                             "served_model"};

void check_same_usage(const DbRow& a, const DbRow& b) {
    REQUIRE_FALSE(a.empty());
    REQUIRE_FALSE(b.empty());
    for (const auto& column : token_columns) {
        CAPTURE(column);
        CHECK(a.at(column).value_or("NULL") == b.at(column).value_or("NULL"));
    }
}

std::string chat_body(const std::string& more) {
    return R"({"model":"gpt-5-mini",)" + more + R"("messages":[{"role":"user","content":"Say hello"}]})";
}

}  // namespace

TEST_CASE("T14: a call streamed and not streamed is logged with the same tokens and cost") {
    World world;
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto whole = world.gateway().call_row(world.ask(wire));
        const auto streamed = world.gateway().call_row(world.ask(wire, true));
        check_same_usage(whole, streamed);
        CHECK(text(whole, "input_tokens") == std::to_string(canned::input_tokens));
        CHECK(text(whole, "cache_read_tokens") == std::to_string(canned::cache_read_tokens));
        CHECK(text(whole, "output_tokens") == std::to_string(canned::output_tokens));
        CHECK(text(whole, "cost_basis") == "reported");
        CHECK(text(whole, "stream") == "0");
        CHECK(text(streamed, "stream") == "1");
        if (wire.dialect != DialectId::anthropic) {
            CHECK(text(whole, "reasoning_tokens") == std::to_string(canned::reasoning_tokens));
        }
    }
}

TEST_CASE("T14: usage nobody asked for is asked for, logged and hidden") {
    World world;
    const auto& wire = canned::wire(DialectId::openai_chat);
    const auto expected = world.gateway().call_row(world.ask(wire));
    for (const std::string options :
         {"\"stream\":true,", "\"stream\": true , \"stream_options\" : {} ,",
          "\"stream\":true,\"stream_options\":null,", R"("stream":true,"stream_options":{"include_usage":false},)",
          R"("stream":true,"stream_options":{"include_obfuscation":false},)"}) {
        CAPTURE(options);
        const auto response = world.gateway().post(wire.target, chat_body(options));
        CHECK(response.status == 200);
        const auto sent = nlohmann::json::parse(world.upstream.last()->body);
        REQUIRE(sent["stream_options"].is_object());
        CHECK(sent["stream_options"]["include_usage"] == true);
        CHECK(sent["messages"].size() == 1);
        if (options.find("obfuscation") != std::string::npos) {
            CHECK(sent["stream_options"]["include_obfuscation"] == false);
        }
        CHECK(response.body.find("\"usage\"") == std::string::npos);
        CHECK(response.body.ends_with("data: [DONE]\n\n"));
        const auto events = stream_events(response.body);
        REQUIRE(events.size() == wire.events.size() - 1);
        std::string said;
        for (std::size_t i = 0; i + 1 < events.size(); ++i) {
            REQUIRE(events[i].json.is_object());
            REQUIRE(events[i].json["choices"].size() == 1);
            const auto& delta = events[i].json["choices"][0]["delta"];
            if (delta.contains("content")) { said += delta["content"].get<std::string>(); }
        }
        CHECK(said == "Hello \xE2\x98\x83 there");
        check_same_usage(expected, world.gateway().call_row(response));
    }
}

TEST_CASE("T14: usage the client asked for is left where it is") {
    World world;
    const auto& wire = canned::wire(DialectId::openai_chat);
    const auto body = chat_body(R"("stream":true,"stream_options":{"include_usage":true,"x":1},)");
    const auto response = world.gateway().post(wire.target, body);
    CHECK(world.upstream.last()->body == body);
    CHECK(response.body == canned::joined(wire.events));
}

TEST_CASE("T14: usage is found on whatever chunk a host puts it") {
    World world;
    const auto& wire = canned::wire(DialectId::openai_chat);
    const auto expected = world.gateway().call_row(world.ask(wire));
    const std::string head =
        R"(data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5-mini-2025-08-07",)";
    const std::string usage =
        R"("usage":{"prompt_tokens":29,"completion_tokens":13,"total_tokens":42,"prompt_tokens_details":{"cached_tokens":8},"completion_tokens_details":{"reasoning_tokens":5}})";
    for (const std::string choices :
         {R"("choices":[{"index":0,"delta":{},"finish_reason":"stop"}],)",
          R"("choices":[{"index":0,"delta":{"content":""},"finish_reason":null}],)", R"("choices":null,)", ""}) {
        for (const bool asked : {false, true}) {
            CAPTURE(choices);
            CAPTURE(asked);
            const auto sent = wire.events[0] + wire.events[1] + wire.events[2] + wire.events[3] + head + choices +
                              usage + "}\n\n" + wire.events.back();
            world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
                connection.start_sse();
                connection.chunk(sent);
                connection.finish();
            });
            const auto response =
                asked ? world.ask(wire, true) : world.gateway().post(wire.target, chat_body("\"stream\":true,"));
            if (asked) {
                CHECK(response.body == sent);
            } else {
                CHECK(response.body.find("\"usage\"") == std::string::npos);
                for (const auto& event : stream_events(response.body)) {
                    CHECK((event.data == "[DONE]" || event.json.is_object()));
                }
            }
            check_same_usage(expected, world.gateway().call_row(response));
        }
    }
}

TEST_CASE("T17: one row for a call and one for its attempt, with everything known") {
    World world;
    std::set<std::string> ids;
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto response = world.ask(wire, true,
                                        {{"x-llmgw-user", "ada"},
                                         {"x-llmgw-metadata", R"({"team":"blue"})"},
                                         {"User-Agent", "my-tool/1.5 (linux)"}});
        const auto id = response.header("x-llmgw-call-id");
        CHECK(ids.insert(id).second);
        const auto row = world.gateway().call_row(id);
        REQUIRE_FALSE(row.empty());
        CHECK(text(row, "feature") == "e2e");
        CHECK(text(row, "user") == "ada");
        CHECK(nlohmann::json::parse(text(row, "metadata")) == nlohmann::json{{"team", "blue"}});
        CHECK(text(row, "client").starts_with("my-tool"));
        CHECK(text(row, "client_dialect") == name_of(wire));
        CHECK(text(row, "provider_dialect") == name_of(wire));
        CHECK(text(row, "provider") == response.header("x-llmgw-provider"));
        CHECK(text(row, "requested_model") == wire.model);
        CHECK(text(row, "served_model").starts_with(wire.model));
        CHECK(text(row, "http_status") == "200");
        CHECK(text(row, ending_column) == "done");
        CHECK_FALSE(text(row, "finish_reason").empty());
        CHECK(text(row, "request_bytes") == std::to_string(wire.stream_body.size()));
        CHECK(text(row, "response_bytes") == std::to_string(response.body.size()));
        CHECK_FALSE(text(row, "cost_nano").empty());
        CHECK_FALSE(text(row, "price_source").empty());
        CHECK_FALSE(text(row, "price_date").empty());
        const auto attempts = world.gateway().attempt_rows(id);
        REQUIRE(attempts.size() == 1);
        CHECK(text(attempts[0], "number") == "1");
        CHECK(text(attempts[0], "model") == wire.model);
        CHECK(text(attempts[0], "http_status") == "200");
        CHECK(text(attempts[0], "output_tokens") == text(row, "output_tokens"));
        CHECK(text(attempts[0], "cost_nano") == text(row, "cost_nano"));
        CHECK(text(attempts[0], "upstream_request_id") == "req_fake_stream");
    }
    const auto count = db_query(world.home.database(), "SELECT 1 FROM calls");
    CHECK(count.size() == 4);
}

TEST_CASE("T17: a refused call has a row and no attempt") {
    World world;
    // Embeddings are not translated.
    const auto response =
        world.gateway().post("/v1/embeddings", R"({"model":"anthropic/claude-haiku-4-5","input":"x"})");
    CHECK(response.status >= 400);
    CHECK(response.status < 500);
    const auto row = world.gateway().call_row(response);
    REQUIRE_FALSE(row.empty());
    CHECK(text(row, ending_column) == "refused");
    CHECK(world.gateway().attempt_rows(text(row, "call_id")).empty());
}

TEST_CASE("T16: a model without a price costs NULL, never nothing") {
    World world;
    const auto response = world.gateway().post(
        "/v1/chat/completions",
        R"({"model":"openai/model-without-any-price","messages":[{"role":"user","content":"x"}]})");
    world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
        connection.reply_json(
            200,
            R"({"id":"c","object":"chat.completion","model":"model-without-any-price","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}})");
    });
    CHECK(response.status == 200);
    const auto unpriced = world.gateway().post(
        "/v1/chat/completions",
        R"({"model":"openai/model-without-any-price","messages":[{"role":"user","content":"x"}]})");
    const auto row = world.gateway().call_row(unpriced);
    REQUIRE_FALSE(row.empty());
    CHECK(text(row, "input_tokens") == "5");
    CHECK(is_null(row, "cost_nano"));
}

TEST_CASE("Anthropic: the last message_delta overrides message_start") {
    World world;
    const auto& wire = canned::wires()[0];
    auto events = wire.events;
    events[6] =
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":"
        "{\"input_tokens\":2479,\"cache_read_input_tokens\":100,\"cache_creation_input_tokens\":3,\"output_tokens\":"
        "77}}\n\n";
    world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk(canned::joined(events));
        connection.finish();
    });
    const auto row = world.gateway().call_row(world.ask(wire, true));
    REQUIRE_FALSE(row.empty());
    CHECK(text(row, "input_tokens") == "2479");
    CHECK(text(row, "cache_read_tokens") == "100");
    CHECK(text(row, "cache_write_5m_tokens") == "3");
    CHECK(text(row, "output_tokens") == "77");
}

TEST_CASE("Calls that failed, or that llmgw had no key for, are filed under the model they were meant for") {
    World world({.server = "",
                 .timeouts = "",
                 .more = "[providers.nokey]\ntype = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\n"
                         "api_key = \"env:NO_SUCH_VARIABLE_AT_ALL\"\n[routes.quick]\ntargets = \"openai/fake-500\"\n"});
    const auto served = [&](const std::string& model) {
        const auto response = world.gateway().post(
            "/v1/chat/completions", R"({"model":")" + model + R"(","messages":[{"role":"user","content":"Hi"}]})");
        CHECK(response.status >= 400);
        const auto row = world.gateway().call_row(response);
        CHECK(text(row, "requested_model") == model);
        return text(row, "served_model");
    };
    CHECK(served("openai/fake-500") == "fake-500");
    CHECK(served("quick") == "fake-500");
    CHECK(served("nokey/gpt-x") == "gpt-x");
    // Nobody was meant.
    CHECK(served("nobody/gpt-x") == "");
    const auto report = nlohmann::json::parse(world.cli({"usage", "--by", "model", "--json"}).out);
    std::set<std::string> models;
    for (const auto& row : report.at("rows")) {
        models.insert(row.at("model").get<std::string>());
    }
    CHECK(models == std::set<std::string>{"fake-500", "gpt-x", "nobody/gpt-x"});
}

TEST_SUITE_END();
