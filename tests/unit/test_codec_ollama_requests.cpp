// Requests of every client's dialect, written for Ollama's own API: nothing it refuses, and what it cannot be told
// noted.
#include <filesystem>
#include <map>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/recorded.hpp"
#include "tests/support/tell.hpp"
#include "tests/unit/ollama_rules.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;
using Json = nlohmann::json;

namespace {

const Codec& ollama() {
    return *dialects().get(DialectId::ollama_chat).codec();
}

struct Written {
    Json body;
    std::string dropped;
};

Written write(DialectId client, const Json& request, const TargetTraits& target) {
    auto decoded = dialects().get(client).codec()->decode_request(request.dump());
    REQUIRE_MESSAGE(decoded, (decoded ? "" : decoded.error().message));
    Drops drops;
    const auto encoded = ollama().encode_request(*decoded, target, drops);
    REQUIRE(encoded);
    auto body = Json::parse(encoded->body);
    CHECK(refused_by_ollama(body) == "");
    return {std::move(body), drops_text(drops)};
}

TargetTraits target_of(const std::string& model) {
    TargetTraits target;
    target.model = model;
    return target;
}

Written from_anthropic(const Json& more, const std::string& model = "llama3.2") {
    Json request = {{"model", "x"}, {"max_tokens", 4000}, {"messages", {{{"role", "user"}, {"content", "Hi"}}}}};
    request.update(more);
    return write(DialectId::anthropic, request, target_of(model));
}

Written from_chat(const Json& more, const std::string& model = "llama3.2") {
    Json request = {{"model", "x"}, {"messages", {{{"role", "user"}, {"content", "Hi"}}}}};
    request.update(more);
    return write(DialectId::openai_chat, request, target_of(model));
}

Json tool_with(const std::string& schema) {
    return {{"tools", {{{"name", "t"}, {"description", "d"}, {"input_schema", Json::parse(schema)}}}}};
}

}  // namespace

TEST_SUITE("codec/ollama-chat/requests") {
    TEST_CASE("text, system prompt and options") {
        const auto made = from_anthropic({{"system", "Be brief."},
                                          {"temperature", 0.5},
                                          {"top_p", 0.9},
                                          {"top_k", 40},
                                          {"stop_sequences", {"END"}},
                                          {"stream", true}});
        CHECK(made.body == Json::parse(R"({"model":"llama3.2",
            "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],
            "options":{"num_predict":4000,"temperature":0.5,"top_p":0.9,"top_k":40,"stop":["END"]},
            "truncate":false,"shift":false,"stream":true})"));
        CHECK(made.dropped == "");
        const auto chat = from_chat({{"seed", 7},
                                     {"presence_penalty", 0.1},
                                     {"frequency_penalty", 0.2},
                                     {"logprobs", true},
                                     {"top_logprobs", 2}});
        CHECK(chat.body["options"] == Json::parse(R"({"seed":7,"presence_penalty":0.1,"frequency_penalty":0.2})"));
        CHECK(chat.body["logprobs"] == true);
        CHECK(chat.body["top_logprobs"] == 2);
        CHECK(chat.body["stream"] == false);
        CHECK(chat.dropped == "");
    }

    TEST_CASE("what the provider's table says: the context and how long a model stays") {
        auto target = target_of("qwen3-coder:30b");
        target.num_ctx = 65536;
        const Json request = {{"messages", {{{"role", "user"}, {"content", "Hi"}}}}, {"model", "x"}};
        for (const auto& [said, written] :
             {std::pair<std::string, Json>{"30m", "30m"}, {"-1", -1}, {"0", 0}, {"300", 300}, {"1h30m", "1h30m"}}) {
            target.keep_alive = said;
            const auto made = write(DialectId::openai_chat, request, target);
            CHECK(made.body["options"] == Json{{"num_ctx", 65536}});
            CHECK(made.body["keep_alive"] == written);
        }
    }

    TEST_CASE("calls and results: objects, names, ids, images behind them") {
        const auto made =
            from_anthropic({{"messages", Json::parse(R"([{"role":"user","content":[{"type":"text","text":"Look"},
                {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]},
               {"role":"assistant","content":[{"type":"thinking","thinking":"Two files.","signature":"c2ln"},
                {"type":"text","text":"Reading."},
                {"type":"tool_use","id":"toolu_1","name":"read","input":{"path":"a","n":1.0}},
                {"type":"tool_use","id":"toolu_2","name":"shot","input":{}}]},
               {"role":"user","content":[
                {"type":"tool_result","tool_use_id":"toolu_1","is_error":true,"content":"no such file"},
                {"type":"tool_result","tool_use_id":"toolu_2","content":[
                  {"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"/9j/4AAQ"}}]},
                {"type":"text","text":"Go on."}]}])")}});
        CHECK(made.body["messages"] == Json::parse(R"([
            {"role":"user","content":"Look","images":["iVBORw0KGgo="]},
            {"role":"assistant","content":"Reading.","thinking":"Two files.","tool_calls":[
              {"id":"toolu_1","function":{"name":"read","arguments":{"path":"a","n":1.0}}},
              {"id":"toolu_2","function":{"name":"shot","arguments":{}}}]},
            {"role":"tool","content":"Error: no such file","tool_name":"read","tool_call_id":"toolu_1"},
            {"role":"tool","content":"What the tool shows follows in the next message.","tool_name":"shot",
             "tool_call_id":"toolu_2"},
            {"role":"user","content":"Shown by tool shot (call toolu_2):","images":["/9j/4AAQ"]},
            {"role":"user","content":"Go on."}])"));
        CHECK(made.dropped == "");
    }

    TEST_CASE("arguments that are no object are one; a freeform tool is a function") {
        const auto made = from_chat({{"messages", Json::parse(R"([{"role":"user","content":"x"},
            {"role":"assistant","content":null,"tool_calls":[
              {"id":"a","type":"function","function":{"name":"f","arguments":"{\"cut"}},
              {"id":"b","type":"custom","custom":{"name":"apply_patch","input":"*** Begin"}}]},
            {"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"b","content":"2"}])")},
                                     {"tools", Json::parse(R"([{"type":"custom","custom":{"name":"apply_patch",
            "description":"Patch.","format":{"type":"text"}}}])")}});
        const auto& calls = made.body["messages"][1]["tool_calls"];
        CHECK(calls[0]["function"]["arguments"] == Json{{"raw_arguments", "{\"cut"}});
        CHECK(calls[1]["function"]["arguments"] == Json{{"input", "*** Begin"}});
        CHECK(made.body["tools"][0]["function"]["parameters"]["properties"].contains("input"));
    }

    TEST_CASE("tools: schemas as written, but for what Ollama would refuse") {
        const auto parameters = [](const std::string& schema) {
            return from_anthropic(tool_with(schema)).body["tools"][0]["function"]["parameters"];
        };
        const char* good = R"({"type":"object","properties":{"a":{"type":["string","null"],"format":"uri"},
            "b":{"anyOf":[{"type":"integer","minimum":1},{"$ref":"#/$defs/d"}]}},"required":["a"],
            "additionalProperties":false,"$defs":{"d":{"type":"boolean"}}})";
        CHECK(parameters(good) == Json::parse(good));
        CHECK(parameters("{}") == Json::parse(R"({"type":"object","properties":{}})"));
        CHECK(parameters(R"({"type":"object","required":["x"]})") ==
              Json::parse(R"({"type":"object","properties":{},"required":["x"]})"));
        CHECK(parameters(R"({"type":["object","null"],"properties":{"a":true,"b":{"required":true,"description":7},
            "c":{"anyOf":[true,{"properties":{"d":false}}]}}})") ==
              Json::parse(R"({"type":"object","properties":{"a":{},"b":{"required":[],"description":""},
            "c":{"anyOf":[{},{"properties":{"d":{}}}]}}})"));
    }

    TEST_CASE("the choice among tools is said by what is offered, and to the model") {
        Json tools = {{"tools", Json::parse(R"([{"name":"a","input_schema":{"type":"object"}},
                                                {"name":"b","input_schema":{"type":"object"}}])")}};
        CHECK(from_anthropic(tools).body["tools"].size() == 2);
        tools["tool_choice"] = {{"type", "none"}};
        CHECK_FALSE(from_anthropic(tools).body.contains("tools"));
        tools["tool_choice"] = {{"type", "tool"}, {"name", "b"}};
        const auto named = from_anthropic(tools);
        CHECK(named.body["tools"].size() == 1);
        CHECK(named.body["messages"][0] ==
              Json::parse(R"({"role":"system","content":"Call the tool b in your next answer."})"));
        CHECK(named.dropped == "tool_choice: it is said to the model, not enforced\n");
        tools["tool_choice"] = {{"type", "any"}, {"disable_parallel_tool_use", true}};
        CHECK(from_anthropic(tools).dropped.contains("one call at a time"));
    }

    TEST_CASE("the format of an answer") {
        const Json schema =
            Json::parse(R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]})");
        const auto bound = from_chat(
            {{"response_format", {{"type", "json_schema"}, {"json_schema", {{"name", "c"}, {"schema", schema}}}}}});
        CHECK(bound.body["format"] == schema);
        const auto any = from_chat({{"response_format", {{"type", "json_object"}}}});
        CHECK(any.body["format"] == "json");
        CHECK(any.body["messages"][0]["content"] == "Answer with one JSON object.");
    }

    TEST_CASE("thinking: said where it is known to be taken") {
        const Json on = {{"thinking", {{"type", "enabled"}, {"budget_tokens", 2048}}}};
        const Json adaptive = {{"thinking", {{"type", "adaptive"}}}};
        const Json off = {{"thinking", {{"type", "disabled"}}}};
        CHECK(from_anthropic(on, "gpt-oss:20b").body["think"] == "low");
        CHECK(from_chat({{"reasoning_effort", "xhigh"}}, "gpt-oss").body["think"] == "high");
        CHECK(from_chat({{"reasoning_effort", "medium"}}, "gpt-oss:120b-cloud").body["think"] == "medium");
        CHECK_FALSE(from_anthropic(adaptive, "gpt-oss:20b").body.contains("think"));
        CHECK(from_anthropic(off, "gpt-oss:20b").body["think"] == "low");
        CHECK(from_anthropic(off, "gpt-oss:20b").dropped.contains("thinking"));
        CHECK(from_anthropic(adaptive, "qwen3:8b").body["think"] == true);
        CHECK(from_anthropic(adaptive, "qwen3:8b").dropped == "");
        CHECK(from_anthropic(on, "deepseek-r1").body["think"] == true);
        CHECK(from_anthropic(off, "qwen3:8b").body["think"] == false);
        // Refused by a model that cannot; one that can does so unasked.
        for (const auto* model : {"llama3.2", "qwen3:4b-instruct-2507", "qwen3-coder:30b", "hf.co/someone/qwen3"}) {
            CAPTURE(model);
            CHECK_FALSE(from_anthropic(adaptive, model).body.contains("think"));
            CHECK(from_anthropic(adaptive, model).dropped == "");
            CHECK(from_anthropic(on, model).dropped.contains("thinking"));
            CHECK(from_anthropic(off, model).body["think"] == false);
        }
        CHECK_FALSE(from_anthropic(Json::object(), "qwen3:8b").body.contains("think"));
    }

    TEST_CASE("what cannot be told is named") {
        const auto made = from_chat({{"n", 2},
                                     {"logit_bias", {{"5", 1}}},
                                     {"user", "u"},
                                     {"service_tier", "flex"},
                                     {"prompt_cache_key", "k"},
                                     {"parallel_tool_calls", false},
                                     {"made_up", 1}});
        for (const auto* field :
             {"n:", "logit_bias:", "user:", "service_tier:", "prompt_cache_key:", "tool_choice:", "made_up:"}) {
            CAPTURE(field);
            CHECK(made.dropped.contains(field));
        }
        const auto media = from_anthropic({{"messages", Json::parse(R"([{"role":"user","content":[
            {"type":"image","source":{"type":"url","url":"https://x.test/a.png"}},
            {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}},
            {"type":"document","title":"n.txt","source":{"type":"text","media_type":"text/plain","data":"Notes"}},
            {"type":"text","text":"See","cache_control":{"type":"ephemeral"}}]}])")}});
        CHECK(media.body["messages"][0]["content"] ==
              "[image not shown (https://x.test/a.png)]\n\n[document not shown]\n\nn.txt\nNotes\n\nSee");
        CHECK(media.dropped.contains("messages: image: Ollama does not fetch addresses"));
        CHECK(media.dropped.contains("messages: document:"));
        CHECK(media.dropped.contains("cache_control:"));
        const auto stored = dialects()
                                .get(DialectId::openai_responses)
                                .codec()
                                ->decode_request(R"({"model":"x","input":"Hi","previous_response_id":"resp_1"})");
        REQUIRE(stored);
        Drops drops;
        CHECK_FALSE(ollama().encode_request(*stored, target_of("m"), drops));
    }

    TEST_CASE("recorded requests of all dialects and agents: nothing that Ollama refuses") {
        std::map<std::string, int> written;
        std::map<std::string, int> all;
        const auto take = [&](const std::string& who, DialectId client, const std::string& body) {
            const auto request = dialects().get(client).codec()->decode_request(body);
            if (!request || request->messages.empty()) { return; }
            ++all[who];
            Drops drops;
            const auto encoded = ollama().encode_request(*request, target_of("llama3.2"), drops);
            if (!encoded) {
                CHECK(encoded.error().message.starts_with("previous_response_id"));
                return;
            }
            const auto json = Json::parse(encoded->body);
            // A conversation may hold nothing but what cannot be said.
            if (!json["messages"].empty()) { CHECK(refused_by_ollama(json) == ""); }
            ++written[who];
        };
        for (const auto& one : recordings()) {
            if (!one.has("request.json")) { continue; }
            CAPTURE(one.name);
            take(std::string(to_string(one.dialect)), one.dialect, one.read("request.json"));
        }
        const auto agents = fixtures_dir().parent_path() / "agents";
        const std::map<std::string, DialectId> paths{{"/v1/messages", DialectId::anthropic},
                                                     {"/v1/chat/completions", DialectId::openai_chat},
                                                     {"/v1/responses", DialectId::openai_responses}};
        for (const auto& file :
             fs::exists(agents) ? fs::recursive_directory_iterator(agents) : fs::recursive_directory_iterator()) {
            if (file.path().extension() != ".json") { continue; }
            CAPTURE(file.path().string());
            const auto record = Json::parse(read_file(file.path()), nullptr, false);
            if (!record.is_object() || !record.contains("body") || !record["body"].is_object()) { continue; }
            const auto path = paths.find(record.value("path", ""));
            if (path != paths.end()) { take("agents", path->second, record["body"].dump()); }
        }
        std::string text = "\n";
        for (const auto& [who, count] : all) {
            text += fmt::format("{:18} {} of {}\n", who, written[who], count);
        }
        if (!all.empty()) { TELL(text); }
    }
}
