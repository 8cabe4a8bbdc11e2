// What Cohere's own chat API is strict about: names of tools, schemas that a model is held to, settings.
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/dialect/codec.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"

using namespace llmgw;
using namespace llmgw::test;
using Json = nlohmann::json;

namespace {

struct Written {
    Json body;
    std::string dropped;
};

Written write(DialectId client, Json request) {
    request["model"] = "x";
    if (client == DialectId::anthropic) { request["max_tokens"] = 100; }
    const auto decoded = dialects().get(client).codec()->decode_request(request.dump());
    REQUIRE_MESSAGE(decoded, (decoded ? "" : decoded.error().message));
    TargetTraits target;
    target.model = "command-a-03-2025";
    Drops drops;
    const auto encoded = dialects().get(DialectId::cohere_chat).codec()->encode_request(*decoded, target, drops);
    REQUIRE(encoded);
    return {Json::parse(encoded->body), drops_text(drops)};
}

}  // namespace

TEST_SUITE("codec/cohere-chat/rules") {
    TEST_CASE("names of tools: letters, digits and _, the same in the history") {
        const auto made = write(DialectId::anthropic, Json::parse(R"({
            "tools":[{"name":"mcp__far-off__do-thing","input_schema":{"type":"object"}},
                     {"name":"look","input_schema":{"type":"object"}}],
            "messages":[{"role":"user","content":"Do."},
                {"role":"assistant","content":[
                    {"type":"tool_use","id":"t1","name":"mcp__far-off__do-thing","input":{}}]},
                {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"done"}]}]})"));
        const auto name = made.body["tools"][0]["function"]["name"].get<std::string>();
        CHECK(name == "mcp__far_off__do_thing_781d330b");
        CHECK(made.body["tools"][1]["function"]["name"] == "look");
        CHECK(made.body["messages"][1]["tool_calls"][0]["function"]["name"] == name);
        CHECK(made.dropped == "");
    }

    TEST_CASE("a tool is chosen by any of its names") {
        const std::string asked = R"({"input":"Hi","tools":[{"type":"namespace","name":"my-mail","tools":[
            {"type":"function","name":"send","parameters":{"type":"object"}},
            {"type":"function","name":"read","parameters":{"type":"object"}}]}],"tool_choice":)";
        for (const auto* choice :
             {R"({"type":"function","namespace":"my-mail","name":"send"}})", R"({"type":"function","name":"send"}})"}) {
            CAPTURE(choice);
            const auto made = write(DialectId::openai_responses, Json::parse(asked + choice));
            REQUIRE(made.body["tools"].size() == 1);
            CHECK(made.body["tools"][0]["function"]["name"].get<std::string>().starts_with("my_mail__send_"));
            CHECK(made.body["tool_choice"] == "REQUIRED");
            CHECK(made.dropped == "");
        }
        const auto none =
            write(DialectId::openai_responses, Json::parse(asked + R"({"type":"function","name":"gone"}})"));
        CHECK_FALSE(none.body.contains("tools"));
        CHECK_FALSE(none.body.contains("tool_choice"));
        CHECK(none.dropped == "tool_choice: no tool is sent that it could mean\n");
    }
}
