// Requests of every client's dialect, written for Bedrock's Converse: in the forms that were recorded, nothing it
// refuses, and what it cannot say noted.
#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/dialect/envelope.hpp"
#include "core/util/base64.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/unit/converse_rules.hpp"

using namespace llmgw;
using namespace llmgw::test;
using Json = nlohmann::json;

namespace {

constexpr std::string_view claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
constexpr std::string_view nova = "us.amazon.nova-pro-v1:0";

const Codec& converse() {
    return *dialects().get(DialectId::bedrock_converse).codec();
}

struct Written {
    Json body;
    std::string dropped;
};

Written write(DialectId client, const std::string& request, std::string_view model) {
    auto decoded = dialects().get(client).codec()->decode_request(request);
    REQUIRE(decoded);
    TargetTraits target;
    target.model = model;
    target.image_urls = false;
    Drops drops;
    const auto encoded = converse().encode_request(*decoded, target, drops);
    REQUIRE(encoded);
    return {Json::parse(encoded->body), drops_text(drops)};
}

Written from_anthropic(const Json& more, std::string_view model = claude) {
    Json request = {{"model", "x"}, {"max_tokens", 4000}};
    request["messages"] = {{{"role", "user"}, {"content", "Hi"}}};
    if (more.is_object()) { request.update(more); }
    return write(DialectId::anthropic, request.dump(), model);
}

Written from_chat(const Json& more, std::string_view model = nova) {
    Json request = {{"model", "x"}};
    request["messages"] = {{{"role", "user"}, {"content", "Hi"}}};
    if (more.is_object()) { request.update(more); }
    return write(DialectId::openai_chat, request.dump(), model);
}

}  // namespace

TEST_SUITE("codec/bedrock-converse/requests") {
    TEST_CASE("text, system prompt and settings") {
        const auto made = from_anthropic({{"system", "Be brief."},
                                          {"temperature", 0.5},
                                          {"stop_sequences", {"END"}},
                                          {"metadata", {{"user_id", "u"}}}});
        CHECK(made.body == Json::parse(R"({
            "system":[{"text":"Be brief."}],
            "messages":[{"role":"user","content":[{"text":"Hi"}]}],
            "inferenceConfig":{"maxTokens":4000,"temperature":0.5,"stopSequences":["END"]},
            "additionalModelResponseFieldPaths":["/stop_sequence"],
            "requestMetadata":{"user_id":"u"}})"));
        CHECK(made.dropped == "");
        // Other models need no limit.
        CHECK(from_chat({}, "meta.llama3-3-70b-instruct-v1:0").body ==
              Json::parse(R"({"messages":[{"role":"user","content":[{"text":"Hi"}]}]})"));
        const auto hot = from_chat({{"temperature", 1.7}, {"seed", 3}, {"service_tier", "flex"}});
        CHECK(hot.body["inferenceConfig"]["temperature"] == 1);
        CHECK(hot.body["serviceTier"]["type"] == "flex");
        CHECK(hot.dropped ==
              "temperature: bedrock-converse's highest is 1\nseed: bedrock-converse has no such setting\n");
        const auto tagged = from_chat({{"metadata", {{"team", "blue"}, {"note", "a\nb"}}}});
        CHECK(tagged.body["requestMetadata"] == Json::parse(R"({"team":"blue"})"));
        CHECK(tagged.dropped == "metadata.note: bedrock-converse takes no such metadata\n");
    }

    TEST_CASE("who the user is goes along as metadata") {
        const auto of = [](const std::string& user) { return from_anthropic({{"metadata", {{"user_id", user}}}}); };
        // As Claude Code writes it.
        const auto ids = of(R"({"device_id":"67ab","account_uuid":"","session_id":"a50b-9b"})");
        CHECK(ids.body["requestMetadata"] ==
              Json::parse(R"({"user_id.device_id":"67ab","user_id.account_uuid":"","user_id.session_id":"a50b-9b"})"));
        CHECK(ids.dropped == "");
        for (const std::string other : {R"({"id":7})", R"({"id":"a\nb"})", R"({"id":"x")", "{}", "[1]"}) {
            CAPTURE(other);
            const auto lost = of(other);
            CHECK_FALSE(lost.body.contains("requestMetadata"));
            CHECK(lost.dropped == "metadata.user_id: bedrock-converse takes no such metadata\n");
        }
        CHECK(of(std::string(257, 'u')).dropped != "");
        // A client's own metadata with that name does not stand in twice.
        const auto both = from_chat({{"user", "ann"}, {"metadata", {{"user_id", "bob"}, {"team", "blue"}}}});
        CHECK(both.body["requestMetadata"] == Json::parse(R"({"user_id":"ann","team":"blue"})"));
        CHECK(both.dropped == "metadata.user_id: bedrock-converse takes no such metadata\n");
    }

    TEST_CASE("tools, calls and results") {
        const Json tool = {{"name", "look"}, {"description", "Looks."}, {"input_schema", {{"type", "object"}}}};
        Json messages = Json::parse(R"([
            {"role":"user","content":"Look twice."},
            {"role":"assistant","content":[{"type":"text","text":"Yes."},
                {"type":"tool_use","id":"t1","name":"look","input":{"at":1.0}},
                {"type":"tool_use","id":"t2","name":"look","input":{}}]},
            {"role":"user","content":[
                {"type":"tool_result","tool_use_id":"t2","content":"no","is_error":true},
                {"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"a"},
                    {"type":"image","source":{"type":"base64","media_type":"image/png","data":"aWNvbg=="}}]}]}])");
        const auto made = from_anthropic(
            {{"messages", messages}, {"tools", {tool}}, {"tool_choice", {{"type", "tool"}, {"name", "look"}}}});
        CHECK(refused(made.body) == "");
        const auto& turns = made.body["messages"];
        CHECK(turns[1]["content"] == Json::parse(R"([{"text":"Yes."},
            {"toolUse":{"toolUseId":"t1","name":"look","input":{"at":1.0}}},
            {"toolUse":{"toolUseId":"t2","name":"look","input":{}}}])"));
        CHECK(turns[2]["content"] == Json::parse(R"([
            {"toolResult":{"toolUseId":"t1","content":[{"text":"a"},
                {"image":{"format":"png","source":{"bytes":"aWNvbg=="}}}],"status":"success"}},
            {"toolResult":{"toolUseId":"t2","content":[{"text":"no"}],"status":"error"}}])"));
        CHECK(made.body["toolConfig"]["toolChoice"] == Json::parse(R"({"tool":{"name":"look"}})"));
        const auto& spec = made.body["toolConfig"]["tools"][0]["toolSpec"];
        CHECK(spec["name"] == "look");
        CHECK(spec["description"] == "Looks.");
        CHECK(spec["inputSchema"]["json"]["type"] == "object");
        CHECK(made.dropped == "");

        // No call is wanted: without a history of calls the tools go; with one they stay and the model is told.
        const Json none = {{"tools", {tool}}, {"tool_choice", {{"type", "none"}}}};
        CHECK_FALSE(from_anthropic(none).body.contains("toolConfig"));
        Json later = none;
        later["messages"] = messages;
        const auto told = from_anthropic(later);
        CHECK(refused(told.body) == "");
        CHECK(told.body["toolConfig"]["tools"].size() == 1);
        CHECK_FALSE(told.body["toolConfig"].contains("toolChoice"));
        CHECK(told.body["system"].dump().find("Do not call a tool") != std::string::npos);
        // A history of calls without tools.
        const auto bare = from_anthropic({{"messages", messages}});
        CHECK(refused(bare.body) == "");
        CHECK(bare.body["toolConfig"]["tools"][0]["toolSpec"]["name"] == "look");
    }

    TEST_CASE("ids are short enough, and the same for call and result") {
        const std::string id(90, 'x');
        Json messages = Json::array();
        messages.push_back({{"role", "user"}, {"content", "?"}});
        messages.push_back(
            {{"role", "assistant"},
             {"content", {{{"type", "tool_use"}, {"id", id}, {"name", "f"}, {"input", Json::object()}}}}});
        messages.push_back({{"role", "user"}, {"content", {{{"type", "tool_result"}, {"tool_use_id", id}}}}});
        const auto made = from_anthropic({{"messages", messages}});
        CHECK(refused(made.body) == "");
        CHECK(made.body["messages"][2]["content"][0]["toolResult"]["content"] ==
              Json::parse(R"x([{"text":"(no output)"}])x"));
    }

    TEST_CASE("documents and media") {
        const auto made = from_anthropic({{"messages", Json::parse(R"([{"role":"user","content":[
                {"type":"document","title":"Q3 report_final.pdf","source":{"type":"base64","media_type":"application/pdf","data":"JVBERg=="}},
                {"type":"document","title":"Q3 report.final!","source":{"type":"text","media_type":"text/plain","data":"words"}},
                {"type":"document","title":"Q3 report.txt","source":{"type":"text","media_type":"text/plain","data":"more"}}]}])")}});
        const auto& blocks = made.body["messages"][0]["content"];
        REQUIRE(blocks.size() == 4);
        CHECK(blocks[0].contains("text"));
        CHECK(blocks[1]["document"] ==
              Json::parse(R"({"format":"pdf","name":"Q3 report final","source":{"bytes":"JVBERg=="}})"));
        CHECK(blocks[2]["document"]["name"] == "Q3 report");
        CHECK(blocks[2]["document"]["source"]["bytes"] == base64("words"));
        CHECK(blocks[3]["document"]["name"] == "Q3 report (2)");

        const auto urls = from_chat({{"messages", Json::parse(R"([{"role":"user","content":[
            {"type":"text","text":"What?"},
            {"type":"image_url","image_url":{"url":"https://a.example/b.png"}},
            {"type":"input_audio","input_audio":{"format":"wav","data":"UklGRg=="}}]}])")}});
        CHECK(urls.body["messages"][0]["content"][1]["text"] ==
              "[image left out: bedrock-converse fetches no URLs but s3:// ones]");
        CHECK(urls.body["messages"][0]["content"][2]["audio"] ==
              Json::parse(R"({"format":"wav","source":{"bytes":"UklGRg=="}})"));
        CHECK(urls.dropped == "image: bedrock-converse fetches no URLs but s3:// ones\n");
    }

    TEST_CASE("cache points: the caller's, and llmgw's own where there are none") {
        const Json mark = {{"type", "ephemeral"}};
        const auto marked = from_anthropic(
            {{"system", {{{"type", "text"}, {"text", "S"}, {"cache_control", {{"type", "ephemeral"}, {"ttl", "1h"}}}}}},
             {"tools", {{{"name", "f"}, {"input_schema", {{"type", "object"}}}, {"cache_control", mark}}}}});
        CHECK(marked.body["system"] == Json::parse(R"([{"text":"S"},{"cachePoint":{"type":"default","ttl":"1h"}}])"));
        CHECK(marked.body["toolConfig"]["tools"][1] == Json::parse(R"({"cachePoint":{"type":"default"}})"));
        CHECK_FALSE(marked.body["messages"][0]["content"].dump().contains("cachePoint"));

        const auto count = [](const Json& body) {
            std::size_t marks = 0;
            const auto text = body.dump();
            for (auto at = text.find("cachePoint"); at != std::string::npos; at = text.find("cachePoint", at + 1)) {
                ++marks;
            }
            return marks;
        };
        const Json talk = {{"messages", Json::parse(R"([{"role":"system","content":"S"},{"role":"user","content":"a"},
            {"role":"assistant","content":"b"},{"role":"user","content":"c"}])")},
                           {"tools", {{{"type", "function"}, {"function", {{"name", "f"}}}}}}};
        CHECK(count(from_chat(talk, claude).body) == 4);
        // Nova caches no tools; others nothing at all.
        CHECK(count(from_chat(talk, nova).body) == 3);
        CHECK(count(from_chat(talk, "meta.llama4-maverick-17b-instruct-v1:0").body) == 0);
        CHECK(count(from_chat(talk, "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc").body) == 0);
    }

    TEST_CASE("thinking, by each model's own switch") {
        const Json wish = {{"reasoning_effort", "high"}};
        const auto fields = [&](std::string_view model) {
            const auto made = from_chat(wish, model);
            return made.body.value("additionalModelRequestFields", Json()).dump() + made.dropped;
        };
        CHECK(fields(claude) == R"({"thinking":{"budget_tokens":24576,"type":"enabled"}})");
        CHECK(fields("us.anthropic.claude-sonnet-4-6") ==
              R"({"output_config":{"effort":"high"},"thinking":{"type":"adaptive"}})");
        CHECK(fields("openai.gpt-oss-120b-1:0") == R"({"reasoning_effort":"high"})");
        CHECK(fields("qwen.qwen3-32b-v1:0") == R"({"reasoning_config":"high"})");
        CHECK(fields("us.amazon.nova-2-lite-v1:0") ==
              R"({"reasoningConfig":{"maxReasoningEffort":"high","type":"enabled"}})");
        CHECK(fields(nova) == "nullreasoning_effort: this model has no switch for it\n");
        Json limited = wish;
        limited["max_completion_tokens"] = 100;
        const auto left = from_chat(limited, "us.amazon.nova-2-lite-v1:0");
        CHECK_FALSE(left.body.contains("inferenceConfig"));
        CHECK(left.dropped == "max_completion_tokens: not together with this model's highest effort\n");
    }

    TEST_CASE("reasoning goes back to the model it came from, and no other") {
        Sealed own{DialectId::bedrock_converse, "c2lnbmVk", {}};
        const auto history = [](const std::string& signature) {
            Json messages = Json::array();
            messages.push_back({{"role", "user"}, {"content", "?"}});
            messages.push_back({{"role", "assistant"},
                                {"content",
                                 {{{"type", "thinking"}, {"thinking", "Hm."}, {"signature", signature}},
                                  {{"type", "text"}, {"text", "A"}}}}});
            messages.push_back({{"role", "user"}, {"content", "!"}});
            return Json{{"messages", messages}};
        };
        const auto back = from_anthropic(history(wrap_sealed(own)));
        CHECK(back.body["messages"][1]["content"][0] ==
              Json::parse(R"({"reasoningContent":{"reasoningText":{"text":"Hm.","signature":"c2lnbmVk"}}})"));
        const auto foreign = from_anthropic(history("an-anthropic-signature"));
        CHECK(foreign.body["messages"][1]["content"] == Json::parse(R"([{"text":"A"}])"));
    }

    TEST_CASE("structured output, where the model is held to it; else said in words") {
        const Json format = {
            {"response_format",
             {{"type", "json_schema"},
              {"json_schema",
               {{"name", "city"},
                {"schema", Json::parse(R"({"type":"object","properties":{"c":{"type":"string"}}})")}}}}}};
        const auto held = from_chat(format, "zai.glm-4.7-flash");
        const auto& text = held.body["outputConfig"]["textFormat"];
        CHECK(text["type"] == "json_schema");
        CHECK(text["structure"]["jsonSchema"]["name"] == "city");
        const auto schema = Json::parse(text["structure"]["jsonSchema"]["schema"].get<std::string>());
        CHECK(schema["additionalProperties"] == false);
        const auto told = from_chat(format, nova);
        CHECK_FALSE(told.body.contains("outputConfig"));
        CHECK(told.body["system"][0]["text"].get<std::string>().find("JSON Schema") != std::string::npos);
    }

    TEST_CASE("what Converse keeps nothing of is refused; a count has the prompt only") {
        const auto decoded = dialects()
                                 .get(DialectId::openai_responses)
                                 .codec()
                                 ->decode_request(R"({"model":"x","input":"Hi","previous_response_id":"resp_1"})");
        REQUIRE(decoded);
        Drops drops;
        const auto made = converse().encode_request(*decoded, {}, drops);
        REQUIRE_FALSE(made);
        CHECK(made.error().kind == ErrorKind::bad_request);
        const auto chat =
            dialects()
                .get(DialectId::openai_chat)
                .codec()
                ->decode_request(
                    R"({"model":"x","temperature":0.1,"messages":[{"role":"system","content":"S"},{"role":"user","content":"Hi"}]})");
        REQUIRE(chat);
        TargetTraits target;
        target.model = "anthropic.claude-sonnet-4-20250514-v1:0";
        const auto count = converse().encode_count_request(*chat, target, drops);
        REQUIRE(count);
        const auto body = Json::parse(count->body);
        CHECK(body["input"]["converse"]["messages"][0]["content"][0]["text"] == "Hi");
        CHECK(body.size() == 1);
        CHECK_FALSE(body["input"]["converse"].contains("inferenceConfig"));
    }

    TEST_CASE("no client speaks it") {
        CHECK(dialect_from("bedrock-converse") == DialectId::bedrock_converse);
        CHECK(
            std::ranges::none_of(dialect_names, [](const auto& row) { return row.id == DialectId::bedrock_converse; }));
        CHECK_FALSE(converse().decode_request("{}"));
    }
}
