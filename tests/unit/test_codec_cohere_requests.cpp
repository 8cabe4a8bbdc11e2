// Requests of every client's dialect, written for Cohere's own chat API: in the forms it documents, and what it cannot
// say noted.
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/dialect/envelope.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"

using namespace llmgw;
using namespace llmgw::test;
using Json = nlohmann::json;

namespace {

constexpr std::string_view plain = "command-a-03-2025";
constexpr std::string_view thinks = "command-a-reasoning-08-2025";

const Codec& cohere() {
    return *dialects().get(DialectId::cohere_chat).codec();
}

struct Written {
    Json body;
    std::string dropped;
};

Written write(DialectId client, const Json& request, std::string_view model = plain) {
    auto decoded = dialects().get(client).codec()->decode_request(request.dump());
    REQUIRE_MESSAGE(decoded.has_value(), (decoded ? "" : decoded.error().message));
    TargetTraits target;
    target.model = model;
    Drops drops;
    const auto encoded = cohere().encode_request(*decoded, target, drops);
    REQUIRE(encoded);
    return {Json::parse(encoded->body), drops_text(drops)};
}

Written from_anthropic(const char* more, std::string_view model = plain) {
    Json request = {{"model", "x"}, {"max_tokens", 400}, {"messages", {{{"role", "user"}, {"content", "Hi"}}}}};
    request.update(Json::parse(more));
    return write(DialectId::anthropic, request, model);
}

Written from_chat(const char* more, std::string_view model = plain) {
    Json request = {{"model", "x"}, {"messages", {{{"role", "user"}, {"content", "Hi"}}}}};
    request.update(Json::parse(more));
    return write(DialectId::openai_chat, request, model);
}

}  // namespace

TEST_SUITE("codec/cohere-chat/requests") {
    TEST_CASE("text, system prompt and settings") {
        const auto made = from_anthropic(
            R"({"system":"Be brief.","temperature":0.5,"top_p":0.9,"top_k":40,"stop_sequences":["END"],"stream":true,
                "metadata":{"user_id":"u"}})");
        CHECK(made.body == Json::parse(R"({"model":"command-a-03-2025","messages":[
            {"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],
            "max_tokens":400,"stop_sequences":["END"],"temperature":0.5,"p":0.9,"k":40,"stream":true})"));
        CHECK(made.dropped == "metadata.user_id: cohere-chat has no such setting\n");
        const auto more = from_chat(
            R"({"seed":3,"frequency_penalty":0.5,"presence_penalty":-1,"top_p":1,"stop":["a","b","c","d","e","f"],
                "logprobs":true,"n":2,"service_tier":"flex","user":"u","store":true,"odd":1})");
        CHECK(more.body["seed"] == 3);
        CHECK(more.body["frequency_penalty"] == 0.5);
        CHECK_FALSE(more.body.contains("presence_penalty"));
        CHECK(more.body["p"] == 0.99);
        CHECK(more.body["stop_sequences"].size() == 5);
        CHECK_FALSE(more.body.contains("max_tokens"));
        CHECK(more.dropped ==
              "stop: cohere-chat takes five of them\n"
              "top_p: cohere-chat takes 0.01 to 0.99\n"
              "presence_penalty: cohere-chat takes one of the two penalties\n"
              "odd: cohere-chat has no such parameter\n"
              "logprobs: cohere-chat gives them for pieces of text, not for tokens\n"
              "n: cohere-chat has no such setting\n"
              "store: cohere-chat has no such setting\n"
              "user: cohere-chat has no such setting\n"
              "service_tier: cohere-chat has no such setting\n");
    }

    TEST_CASE("tools, calls and results") {
        const auto made = from_anthropic(R"({"tools":[{"name":"look","description":"Looks.",
                "input_schema":{"type":"object","properties":{"at":{"type":"number","minimum":1.0}}}},
                {"name":"now","input_schema":{"type":"object"}}],
            "messages":[{"role":"user","content":"Look twice."},
                {"role":"assistant","content":[{"type":"text","text":"Yes."},{"type":"text","text":"Twice."},
                    {"type":"tool_use","id":"t1","name":"look","input":{"at":1.0}},
                    {"type":"tool_use","id":"t2","name":"now","input":{}}]},
                {"role":"user","content":[{"type":"tool_result","tool_use_id":"t2","content":"no","is_error":true},
                    {"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"a"},
                        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"aWNvbg=="}}]},
                    {"type":"text","text":"Well?"}]}]})");
        CHECK(made.body["messages"] == Json::parse(R"x([{"role":"user","content":"Look twice."},
            {"role":"assistant","tool_plan":"Yes.\n\nTwice.","tool_calls":[
                {"id":"t1","type":"function","function":{"name":"look","arguments":"{\"at\":1.0}"}},
                {"id":"t2","type":"function","function":{"name":"now","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"t1","content":"a"},
            {"role":"tool","tool_call_id":"t2","content":"Error: no"},
            {"role":"user","content":[{"type":"text","text":"Shown by the tool (call t1):"},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,aWNvbg=="}},
                {"type":"text","text":"Well?"}]}])x"));
        CHECK(made.body["tools"][0]["function"]["parameters"]["properties"]["at"]["minimum"].dump() == "1.0");
        CHECK_FALSE(made.body.contains("tool_choice"));
        CHECK_FALSE(made.body.contains("strict_tools"));
        CHECK(made.dropped == "");
    }

    TEST_CASE("which tool is called") {
        const std::string tools = R"("tools":[{"name":"look","input_schema":{"type":"object"}},
                                              {"name":"now","input_schema":{"type":"object"}}])";
        const auto choose = [&](const std::string& choice) {
            return from_anthropic(("{" + tools + R"(,"tool_choice":)" + choice + "}").c_str());
        };
        const auto any = choose(R"({"type":"any","disable_parallel_tool_use":true})");
        CHECK(any.body["tool_choice"] == "REQUIRED");
        CHECK(any.dropped == "tool_choice (one call at a time): cohere-chat has no such setting\n");
        const auto named = choose(R"({"type":"tool","name":"now"})");
        CHECK(named.body["tool_choice"] == "REQUIRED");
        REQUIRE(named.body["tools"].size() == 1);
        CHECK(named.body["tools"][0]["function"]["name"] == "now");
        const auto none = choose(R"({"type":"none"})");
        CHECK(none.body["tool_choice"] == "NONE");
        CHECK(none.body["tools"].size() == 2);
        CHECK_FALSE(choose(R"({"type":"auto"})").body.contains("tool_choice"));
        CHECK(from_anthropic(R"({"tools":[{"type":"web_search_20250305","name":"web_search"}]})").dropped ==
              "tools: web_search_20250305: cohere-chat has no such server tool\n");
    }

    TEST_CASE("a freeform tool is a function of one string") {
        const auto made = write(DialectId::openai_responses, Json::parse(R"({"model":"x","input":[
            {"type":"custom_tool_call","call_id":"c1","name":"apply_patch","input":"*** Begin"},
            {"type":"custom_tool_call_output","call_id":"c1","output":"ok"}],
            "tools":[{"type":"custom","name":"apply_patch","description":"Patches."}]})"));
        CHECK(made.body["tools"][0]["function"]["parameters"]["properties"].contains("input"));
        CHECK(made.body["messages"][1]["tool_calls"][0]["function"]["arguments"] == R"({"input":"*** Begin"})");
        CHECK(made.body["messages"][2] == Json::parse(R"({"role":"tool","tool_call_id":"c1","content":"ok"})"));
    }

    TEST_CASE("documents stand apart, where they can be cited") {
        const char* with_documents = R"({"messages":[{"role":"user","content":[
            {"type":"document","title":"a.txt","context":"old","source":{"type":"text","media_type":"text/plain","data":"words"}},
            {"type":"document","source":{"type":"base64","media_type":"text/csv","data":"MSwy"}},
            {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERg=="}}]}]})";
        const auto made = from_anthropic(with_documents);
        CHECK(made.body["documents"] == Json::parse(R"([{"data":{"title":"a.txt","context":"old","text":"words"}},
                                                         {"data":{"text":"1,2"}}])"));
        CHECK(made.body["messages"][0]["content"] == "[document left out: cohere-chat takes documents as text only]");
        CHECK(made.dropped == "document: cohere-chat takes documents as text only\n");
        const auto only = from_anthropic(R"({"messages":[{"role":"user","content":[
            {"type":"document","title":"a.txt","source":{"type":"text","media_type":"text/plain","data":"words"}}]}]})");
        CHECK(only.body["messages"][0]["content"] == "The documents that came with this: a.txt");
        // A format is not taken together with them: then they are text.
        auto request = Json::parse(with_documents);
        request["messages"][0]["content"].erase(2);
        const auto schema = Json::parse(R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"]})");
        request["output_config"] = {{"format", {{"type", "json_schema"}, {"schema", schema}}}};
        const auto held = from_anthropic(request.dump().c_str());
        CHECK_FALSE(held.body.contains("documents"));
        CHECK(held.body["messages"][0]["content"][0]["text"] == "Document \"a.txt\":\nold\nwords");
        CHECK(held.body["response_format"] == Json{{"type", "json_object"}, {"json_schema", schema}});
        // A tool's result holds them itself.
        const auto result = from_anthropic(R"({"messages":[{"role":"user","content":"?"},
            {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[
                {"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"}}]}]}]})");
        CHECK(result.body["messages"][2]["content"] ==
              Json::parse(R"([{"type":"document","document":{"data":{"text":"words"}}}])"));
        // By Cohere's own names.
        const auto own = from_chat(R"({"documents":["one",{"id":"d2","data":{"text":"two"}}],
                                       "citation_options":{"mode":"FAST"},"safety_mode":"STRICT"})");
        CHECK(own.body["documents"] == Json::parse(R"(["one",{"id":"d2","data":{"text":"two"}}])"));
        CHECK(own.body["citation_options"]["mode"] == "FAST");
        CHECK(own.body["safety_mode"] == "STRICT");
        CHECK(own.dropped == "");
        CHECK(from_chat(R"({"documents":"one"})").dropped == "documents: cohere-chat takes a list\n");
    }

    TEST_CASE("an answer in JSON") {
        const auto object = from_chat(R"({"response_format":{"type":"json_object"}})");
        CHECK(object.body["response_format"] == Json::parse(R"({"type":"json_object"})"));
        CHECK(object.body["messages"][0]["role"] == "system");
        CHECK(object.dropped == "");
        const char* with_tools =
            R"({"response_format":{"type":"json_schema","json_schema":{"name":"p","schema":{"type":"object"}}},
            "tools":[{"type":"function","function":{"name":"a","parameters":{"type":"object"}}}]})";
        const auto said = from_chat(with_tools);
        CHECK_FALSE(said.body.contains("response_format"));
        CHECK(said.body["messages"][0]["content"].get<std::string>().ends_with(R"({"type":"object"})"));
        CHECK(said.dropped.starts_with("response_format: cohere-chat holds to a format neither with tools"));
    }

    TEST_CASE("thinking, asked for and given back") {
        CHECK(from_anthropic(R"({"thinking":{"type":"enabled","budget_tokens":200}})", thinks).body["thinking"] ==
              Json::parse(R"({"type":"enabled","token_budget":200})"));
        CHECK(from_chat(R"({"reasoning_effort":"low"})", thinks).body["thinking"]["token_budget"] == 2048);
        CHECK(from_chat(R"({"reasoning_effort":"xhigh"})", thinks).body["thinking"]["token_budget"] == 31000);
        CHECK(from_chat(R"({"reasoning_effort":"none"})", thinks).body["thinking"] ==
              Json::parse(R"({"type":"disabled"})"));
        CHECK_FALSE(from_chat("{}", thinks).body.contains("thinking"));
        const auto cannot = from_chat(R"({"reasoning_effort":"low"})");
        CHECK_FALSE(cannot.body.contains("thinking"));
        CHECK(cannot.dropped == "reasoning_effort: this model does not think\n");
        CHECK(from_chat(R"({"reasoning_effort":"none"})").dropped == "");

        // Words without a signature may be Cohere's; what another provider signed is not.
        const std::string foreign = wrap_sealed({DialectId::openai_responses, "sealed", "rs_1"});
        const std::string turns = R"({"messages":[{"role":"user","content":"?"},
            {"role":"assistant","content":[{"type":"thinking","thinking":"Mine.","signature":""},
                {"type":"thinking","thinking":"Not mine.","signature":")" +
                                  foreign + R"("},{"type":"text","text":"So."}]},
            {"role":"user","content":"Go on."}]})";
        const auto back = from_anthropic(turns.c_str(), thinks);
        CHECK(back.body["messages"][1]["content"] ==
              Json::parse(R"([{"type":"thinking","thinking":"Mine."},{"type":"text","text":"So."}])"));
        CHECK(back.dropped == "");
        CHECK(from_anthropic(turns.c_str()).body["messages"][1]["content"] == "So.");
    }

    TEST_CASE("media, and a conversation that goes on by its id") {
        const auto made = from_chat(R"({"messages":[{"role":"user","content":[{"type":"text","text":"What?"},
            {"type":"image_url","image_url":{"url":"https://a.example/b.png","detail":"low"}},
            {"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}]}]})");
        CHECK(made.body["messages"][0]["content"][1] ==
              Json::parse(R"({"type":"image_url","image_url":{"url":"https://a.example/b.png","detail":"low"}})"));
        CHECK(made.dropped == "audio: cohere-chat takes images and text documents only\n");
        auto request = dialects()
                           .get(DialectId::openai_responses)
                           .codec()
                           ->decode_request(R"({"model":"x","input":"Hi","previous_response_id":"resp_1"})");
        REQUIRE(request);
        Drops drops;
        const auto refused = cohere().encode_request(*request, {}, drops);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == ErrorKind::bad_request);
        CHECK_FALSE(cohere().encode_count_request(*request, {}, drops));
        CHECK_FALSE(cohere().decode_request("{}"));
    }
}
