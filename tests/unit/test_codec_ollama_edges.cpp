// Requests for Ollama's own API at their edges: results without a call, media it does not take, nothing to say, tools
// chosen by name.
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/unit/ollama_rules.hpp"

using namespace llmgw;
using namespace llmgw::test;
using Json = nlohmann::json;

namespace {

struct Written {
    Json body;
    std::string dropped;
};

const Codec& ollama() {
    return *dialects().get(DialectId::ollama_chat).codec();
}

Written write(DialectId client, const char* json) {
    auto request = Json::parse(json);
    request["model"] = "x";
    if (client == DialectId::anthropic) { request["max_tokens"] = 100; }
    const auto decoded = dialects().get(client).codec()->decode_request(request.dump());
    REQUIRE_MESSAGE(decoded, (decoded ? "" : decoded.error().message));
    TargetTraits target;
    target.model = "llama3.2";
    Drops drops;
    const auto encoded = ollama().encode_request(*decoded, target, drops);
    REQUIRE(encoded);
    auto body = Json::parse(encoded->body);
    CHECK(refused_by_ollama(body) == "");
    return {std::move(body), drops_text(drops)};
}

}  // namespace

TEST_SUITE("codec/ollama-chat/edges") {
    TEST_CASE("a result without its call: what it shows comes along, or is named") {
        const auto made = write(DialectId::anthropic, R"({"messages":[{"role":"user","content":[
            {"type":"tool_result","tool_use_id":"gone","content":[{"type":"text","text":"old"},
                {"type":"image","source":{"type":"base64","media_type":"image/png","data":"aWNvbg=="}},
                {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}]}]}]})");
        CHECK(made.body["messages"] == Json::parse(R"([{"role":"user",
            "content":"[Result of an earlier tool call]\nold\n\n[document not shown]","images":["aWNvbg=="]}])"));
        CHECK(made.dropped == "messages: document: ollama-chat takes documents as text only\n");
    }

    TEST_CASE("audio: WAV and MP3, which Ollama can tell from images") {
        const auto made = write(DialectId::openai_chat, R"({"messages":[{"role":"user","content":[
            {"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}},
            {"type":"input_audio","input_audio":{"data":"SUQz","format":"mp3"}},
            {"type":"input_audio","input_audio":{"data":"T2dnUw==","format":"ogg"}},
            {"type":"text","text":"What is said?"}]}]})");
        CHECK(made.body["messages"] == Json::parse(R"([{"role":"user",
            "content":"[audio not shown]\n\nWhat is said?","images":["UklGRg==","SUQz"]}])"));
        CHECK(made.dropped == "messages: audio: ollama-chat takes WAV and MP3\n");
    }

    TEST_CASE("nothing said is said, and no messages are an error") {
        const auto made = write(DialectId::openai_chat, R"({"messages":[{"role":"user","content":""}]})");
        CHECK(made.body["messages"] == Json::parse(R"([{"role":"user","content":""}])"));
        const auto empty = write(DialectId::openai_chat, R"({"messages":[{"role":"user","content":[]},
            {"role":"assistant","content":""}]})");
        CHECK(empty.body["messages"] == Json::parse(R"([{"role":"user","content":""}])"));
        Drops drops;
        const auto refused = ollama().encode_request(ChatRequest{}, TargetTraits{}, drops);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == ErrorKind::bad_request);
        CHECK(refused.error().message == "messages: at least one is needed");
    }

    TEST_CASE("a tool of a namespace is chosen by any of its names, and said by the one that is sent") {
        const std::string asked = R"({"input":"Hi","tools":[{"type":"namespace","name":"mail","tools":[
            {"type":"function","name":"send","parameters":{"type":"object"}},
            {"type":"function","name":"read","parameters":{"type":"object"}}]}],"tool_choice":)";
        for (const auto* choice :
             {R"({"type":"function","namespace":"mail","name":"send"}})", R"({"type":"function","name":"send"}})"}) {
            CAPTURE(choice);
            const auto made = write(DialectId::openai_responses, (asked + choice).c_str());
            REQUIRE(made.body["tools"].size() == 1);
            CHECK(made.body["tools"][0]["function"]["name"] == "mail__send");
            CHECK(made.body["messages"][0]["content"] == "Call the tool mail__send in your next answer.");
        }
        const auto none = write(DialectId::openai_responses, (asked + R"({"type":"function","name":"gone"}})").c_str());
        CHECK_FALSE(none.body.contains("tools"));
        CHECK(none.body["messages"].size() == 1);
        CHECK(none.dropped == "tool_choice: no tool is sent that it could mean\n");
    }
}
