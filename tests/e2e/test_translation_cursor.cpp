// Cursor posts Responses-shaped bodies to /v1/chat/completions for some models and expects chat chunks. Whatever the
// provider speaks, it gets them, over a tool's turn too.
#include <doctest/doctest.h>

#include "tests/e2e/matrix_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using namespace llmgw::testing::matrix;

namespace {

constexpr const char* target = "/v1/chat/completions";

struct Row {
    std::string model;
    DialectId spoken;  // to the provider
    std::string path;
};

// What Cursor sends: the Responses client's body, and how Chat asks for usage.
std::string cursor_body(const Client& client, const Wish& wish) {
    auto body = Json::parse(client.body(wish));
    if (wish.stream) { body["stream_options"] = {{"include_usage", true}}; }
    return body.dump();
}

void answer_with(World& world, DialectId spoken, const Answer& answer) {
    world.upstream.clear();
    world.upstream.handle([=](const RecordedRequest& request, UpstreamConnection& connection) {
        if (!read_request(spoken, request).stream) {
            connection.reply_json(200, whole_answer(spoken, answer));
            return;
        }
        connection.start_sse();
        for (const auto& event : answer_events(spoken, answer, 5)) {
            connection.chunk(event);
        }
        connection.finish();
    });
}

std::vector<Row> rows() {
    return {{"openai/gpt-5.6", DialectId::openai_responses, "/v1/responses"},
            {"chat/gpt-5.6", DialectId::openai_chat, "/v1/chat/completions"},
            {"resp/gpt-5.6", DialectId::openai_responses, "/v1/responses"},
            {"anthropic/claude-sonnet-4-5", DialectId::anthropic, "/v1/messages"},
            {"gemini/gemini-3-pro-preview", DialectId::gemini, "/v1beta/models/gemini-3-pro-preview:"}};
}

}  // namespace

TEST_SUITE("translation") {
    TEST_CASE(
        "Cursor: a Responses body on the Chat endpoint is answered as chat chunks, whatever the provider speaks") {
        MatrixWorld bench;
        for (const auto& row : rows()) {
            for (const bool stream : {true, false}) {
                CAPTURE(row.model);
                CAPTURE(stream);
                Client client(DialectId::openai_responses);
                const Wish wish{
                    .model = row.model, .stream = stream, .tools = true, .thinking = true, .system = "Be brief."};
                client.say("How is the weather in Ulm?");
                const Answer called{.thought = "Let me look.",
                                    .calls = {{"call_one", "get_weather", {{"city", "Ulm"}, {"days", 2}}}},
                                    .stop = Stop::tool};
                answer_with(bench.world, row.spoken, called);
                auto got = bench.world.gateway().post(target, cursor_body(client, wish));
                CAPTURE(got.body);
                REQUIRE(got.status == 200);
                // Chat has no word for how a summary should be.
                CHECK(got.header("x-llmgw-dropped") ==
                      (row.spoken == DialectId::openai_chat ? "reasoning.summary" : ""));
                const auto sent = bench.world.upstream.last();
                REQUIRE(sent != nullptr);
                CHECK(sent->target.starts_with(row.path));
                const auto asked = read_request(row.spoken, *sent);
                CHECK(asked.user.find("Ulm") != std::string::npos);
                CHECK(asked.system.find("Be brief.") != std::string::npos);
                CHECK(asked.tools == std::vector<std::string>{"get_weather"});
                CHECK(asked.stream == stream);
                if (stream) { CHECK(stream_fault(DialectId::openai_chat, got.body) == ""); }
                auto answer = stream ? put_together(DialectId::openai_chat, got.body) : Json::parse(got.body);
                auto said = understood(DialectId::openai_chat, answer);
                CHECK(said.stopped_as(Stop::tool));
                REQUIRE(said.calls.size() == 1);
                CHECK(said.calls[0].name == "get_weather");
                CHECK(said.calls[0].arguments == called.calls[0].arguments);
                CHECK(said.prompt_tokens == called.tokens.prompt());
                CHECK(said.output_tokens == called.tokens.output);
                const auto logged = bench.world.gateway().call_row(got);
                CHECK(text(logged, "operation") == "chat");
                CHECK(text(logged, "client_dialect") == "openai-chat");

                // It keeps the call as an item, under the id that the chunks gave it. What was signed comes back by it.
                client.keep({{"output", Json::array({{{"type", "function_call"},
                                                      {"call_id", said.calls[0].id},
                                                      {"name", "get_weather"},
                                                      {"arguments", said.calls[0].arguments.dump()}}})}});
                client.give({{said.calls[0].id, "get_weather", "Sunny.", false, ""}});
                answer_with(bench.world, row.spoken, {.text = "It is sunny."});
                got = bench.world.gateway().post(target, cursor_body(client, wish));
                CAPTURE(got.body);
                REQUIRE(got.status == 200);
                if (row.spoken != DialectId::openai_chat) {  // it signs nothing
                    CHECK(seal_fault(row.spoken, bench.world.upstream.last()->body, called) == "");
                }
                const auto again = read_request(row.spoken, *bench.world.upstream.last());
                REQUIRE(again.results.size() == 1);
                CHECK(again.results[0].text == "Sunny.");
                REQUIRE(again.calls.size() == 1);
                CHECK(again.calls[0].id == again.results[0].call_id);
                answer = stream ? put_together(DialectId::openai_chat, got.body) : Json::parse(got.body);
                said = understood(DialectId::openai_chat, answer);
                CHECK(said.text == "It is sunny.");
                CHECK(said.stopped_as(Stop::end));
            }
        }
    }

    TEST_CASE("Cursor: a client's own credential is not sent along with a request that was written anew") {
        MatrixWorld bench(
            "\n[providers.own]\ntype = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\n"
            "api_key = \"passthrough\"\n");
        const auto got = bench.world.gateway().post(target, R"({"model":"own/gpt-5.6","input":"Hi"})");
        CHECK(got.status == 400);
        CHECK(error_message(got.body).find("passthrough") != std::string::npos);
    }
}
