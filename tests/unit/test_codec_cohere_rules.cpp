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

Written from_chat(const std::string& members) {
    Json request{{"messages", {{{"role", "user"}, {"content", "Hi"}}}}};
    request.update(Json::parse("{" + members + "}"));
    return write(DialectId::openai_chat, std::move(request));
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

    TEST_CASE("strict tools: all of them or none, and only by Cohere's rules") {
        const std::string good = R"({"type":"object","properties":{"at":{"type":"number"}},"required":["at"]})";
        const auto tool = [](const std::string& name, const std::string& schema, bool strict) {
            return R"({"type":"function","function":{"name":")" + name + R"(","strict":)" +
                   (strict ? "true" : "false") + R"(,"parameters":)" + schema + "}}";
        };
        const auto ask = [&](const std::string& tools) { return from_chat(R"("tools":[)" + tools + "]"); };

        const auto held = ask(tool("a", good, true) + "," + tool("b", good, true));
        CHECK(held.body["strict_tools"] == true);
        CHECK(held.body["tools"][1]["function"]["parameters"] == Json::parse(good));
        CHECK(held.dropped == "");
        const auto mixed = ask(tool("a", good, true) + "," + tool("b", good, false));
        CHECK_FALSE(mixed.body.contains("strict_tools"));
        CHECK(mixed.dropped == "tools: strict: cohere-chat holds the model to all of the tools' schemas or to none\n");

        const std::string optional = R"({"type":"object","properties":{"at":{"type":"number","minimum":1}}})";
        const auto no_rule = ask(tool("a", good, true) + "," + tool("b", optional, true));
        CHECK_FALSE(no_rule.body.contains("strict_tools"));
        CHECK(no_rule.body["tools"][1]["function"]["parameters"] == Json::parse(optional));
        CHECK(
            no_rule.dropped ==
            "tools: strict: cohere-chat cannot hold the model to b: an object in it requires none of its properties\n");

        Json wide{{"type", "object"}, {"required", {"p0"}}, {"properties", Json::object()}};
        for (int i = 0; i < 101; ++i) {
            wide["properties"]["p" + std::to_string(i)] = {{"type", "string"}};
        }
        CHECK(ask(tool("a", wide.dump(), true)).body["strict_tools"] == true);
        const auto many = ask(tool("a", wide.dump(), true) + "," + tool("b", wide.dump(), true));
        CHECK_FALSE(many.body.contains("strict_tools"));
        CHECK(many.dropped == "tools: strict: cohere-chat holds the model to 200 parameters of all tools at most\n");

        const auto bounded = ask(
            tool("a", R"({"type":"object","properties":{"at":{"type":"number","description":"Where.","minimum":1.0}},
                     "required":["at"]})",
                 true));
        CHECK(bounded.body["strict_tools"] == true);
        CHECK(bounded.body["tools"][0]["function"]["parameters"]["properties"]["at"] ==
              Json::parse(R"({"type":"number","description":"Where.\n\n{minimum: 1.0}"})"));
        CHECK(bounded.dropped ==
              "tools: a.properties.at.minimum: cohere-chat does not enforce it; it is said in the "
              "description\n");
    }

    TEST_CASE("an answer's schema: held to by Cohere's rules, or said to the model") {
        const auto ask = [](const std::string& schema) {
            return from_chat(R"("response_format":{"type":"json_schema","json_schema":{"name":"p","schema":)" + schema +
                             "}}");
        };
        const std::string plain =
            R"({"type":"object","properties":{"d":{"type":"string","format":"date","pattern":"[0-9]+"}},"required":["d"]})";
        const auto held = ask(plain);
        CHECK(held.body["response_format"]["json_schema"] == Json::parse(plain));
        CHECK(held.body["messages"].size() == 1);
        CHECK(held.dropped == "");

        const auto moved = ask(R"({"type":"object","required":["n","d"],"$defs":{"m":{"type":"string","maxLength":3}},
            "properties":{"n":{"oneOf":[{"type":"integer","maximum":9},{"$ref":"#/$defs/m"}]},
                          "d":{"type":"array","minItems":1,"items":{"type":"string","format":"email","pattern":"^a"}}}})");
        const auto& schema = moved.body["response_format"]["json_schema"];
        CHECK(schema["properties"]["n"] ==
              Json::parse(R"({"anyOf":[{"type":"integer","description":"{maximum: 9}"},{"$ref":"#/$defs/m"}]})"));
        CHECK(schema["properties"]["d"]["description"] == "{minItems: 1}");
        CHECK(schema["properties"]["d"]["items"]["description"] == "{format: \"email\"}\n\n{pattern: \"^a\"}");
        CHECK(schema["$defs"]["m"]["description"] == "{maxLength: 3}");
        for (const auto* path : {".properties.n.anyOf[0].maximum", ".properties.d.minItems",
                                 ".properties.d.items.format", ".properties.d.items.pattern", ".$defs.m.maxLength"}) {
            CAPTURE(path);
            CHECK(moved.dropped.contains("response_format.json_schema.schema" + std::string(path) + ": cohere-chat"));
        }

        struct Case {
            const char* schema;
            const char* fault;
        };
        for (const auto& [bad, fault] :
             {Case{R"({"type":"array","items":{"type":"string"}})", "it is no object's"},
              Case{R"({"type":"object","properties":{"a":{"type":"string"}}})", "requires none of its properties"},
              Case{R"({"type":"object","properties":{"a":{"type":"object","properties":{}}},"required":["a"]})",
                   "properties.a: an object in it requires none"},
              Case{R"({"type":"object","properties":{"a":{"type":"string"}},"required":["b"]})",
                   "requires what is no property"},
              Case{R"({"type":"object","properties":{"a":{"allOf":[{"type":"string"},{"type":"number"}]}},
                          "required":["a"]})",
                   "properties.a: allOf"}}) {
            CAPTURE(bad);
            const auto said = ask(bad);
            CHECK_FALSE(said.body.contains("response_format"));
            const auto content = said.body["messages"][0]["content"].get<std::string>();
            CHECK(Json::parse(content.substr(content.rfind('\n'))) == Json::parse(bad));
            CHECK(said.dropped.starts_with(
                "response_format: cohere-chat cannot hold the model to this schema; it is said to the model: "));
            CHECK(said.dropped.contains(fault));
        }
    }

    TEST_CASE("temperature and penalties: within their bounds, and one penalty only") {
        CHECK(from_chat(R"("temperature":0.70)").body["temperature"].dump() == "0.7");
        const auto hot = from_chat(R"("temperature":1.3)");
        CHECK(hot.body["temperature"] == 1);
        CHECK(hot.dropped == "temperature: cohere-chat takes 0 to 1\n");

        const auto both = from_chat(R"("frequency_penalty":0.5,"presence_penalty":0.2)");
        CHECK(both.body["frequency_penalty"] == 0.5);
        CHECK_FALSE(both.body.contains("presence_penalty"));
        CHECK(both.dropped == "presence_penalty: cohere-chat takes one of the two penalties\n");
        const auto none = from_chat(R"("frequency_penalty":0,"presence_penalty":0.0)");
        CHECK_FALSE(none.body.contains("presence_penalty"));
        CHECK(none.dropped == "");
        const auto presence = from_chat(R"("frequency_penalty":0,"presence_penalty":2)");
        CHECK(presence.body["presence_penalty"] == 1);
        CHECK_FALSE(presence.body.contains("frequency_penalty"));
        CHECK(presence.dropped == "presence_penalty: cohere-chat takes 0 to 1\n");
    }
}
