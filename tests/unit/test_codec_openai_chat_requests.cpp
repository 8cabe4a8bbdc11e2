// Requests: what is refused when it is read, and how requests of other dialects' clients are written for hosts of this
// one. The shapes of what is read are in tests/dialects/openai-chat.
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/dialect/envelope.hpp"
#include "core/model/reasoning_effort.hpp"
#include "core/util/sha256.hpp"
#include "providers/dialects/openai_chat/call_seals.hpp"
#include "providers/dialects/openai_chat/codec.hpp"
#include "providers/dialects/openai_chat/model_family.hpp"
#include "providers/dialects/openai_chat/responses_shaped.hpp"
#include "tests/support/answer_text.hpp"

using namespace llmgw;
using namespace llmgw::test;
using nlohmann::json;

namespace {

const wire::OpenAiChatCodec codec;

ChatRequest request_of(DialectId origin) {
    ChatRequest request;
    request.origin = origin;
    request.model = "asked";
    return request;
}

part::Text text(std::string said) {
    part::Text part;
    part.text = std::move(said);
    return part;
}

part::ToolCall call(std::string id, std::string name, std::string arguments) {
    part::ToolCall part;
    part.id = std::move(id);
    part.name = std::move(name);
    part.arguments = std::move(arguments);
    return part;
}

part::ToolResult result(std::string id, std::vector<Part> content) {
    part::ToolResult part;
    part.call_id = std::move(id);
    part.content = std::move(content);
    return part;
}

part::Media image(std::string data) {
    part::Media part;
    part.media_type = "image/png";
    part.data = std::move(data);
    return part;
}

void say(ChatRequest& request, Role role, std::vector<Part> parts) {
    Message message;
    message.role = role;
    message.parts = std::move(parts);
    request.messages.push_back(std::move(message));
}

Tool function(std::string name, JsonText parameters = R"({"type":"object","properties":{}})") {
    Tool tool;
    tool.name = std::move(name);
    tool.parameters = std::move(parameters);
    return tool;
}

TargetTraits target(std::string model = "gpt-4o") {
    TargetTraits traits;
    traits.model = std::move(model);
    return traits;
}

struct Encoded {
    json body;
    std::string drops;
};

Encoded encode(const ChatRequest& request, const TargetTraits& traits = target()) {
    Drops drops;
    const auto encoded = codec.encode_request(request, traits, drops);
    REQUIRE(encoded.has_value());
    REQUIRE(json::accept(encoded->body));
    return {json::parse(encoded->body), drops_text(drops)};
}

}  // namespace

TEST_SUITE("codec/openai-chat/requests") {
    TEST_CASE("what cannot be read is refused with the member's path") {
        const std::vector<std::pair<std::string, std::string>> rows{
            {"", "not valid JSON"},
            {"{\"messages\":[", "not valid JSON"},
            {"[1]", "not a JSON object"},
            {"{}", "messages: expected a list"},
            {R"({"messages":{}})", "messages: expected a list"},
            {R"({"messages":["x"]})", "messages[0]: expected an object"},
            {R"({"messages":[{"role":"user","content":"a"},{"content":"b"}]})", "messages[1].role: expected one of"},
            {R"({"messages":[{"role":"robot","content":"b"}]})", "messages[0].role: expected one of"},
            {R"({"messages":[{"role":"user","content":5}]})", "messages[0].content: expected a string or a list"},
            {R"({"messages":[{"role":"user","content":[{"type":"text"}]}]})", "messages[0].content[0].text: expected"},
            {R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url"}]}]})",
             "messages[0].content[1].image_url: expected an object with a url"},
            {R"({"messages":[{"role":"user","content":[{"text":"a"}]}]})", "messages[0].content[0].type: expected"},
            {R"({"messages":[{"role":"user","content":[{"type":"file","file":{}}]}]})",
             "messages[0].content[0].file: expected file_data or file_id"},
            {R"({"messages":[{"role":"tool","content":"x"}]})", "messages[0].tool_call_id: expected a string"},
            {R"({"messages":[{"role":"assistant","tool_calls":{}}]})", "messages[0].tool_calls: expected a list"},
            {R"({"messages":[{"role":"assistant","tool_calls":[{"id":"a"}]}]})",
             "messages[0].tool_calls[0].function: expected an object"},
            {R"({"messages":[],"tools":[{"type":"function"}]})", "tools[0].function: expected an object"},
            {R"({"messages":[],"tools":[{"type":"function","function":{"name":"a","parameters":"x"}}]})",
             "tools[0].function.parameters: expected an object"},
            {R"({"messages":[],"tools":[{"type":"function","function":{}}]})", "tools[0].function.name: expected"},
            {R"({"messages":[],"tool_choice":{"type":"function"}})", "tool_choice: expected the name of a tool"},
            {R"({"messages":[],"temperature":"hot"})", "temperature: expected a number"},
            {R"({"messages":[],"max_tokens":1.5})", "max_tokens: expected a whole number"},
            {R"({"messages":[],"stop":[1]})", "stop: expected a string or a list of strings"},
            {R"({"messages":[],"stream":"yes"})", "stream: expected true or false"},
            {R"({"messages":[],"response_format":{"type":"json_schema"}})",
             "response_format.json_schema: expected an object"},
        };
        for (const auto& [body, message] : rows) {
            CAPTURE(body);
            const auto request = codec.decode_request(body);
            REQUIRE_FALSE(request.has_value());
            CHECK(request.error().kind == ErrorKind::bad_request);
            CAPTURE(request.error().message);
            CHECK(request.error().message.find(message) != std::string::npos);
        }
    }

    TEST_CASE("null is not said; the newer of two names wins") {
        const auto request = codec.decode_request(
            R"({"model":"m","messages":[{"role":"user","content":"x","name":null}],"tools":null,"stop":null,
                "temperature":null,"max_tokens":5,"max_completion_tokens":9,"user":"old","safety_identifier":"new",
                "made_up":null})");
        REQUIRE(request.has_value());
        CHECK(request_text(*request) ==
              "request openai-chat model=\"m\" max_tokens=9 user_id=\"new\"\nextra user=\"old\"\nuser\n  text \"x\"\n");
    }

    TEST_CASE("Cursor's Responses-shaped body is recognised") {
        CHECK(wire::chat::is_responses_shaped(R"({"model":"m","input":[{"role":"user"}],"stream":true})"));
        CHECK(wire::chat::is_responses_shaped(R"({"input":"x","messages":null})"));
        CHECK_FALSE(wire::chat::is_responses_shaped(R"({"messages":[],"input":"x"})"));
        CHECK_FALSE(wire::chat::is_responses_shaped(R"({"messages":[{"input":"x"}]})"));
        CHECK_FALSE(wire::chat::is_responses_shaped(R"({"input":null})"));
        CHECK_FALSE(wire::chat::is_responses_shaped("[]"));
        CHECK_FALSE(wire::chat::is_responses_shaped(""));
    }

    TEST_CASE("Cursor's body is read as the Responses request it is, its ids as those of a Chat answer") {
        wire::chat::SealedCall call{"call_1", {DialectId::gemini, "c2ln", ""}, {}};
        call.reasoning.push_back({{DialectId::anthropic, "signature", ""}, false});
        const std::string id = wire::chat::seal_call_id(call);
        const json body{{"model", "m"},
                        {"stream", true},
                        {"stream_options", {{"include_usage", true}}},
                        {"include", {"reasoning.encrypted_content"}},
                        {"reasoning", {{"effort", "low"}}},
                        {"input",
                         {{{"role", "user"}, {"content", "Hi"}},
                          {{"type", "function_call"}, {"call_id", id}, {"name", "f"}, {"arguments", "{}"}},
                          {{"type", "function_call_output"}, {"call_id", id}, {"output", "done"}}}},
                        {"tools", {{{"type", "function"}, {"name", "f"}, {"parameters", {{"type", "object"}}}}}}};
        const auto request = codec.decode_request(body.dump());
        REQUIRE_MESSAGE(request.has_value(), request.error().message);
        CHECK(request->origin == DialectId::openai_responses);
        CHECK(request->stream_usage);
        CHECK(request->extras.empty());
        std::vector<std::string> seen;
        for (const auto& message : request->messages) {
            for (const auto& part : message.parts) {
                if (const auto* made = std::get_if<part::ToolCall>(&part)) {
                    CHECK(made->id == "call_1");
                    CHECK(made->sealed.data == "c2ln");
                    seen.emplace_back("call");
                } else if (const auto* reasoning = std::get_if<part::Reasoning>(&part)) {
                    CHECK(reasoning->sealed.data == "signature");
                    CHECK(reasoning->sealed.origin == DialectId::anthropic);
                    seen.emplace_back("reasoning");
                } else if (const auto* result = std::get_if<part::ToolResult>(&part)) {
                    CHECK(result->call_id == "call_1");
                    seen.emplace_back("result");
                }
            }
        }
        CHECK(seen == std::vector<std::string>{"reasoning", "call", "result"});
    }

    TEST_CASE("seals ride in a call's id, in order, and come apart again") {
        wire::chat::SealedCall sealed;
        sealed.id = "call_1";
        sealed.own = {DialectId::gemini, "thought", {}};
        sealed.reasoning = {{{DialectId::anthropic, "signature", {}}, false},
                            {{DialectId::anthropic, "redacted data", {}}, true},
                            {{DialectId::openai_responses, "encrypted", "rs_1"}, false},
                            {{DialectId::gemini, "of a thought part", {}}, false}};
        const std::string id = wire::chat::seal_call_id(sealed);
        CHECK(id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") ==
              std::string::npos);
        const auto back = wire::chat::unseal_call_id(id);
        CHECK(back.id == "call_1");
        CHECK(back.own == sealed.own);
        REQUIRE(back.reasoning.size() == 4);
        for (std::size_t i = 0; i < 4; ++i) {
            CHECK(back.reasoning[i].sealed == sealed.reasoning[i].sealed);
            CHECK(back.reasoning[i].redacted == sealed.reasoning[i].redacted);
        }
        CHECK(wire::chat::seal_call_id({"call_2", {}, {}}) == "call_2");
        CHECK(wire::chat::unseal_call_id("call__llmgw1_x").id == "call__llmgw1_x");
    }

    TEST_CASE("a call's id gives back what was sealed in it, on the call, its reasoning and its result") {
        wire::chat::SealedCall sealed{"toolu_1", {}, {{{DialectId::anthropic, "SIG", {}}, false}}};
        const std::string id = wire::chat::seal_call_id(sealed);
        json body = {{"messages",
                      {{{"role", "user"}, {"content", "q"}},
                       {{"role", "assistant"},
                        {"content", nullptr},
                        {"reasoning_content", "I think."},
                        {"tool_calls", {{{"id", id}, {"type", "function"}, {"function", {{"name", "f"}}}}}}},
                       {{"role", "tool"}, {"tool_call_id", id}, {"content", "r"}}}}};
        auto request = codec.decode_request(body.dump());
        REQUIRE(request.has_value());
        CHECK(request_text(*request) ==
              "request openai-chat\nuser\n  text \"q\"\nassistant\n"
              "  reasoning text=\"I think.\" sealed=anthropic:\"SIG\"\n  tool_call id=\"toolu_1\" name=\"f\"\n"
              "user\n  tool_result call_id=\"toolu_1\"\n    text \"r\"\n");
        // A client that does not give reasoning back still gives back the id.
        body["messages"][1].erase("reasoning_content");
        request = codec.decode_request(body.dump());
        REQUIRE(request.has_value());
        CHECK(request_text(*request).find("  reasoning sealed=anthropic:\"SIG\"\n") != std::string::npos);
    }

    TEST_CASE("from Anthropic: a session with thinking, tools, errors and images") {
        ChatRequest request = request_of(DialectId::anthropic);
        request.stream = true;
        request.max_tokens = 32000;
        request.sampling.top_k = "5";
        request.user_id = std::string(100, 'u');
        request.extras.emplace_back("context_management", "{}");
        say(request, Role::system, {text("You help."), text("Always.")});
        say(request, Role::user, {text("<reminder>"), text("Look at a.")});
        part::Reasoning thinking;
        thinking.text = "Hm.";
        thinking.sealed = {DialectId::anthropic, "SIG", {}};
        say(request, Role::assistant,
            {thinking, text("I "), text("look."), call("toolu_1", "read", R"({"p": 1.0})"),
             call("toolu_2", "now", "")});
        part::ToolResult failed = result("toolu_2", {text("no clock")});
        failed.is_error = true;
        // Results in another order than the calls, and text after them.
        say(request, Role::user, {failed, result("toolu_1", {text("seen:"), image("iVBO")}), text("Go on.")});
        say(request, Role::system, {text("Be brief.")});
        request.tools.push_back(function("read"));
        const auto [body, drops] = encode(request);
        CHECK(body["messages"] == json::parse(R"([
            {"role":"system","content":"You help.\n\nAlways."},
            {"role":"user","content":"<reminder>\n\nLook at a."},
            {"role":"assistant","content":"I look.","tool_calls":[
                {"id":"toolu_1","type":"function","function":{"name":"read","arguments":"{\"p\": 1.0}"}},
                {"id":"toolu_2","type":"function","function":{"name":"now","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"toolu_1","content":"seen:"},
            {"role":"tool","tool_call_id":"toolu_2","content":"Error: no clock"},
            {"role":"user","content":[
                {"type":"text","text":"Shown by tool read (call toolu_1):"},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}}]},
            {"role":"user","content":"Go on."},
            {"role":"system","content":"Be brief."}])"));
        CHECK(body["max_completion_tokens"] == 16384);
        CHECK(body["stream_options"] == json::parse(R"({"include_usage":true})"));
        CHECK(body["user"] == sha256_hex(request.user_id));
        CHECK(drops ==
              "max_tokens: this model gives at most 16384\ntop_k: openai-chat has no such parameter\n"
              "context_management: openai-chat has no such parameter\n");
        // A host that takes images there keeps them there.
        TargetTraits traits = target("other");
        traits.tool_result_images = true;
        traits.max_tokens_field = "max_tokens";
        traits.stream_options = false;
        const json other = encode(request, traits).body;
        CHECK(other["messages"][3]["content"][1]["type"] == "image_url");
        CHECK(other["max_tokens"] == 32000);
        CHECK_FALSE(other.contains("stream_options"));
    }

    TEST_CASE("reasoning goes back as the host wants it") {
        ChatRequest request = request_of(DialectId::anthropic);
        say(request, Role::user, {text("q")});
        part::Reasoning thinking;
        thinking.text = "Hm.";
        say(request, Role::assistant, {thinking, call("a", "f", "{}")});
        say(request, Role::user, {result("a", {text("r")})});
        say(request, Role::assistant, {call("b", "f", "{}")});
        say(request, Role::user, {result("b", {text("r")})});
        const auto assistant = [&](const char* form) {
            TargetTraits traits = target("other");
            traits.reasoning_back = form;
            return encode(request, traits).body["messages"];
        };
        CHECK_FALSE(assistant("")[1].contains("reasoning_content"));
        CHECK(assistant("reasoning_content")[1]["reasoning_content"] == "Hm.");
        CHECK(assistant("reasoning_content")[3]["reasoning_content"] == "");
        CHECK(assistant("reasoning")[1]["reasoning"] == "Hm.");
        CHECK_FALSE(assistant("reasoning")[3].contains("reasoning"));
        CHECK(assistant("reasoning_details")[1]["reasoning"] == "Hm.");
        CHECK(assistant("thinking_parts")[1]["content"] ==
              json::parse(R"([{"type":"thinking","thinking":[{"type":"text","text":"Hm."}]}])"));
        // What the host itself sealed goes back as it came.
        auto& sealed = std::get<part::Reasoning>(request.messages[1].parts[0]).sealed;
        sealed = {DialectId::openai_chat, R"([{"type":"reasoning.text","text":"Hm.","signature":"S"}])", {}};
        const json back = assistant("reasoning_details")[1];
        CHECK(back["reasoning_details"] == json::parse(sealed.data));
        CHECK_FALSE(back.contains("reasoning"));
        sealed.data = R"({"google":{"thought_signature":"S"}})";
        CHECK(assistant("")[1]["extra_content"] == json::parse(sealed.data));
        sealed = {};
        std::get<part::ToolCall>(request.messages[1].parts[1]).sealed = {
            DialectId::openai_chat, R"({"google":{"thought_signature":"T"}})", {}};
        CHECK(assistant("")[1]["tool_calls"][0]["extra_content"]["google"]["thought_signature"] == "T");
    }

    TEST_CASE("from Responses: items become messages; custom tools and namespaces become functions") {
        ChatRequest request = request_of(DialectId::openai_responses);
        Tool patch;
        patch.kind = ToolKind::custom;
        patch.name = "apply_patch";
        patch.description = "Edits.";
        patch.format = R"({"type":"grammar","syntax":"lark","definition":"start: /.+/"})";
        Tool spawn = function("spawn", "{}");
        spawn.name_space = "agents";
        Tool search;
        search.kind = ToolKind::server;
        search.server_type = "web_search";
        request.tools = {patch, spawn, search};
        say(request, Role::developer, {text("Be.")});
        say(request, Role::user, {text("Do.")});
        part::Text first = text("First.");
        first.phase = "commentary";
        say(request, Role::assistant, {first});
        part::ToolCall custom = call("call_p", "apply_patch", "*** \"x\"\n");
        custom.custom = true;
        say(request, Role::assistant, {custom});
        const std::string long_id(60, 'x');
        part::ToolCall spaced = call(long_id, "spawn", "{\"n\":1}");
        spaced.name_space = "agents";
        say(request, Role::assistant, {spaced});
        say(request, Role::user, {result("call_p", {text("done")})});
        say(request, Role::user, {result(long_id, {text("started")})});
        say(request, Role::assistant, {text("Ready.")});
        request.tool_choice.mode = ToolChoiceMode::automatic;
        request.tool_choice.parallel = false;
        request.store = false;
        request.reasoning.summary = "auto";
        request.max_tokens = 100'000;
        request.prompt_cache_key = "key";
        const auto [body, drops] = encode(request, target("gpt-5.1"));
        const std::string short_id = "call_" + sha256_hex(long_id).substr(0, 32);
        const json expected = {
            {{"role", "developer"}, {"content", "Be."}},
            {{"role", "user"}, {"content", "Do."}},
            {{"role", "assistant"},
             {"content", "First."},
             {"tool_calls",
              {{{"id", "call_p"},
                {"type", "function"},
                {"function", {{"name", "apply_patch"}, {"arguments", R"({"input":"*** \"x\"\n"})"}}}},
               {{"id", short_id},
                {"type", "function"},
                {"function", {{"name", "agents__spawn"}, {"arguments", "{\"n\":1}"}}}}}}},
            {{"role", "tool"}, {"tool_call_id", "call_p"}, {"content", "done"}},
            {{"role", "tool"}, {"tool_call_id", short_id}, {"content", "started"}},
            {{"role", "assistant"}, {"content", "Ready."}}};
        CHECK(body["messages"] == expected);
        CHECK(body["tools"].size() == 2);
        CHECK(body["tools"][0]["function"]["parameters"]["required"] == json::parse(R"(["input"])"));
        CHECK(body["tools"][0]["function"].dump().find("start: /.+/") != std::string::npos);
        CHECK(body["tools"][1]["function"]["name"] == "agents__spawn");
        CHECK(body["tools"][1]["function"]["parameters"] == json::parse(R"({"type":"object","properties":{}})"));
        CHECK(body["tool_choice"] == "auto");
        CHECK(body["parallel_tool_calls"] == false);
        CHECK(body["prompt_cache_key"] == "key");
        CHECK_FALSE(body.contains("store"));
        CHECK(body["max_completion_tokens"] == 100'000);
        CHECK(drops ==
              "messages: phase: openai-chat has no such member\n"
              "tools[0] (format): the grammar is described to the model, not enforced\n"
              "web_search: openai-chat models search only where their name says so\n"
              "reasoning.summary: openai-chat shows reasoning as the provider does\n");
        TargetTraits old = target("other");
        old.developer_role = false;
        old.openai_parameters = false;
        const auto [plain, lost] = encode(request, old);
        CHECK(plain["messages"][0]["role"] == "system");
        CHECK_FALSE(plain.contains("prompt_cache_key"));
        CHECK(lost.find("prompt_cache_key: this provider has no such parameter\n") != std::string::npos);
        // The search models take the search.
        CHECK(encode(request, target("gpt-4o-search-preview")).body["web_search_options"] == json::object());
    }

    TEST_CASE("arguments that are no JSON are kept inside an object") {
        ChatRequest request = request_of(DialectId::openai_responses);
        say(request, Role::assistant, {call("a", "f", "not \"json\""), call("b", "f", "[1]"), call("c", "f", "")});
        const json calls = encode(request).body["messages"][0]["tool_calls"];
        CHECK(calls[0]["function"]["arguments"] == R"({"raw_arguments":"not \"json\""})");
        CHECK(calls[1]["function"]["arguments"] == "[1]");
        CHECK(calls[2]["function"]["arguments"] == "{}");
    }

    TEST_CASE("calls without ids are paired by name and order; repeated ids by turn") {
        ChatRequest request = request_of(DialectId::gemini);
        say(request, Role::assistant, {call("", "f", "{}"), call("", "g", "{}"), call("", "f", "{\"n\":2}")});
        part::ToolResult first = result("", {text("f1")});
        first.name = "f";
        part::ToolResult second = result("", {});
        second.name = "f";
        second.object = R"({"v":2})";
        part::ToolResult third = result("", {text("g1")});
        third.name = "g";
        say(request, Role::user, {first, second, third});
        say(request, Role::assistant, {call("same", "f", "{}")});
        say(request, Role::user, {result("same", {text("one")})});
        say(request, Role::assistant, {call("same", "f", "{}")});
        say(request, Role::user, {result("same", {text("two")})});
        const json messages = encode(request).body["messages"];
        REQUIRE(messages.size() == 8);
        for (std::size_t i = 0; i < 3; ++i) {
            CHECK(messages[i + 1]["tool_call_id"] == messages[0]["tool_calls"][i]["id"]);
        }
        CHECK(messages[0]["tool_calls"][0]["id"] != messages[0]["tool_calls"][2]["id"]);
        CHECK(messages[1]["content"] == "f1");
        CHECK(messages[2]["content"] == "g1");
        CHECK(messages[3]["content"] == R"({"v":2})");
        CHECK(messages[5]["content"] == "one");
        CHECK(messages[7]["content"] == "two");
    }

    TEST_CASE("a result whose call was cut off is said as text; results that come late are moved to their call") {
        ChatRequest request = request_of(DialectId::openai_responses);
        say(request, Role::user, {result("gone", {text("old")})});
        say(request, Role::assistant, {call("a", "f", "{}")});
        say(request, Role::user, {text("meanwhile")});
        say(request, Role::user, {result("a", {text("late")})});
        const json messages = encode(request).body["messages"];
        REQUIRE(messages.size() == 4);
        CHECK(messages[0]["role"] == "user");
        CHECK(messages[0]["content"].get<std::string>().find("old") != std::string::npos);
        CHECK(messages[1]["role"] == "assistant");
        CHECK(messages[2] == json::parse(R"({"role":"tool","tool_call_id":"a","content":"late"})"));
        CHECK(messages[3]["content"] == "meanwhile");

        part::Media shot;
        shot.media_type = "image/png";
        shot.data = "aWNvbg==";
        part::Media clip;
        clip.kind = part::MediaKind::video;
        clip.url = "https://example.org/v.mp4";
        ChatRequest shown = request_of(DialectId::anthropic);
        say(shown, Role::user, {result("gone", {text("old"), shot, clip})});
        const auto [body, drops] = encode(shown);
        CHECK(body["messages"][0]["content"] == json::parse(R"([
            {"type":"text","text":"[Result of an earlier tool call]\nold"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,aWNvbg=="}},
            {"type":"text","text":"[video not shown (https://example.org/v.mp4)]"}])"));
        CHECK(drops == "messages: video: this dialect has no video\n");
    }

    TEST_CASE("media: each kind in its form, and what has none is named") {
        ChatRequest request = request_of(DialectId::anthropic);
        part::Media by_url;
        by_url.url = "https://example.org/a.png";
        part::Media pdf;
        pdf.kind = part::MediaKind::document;
        pdf.media_type = "application/pdf";
        pdf.data = "JVBE";
        part::Media notes;
        notes.kind = part::MediaKind::document;
        notes.media_type = "text/plain";
        notes.data = "plain words";
        notes.name = "notes.txt";
        part::Media audio;
        audio.kind = part::MediaKind::audio;
        audio.media_type = "audio/mpeg";
        audio.data = "SUQz";
        part::Media video;
        video.kind = part::MediaKind::video;
        video.url = "https://example.org/v.mp4";
        part::Media stored;
        stored.file_id = "file_1";
        say(request, Role::user, {by_url, pdf, notes, audio, video, stored});
        const auto [body, drops] = encode(request);
        CHECK(body["messages"][0]["content"] == json::parse(R"([
            {"type":"image_url","image_url":{"url":"https://example.org/a.png"}},
            {"type":"file","file":{"filename":"document.pdf","file_data":"data:application/pdf;base64,JVBE"}},
            {"type":"text","text":"notes.txt\nplain words"},
            {"type":"input_audio","input_audio":{"data":"SUQz","format":"mp3"}},
            {"type":"text","text":"[video not shown (https://example.org/v.mp4)]"},
            {"type":"text","text":"[image not shown]"}])"));
        CHECK(drops ==
              "messages: video: this dialect has no video\n"
              "messages: image: the file is in another provider's store\n");
        TargetTraits traits = target();
        traits.image_urls = false;
        CHECK(encode(request, traits).drops.find("messages: image: this provider does not fetch addresses\n") == 0);
    }

    TEST_CASE("blocks of other dialects are named, carried ones are not") {
        ChatRequest request = request_of(DialectId::anthropic);
        part::Foreign foreign{DialectId::anthropic, "server_tool_use", "{}", {}, false};
        part::Foreign carried{DialectId::openai_responses, "additional_tools", "{}", {}, true};
        say(request, Role::user, {text("q"), carried});
        say(request, Role::assistant, {foreign, text("a")});
        const auto [body, drops] = encode(request);
        CHECK(body["messages"][1] == json::parse(R"({"role":"assistant","content":"a"})"));
        CHECK(drops == "messages: server_tool_use: openai-chat has no such block\n");
    }

    TEST_CASE("effort: from words and budgets, in the words a model knows") {
        struct Row {
            const char* model;
            const char* effort;
            std::optional<std::int64_t> budget;
            std::optional<bool> enabled;
            const char* expected;  // "" for none
        };
        const std::vector<Row> rows{
            {"gpt-5", "high", {}, {}, "high"},
            {"gpt-5", "none", {}, {}, "minimal"},
            {"gpt-5", "xhigh", {}, {}, "high"},
            {"gpt-5.2", "max", {}, {}, "xhigh"},
            {"gpt-5.1", "xhigh", {}, {}, "high"},
            {"gpt-5.1-codex-max", "xhigh", {}, {}, "xhigh"},
            {"gpt-5.1", "minimal", {}, {}, "low"},
            {"openai/o3", "minimal", {}, {}, "low"},
            {"o4-mini", "max", {}, {}, "high"},
            {"gpt-6-sol", "none", {}, {}, "none"},
            {"gpt-5.1", "", 31999, true, "high"},
            {"gpt-5.1", "", 1024, true, "low"},
            {"gpt-5.1", "", -1, true, ""},
            {"gpt-5.1", "", {}, false, "none"},
            {"gpt-5.1", "", {}, true, ""},
            {"gpt-4o", "high", {}, {}, ""},
            {"ft:gpt-4.1:x", "", 8192, true, ""},
            {"gpt-5-chat-latest", "low", {}, {}, ""},
            {"deepseek-chat", "max", {}, {}, "high"},
            {"deepseek-chat", "", {}, false, ""},
            {"openai/gpt-oss-120b", "medium", {}, {}, "medium"},
        };
        for (const auto& row : rows) {
            CAPTURE(row.model);
            CAPTURE(row.effort);
            ChatRequest request = request_of(DialectId::anthropic);
            request.reasoning.effort = row.effort;
            request.reasoning.budget_tokens = row.budget;
            request.reasoning.enabled = row.enabled;
            const json body = encode(request, target(row.model)).body;
            CHECK(body.value("reasoning_effort", "") == row.expected);
        }
    }

    TEST_CASE("reasoning in the forms of OpenRouter, Z.ai and Alibaba") {
        ChatRequest request = request_of(DialectId::anthropic);
        request.reasoning.enabled = true;
        request.reasoning.budget_tokens = 4096;
        request.reasoning.show = false;
        TargetTraits traits = target("anthropic/claude-x");
        traits.reasoning_back = "reasoning_details";
        CHECK(encode(request, traits).body["reasoning"] == json::parse(R"({"max_tokens":4096,"exclude":true})"));
        request.reasoning.effort = "max";
        CHECK(encode(request, traits).body["reasoning"]["effort"] == "xhigh");
        request.reasoning = {};
        request.reasoning.enabled = false;
        CHECK(encode(request, traits).body["reasoning"] == json::parse(R"({"enabled":false})"));
        traits = target("glm-x");
        traits.thinking_switch = "thinking";
        const auto [off, nothing] = encode(request, traits);
        CHECK(off["thinking"] == json::parse(R"({"type":"disabled"})"));
        CHECK_FALSE(off.contains("reasoning_effort"));
        CHECK(nothing.empty());
        request.reasoning.enabled = true;
        request.reasoning.budget_tokens = 9000;
        traits.thinking_switch = "enable_thinking";
        const json on = encode(request, traits).body;
        CHECK(on["enable_thinking"] == true);
        CHECK(on["thinking_budget"] == 9000);
        request.reasoning = {};
        CHECK_FALSE(encode(request, traits).body.contains("enable_thinking"));
    }

    TEST_CASE("reasoning models refuse sampling: it is left out for them and named as the client wrote it") {
        ChatRequest request = request_of(DialectId::gemini);
        request.sampling.temperature = "0.50";
        request.sampling.top_p = "0.95";
        request.sampling.top_k = "64";
        request.sampling.stop = {"a", "b", "c", "d", "e"};
        const auto [kept, some] = encode(request);
        CHECK(kept["temperature"] == 0.5);
        CHECK(kept["stop"].size() == 4);
        CHECK(some ==
              "generationConfig.topK: openai-chat has no such parameter\n"
              "generationConfig.stopSequences: openai-chat takes four of them\n");
        const auto [bare, all] = encode(request, target("gpt-5"));
        for (const char* name : {"temperature", "top_p", "top_k", "stop"}) {
            CHECK_FALSE(bare.contains(name));
        }
        CHECK(all.find("generationConfig.temperature: reasoning models of OpenAI refuse it\n") == 0);
        CHECK(all.find("generationConfig.topP: ") != std::string::npos);
    }

    TEST_CASE("structured output: by schema where the host enforces it, said in words where not") {
        ChatRequest request = request_of(DialectId::anthropic);
        say(request, Role::system, {text("You help.")});
        say(request, Role::user, {text("City?")});
        request.format.kind = FormatKind::json_schema;
        request.format.schema = R"({"type":"object","x":1.0})";
        const Encoded strict = encode(request);
        CHECK(strict.body["response_format"] ==
              json::parse(
                  R"({"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object","x":1.0}}})"));
        CHECK(strict.body["messages"].size() == 2);
        TargetTraits traits = target();
        traits.strict_schema = false;
        const auto [said, drops] = encode(request, traits);
        CHECK(drops == "output_config.format: the schema is said to the model, not enforced\n");
        CHECK(said["response_format"] == json::parse(R"({"type":"json_object"})"));
        REQUIRE(said["messages"].size() == 3);
        CHECK(said["messages"][1]["role"] == "system");
        CHECK(said["messages"][1]["content"].get<std::string>().find(request.format.schema) != std::string::npos);
        // json_object alone: the word must be there.
        request.format = {};
        request.format.kind = FormatKind::json_object;
        CHECK(encode(request).body["messages"][1]["content"] == "Answer with one JSON object.");
        say(request, Role::user, {text("In Json, please.")});
        CHECK(encode(request).body["messages"].size() == 3);
    }

    TEST_CASE("tools: schemas stay as written but for what OpenAI demands; a choice among some leaves out the others") {
        ChatRequest request = request_of(DialectId::gemini);
        const std::string written = R"({ "type" : "object", "properties": {"a":{"minimum":1.0}} })";
        request.tools = {function("a.b", written), function("b", R"({"type":"object"})"), function("c", "")};
        request.tools[0].strict = true;
        Drops drops;
        const std::string body = codec.encode_request(request, target(), drops)->body;
        CHECK(body.find(written) != std::string::npos);
        const json tree = json::parse(body);
        CHECK(tree["tools"][0]["function"]["name"].get<std::string>().starts_with("a_b_"));
        CHECK(tree["tools"][0]["function"]["strict"] == true);
        for (const std::size_t i : {1, 2}) {
            CHECK(tree["tools"][i]["function"]["parameters"] == json::parse(R"({"type":"object","properties":{}})"));
        }
        request.tool_choice.mode = ToolChoiceMode::required;
        request.tool_choice.allowed = {"b", "a.b"};
        const json some = encode(request).body;
        CHECK(some["tools"].size() == 2);
        CHECK(some["tool_choice"] == "required");
        request.tool_choice = {};
        request.tool_choice.mode = ToolChoiceMode::named;
        request.tool_choice.name = "a.b";
        const json named = encode(request).body;
        CHECK(named["tool_choice"]["function"]["name"] == named["tools"][0]["function"]["name"]);
        // Without tools there is nothing to choose.
        request.tools.clear();
        CHECK_FALSE(encode(request).body.contains("tool_choice"));
    }

    TEST_CASE("cache marks: the caller's where the host has them, sensible ones where it has and the caller has not") {
        ChatRequest request = request_of(DialectId::anthropic);
        part::Text system = text("Long.");
        system.cache = CacheMark{"1h"};
        say(request, Role::system, {system});
        say(request, Role::user, {text("q")});
        say(request, Role::assistant, {call("a", "f", "{}")});
        say(request, Role::user, {result("a", {text("r")})});
        const auto [plain, lost] = encode(request);
        CHECK(plain["messages"][0]["content"] == "Long.");
        CHECK(lost == "cache_control: this provider caches prompts by itself\n");
        TargetTraits traits = target("anthropic/claude-x");
        traits.cache_marks = "cache_control";
        const auto count = [](const json& body) {
            const std::string dump = body.dump();
            std::size_t marks = 0;
            for (std::size_t at = dump.find("cache_control"); at != std::string::npos;
                 at = dump.find("cache_control", at + 1)) {
                ++marks;
            }
            return marks;
        };
        const auto [kept, nothing] = encode(request, traits);
        CHECK(kept["messages"][0]["content"][0]["cache_control"] == json::parse(R"({"type":"ephemeral","ttl":"1h"})"));
        CHECK(count(kept) == 1);
        CHECK(nothing.empty());
        std::get<part::Text>(request.messages[0].parts[0]).cache.reset();
        const json placed = encode(request, traits).body;
        CHECK(count(placed) == 3);
        CHECK(placed["messages"][0]["content"][0].contains("cache_control"));
        CHECK(placed["messages"][1]["content"][0].contains("cache_control"));
        CHECK(placed["messages"][3]["content"][0].contains("cache_control"));
        traits.cache_marks = "prompt_cache_breakpoint";
        std::get<part::Text>(request.messages[0].parts[0]).cache = CacheMark{};
        CHECK(encode(request, traits).body["messages"][0]["content"][0]["prompt_cache_breakpoint"] ==
              json::parse(R"({"mode":"explicit"})"));
    }

    TEST_CASE("accounting: tiers, stored answers, metadata") {
        ChatRequest request = request_of(DialectId::anthropic);
        const auto tier = [&](const char* word) {
            request.service_tier = word;
            const auto [body, drops] = encode(request);
            return body.value("service_tier", "-") + drops;
        };
        CHECK(tier("auto") == "-");
        CHECK(tier("standard_only") == "default");
        CHECK(tier("flex") == "flex");
        CHECK(tier("batch") == "-service_tier: openai-chat has no tier \"batch\"\n");
        request.service_tier.clear();
        request.store = true;
        request.metadata = {{"k", "v"}};
        CHECK(encode(request).drops ==
              "store: answers are not stored at this provider\n"
              "metadata: openai-chat takes it for stored answers only\n");
        request.previous_response_id = "resp_1";
        Drops drops;
        const auto refused = codec.encode_request(request, target(), drops);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().kind == ErrorKind::bad_request);
        CHECK(refused.error().message.starts_with("previous_response_id: "));
    }
}
