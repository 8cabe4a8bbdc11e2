#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/util/sse.hpp"
#include "providers/dialects/openai_responses/turns.hpp"

using namespace llmgw;
using nlohmann::json;

namespace {

const wire::responses::ResponsesTurns turns;

std::optional<AnsweredTurn> read(std::string_view stream) {
    SseFramer framer;
    const auto reader = turns.reader();
    for (const auto& event : framer.feed(stream)) {
        reader->event(event);
    }
    return reader->turn();
}

}  // namespace

TEST_SUITE_BEGIN("codec_responses_turns");

TEST_CASE("Turns: what a request says") {
    const auto said = turns.request(R"({"input":"a","previous_response_id":"resp_1","store":false})");
    CHECK(said.previous_id == "resp_1");
    CHECK_FALSE(said.store);
    CHECK(turns.request(R"({"previous_response_id":null})").previous_id == "");
    CHECK(turns.request("{}").store);
    CHECK(turns.request("[]").previous_id == "");
    CHECK(turns.request(R"({"store":null})").store);
}

TEST_CASE("Turns: the history goes in front, and nothing else changes") {
    const auto next = turns.continued(
        R"({"model":"m","previous_response_id":"resp_1","temperature":1.0,"input":"And?","x":"\u2603"})",
        R"([{"role":"user","content":"Hi"}])");
    REQUIRE(next);
    CHECK(
        *next ==
        R"({"input":[{"role":"user","content":"Hi"},{"type":"message","role":"user","content":"And?"}],"model":"m","temperature":1.0,"x":"\u2603"})");
    // A request with nothing of its own: all it has is what went before.
    const auto bare = turns.continued(R"({"previous_response_id":"resp_1"})", R"([{"role":"user","content":"Hi"}])");
    REQUIRE(bare);
    CHECK(*bare == R"({"input":[{"role":"user","content":"Hi"}]})");
    CHECK_FALSE(turns.continued(R"({"input":7})", "[]"));
    CHECK_FALSE(turns.items(R"({"input":[7]})"));
}

TEST_CASE("Turns: a message is a post less what only the message has") {
    const auto message = turns.message(
        R"({ "type":"response.create", "model":"m","stream":true,"store":false,"generate":false, "input":[ 1.0 ] })");
    REQUIRE(message);
    CHECK(message->body == R"({"model":"m","stream":true,"store":false,"input":[ 1.0 ]})");
    CHECK_FALSE(message->generate);
    CHECK_FALSE(message->request.store);
    const auto plain = turns.message(R"({"type":"response.create","model":"m","stream":false})");
    REQUIRE(plain);
    CHECK(plain->generate);
    CHECK(plain->body == R"({"stream":true,"model":"m"})");
    for (const auto* wrong : {"", "[]", "null", R"({"type":"response.create")", R"({"model":"m"})",
                              R"({"type":"session.update"})", R"({"type":7})"}) {
        CAPTURE(wrong);
        const auto refused = turns.message(wrong);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == ErrorKind::bad_request);
    }
}

TEST_CASE("Turns: the answer's items, wherever they are said") {
    const std::string created = "data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n";
    const std::string items =
        "data: {\"type\":\"response.output_item.done\",\"output_index\":1,\"item\":{\"id\":\"b\"}}\n\n"
        "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"id\":\"a\"}}\n\n";
    const auto end = [](const char* type, const char* status, const char* output) {
        return std::string("data: {\"type\":\"") + type + "\",\"response\":{\"id\":\"resp_1\",\"status\":\"" + status +
               "\",\"output\":" + output + "}}\n\n";
    };
    CHECK_FALSE(read(created + items));
    CHECK_FALSE(read(created + items + end("response.failed", "failed", "[]")));
    const auto whole = read(created + items + end("response.completed", "completed", R"([{"id":"whole"}])"));
    REQUIRE(whole);
    CHECK(whole->id == "resp_1");
    CHECK(whole->output == R"([{"id":"whole"}])");
    const auto gathered = read(created + items + end("response.completed", "completed", "[]"));
    REQUIRE(gathered);
    CHECK(gathered->output == R"([{"id":"a"},{"id":"b"}])");
    CHECK(read(created + items + end("response.incomplete", "incomplete", R"([{"id":"cut"}])"))->output ==
          R"([{"id":"cut"}])");
    const auto reader = turns.reader();
    reader->whole(R"({"id":"resp_9","status":"failed","output":[]})");
    CHECK_FALSE(reader->turn());
    reader->whole(R"({"id":"resp_9","status":"completed","output":[{"id":"m"}]})");
    REQUIRE(reader->turn());
    CHECK(turns.followed(R"([{"id":"q"}])", reader->turn()->output).value() == R"([{"id":"q"},{"id":"m"}])");
}

TEST_CASE("Turns: what answers a message that asks for nothing") {
    const auto messages = turns.kept_messages(R"({"model":"gpt-5","input":[],"store":false})", "resp_7", 1790000000);
    REQUIRE(messages.size() == 2);
    const auto first = json::parse(messages[0]);
    const auto last = json::parse(messages[1]);
    CHECK(first["type"] == "response.created");
    CHECK(first["response"]["status"] == "in_progress");
    CHECK(last["type"] == "response.completed");
    CHECK(last["sequence_number"] == 1);
    CHECK(last["response"]["id"] == "resp_7");
    CHECK(last["response"]["status"] == "completed");
    CHECK(last["response"]["model"] == "gpt-5");
    CHECK(last["response"]["store"] == false);
    CHECK(last["response"]["output"].empty());
    CHECK(last["response"]["usage"]["total_tokens"] == 0);
}

TEST_SUITE_END();
