// Requests of Gemini's clients to the normal form, and requests of any client to Gemini.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/util/base64.hpp"
#include "providers/dialects/gemini/codec.hpp"
#include "providers/dialects/gemini/schema.hpp"
#include "providers/dialects/gemini/signature.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/dialect_text.hpp"
#include "tests/support/tell.hpp"

namespace fs = std::filesystem;
using namespace llmgw;
using namespace llmgw::test;
using nlohmann::ordered_json;

namespace {

const Codec& codec() {
    return *dialects().get(DialectId::gemini).codec();
}

ChatRequest decoded(const std::string& body) {
    auto request = codec().decode_request(body);
    REQUIRE_MESSAGE(request.has_value(), request.error().message);
    return std::move(*request);
}

std::string fault_of(const std::string& body) {
    const auto request = codec().decode_request(body);
    REQUIRE(!request.has_value());
    CHECK(request.error().kind == ErrorKind::bad_request);
    return request.error().message;
}

// A request's members around a first word of the user's.
std::string with(const std::string& members) {
    return R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}],)" + members + "}";
}

struct Encoded {
    ordered_json body;
    std::string drops;
};

Encoded encoded(const ChatRequest& request, const TargetTraits& target = {}) {
    Drops drops;
    const auto result = codec().encode_request(request, target, drops);
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    return {ordered_json::parse(result->body), drops_text(drops)};
}

ordered_json json(std::string_view text) {
    return ordered_json::parse(text);
}

part::Text text(std::string said) {
    return {std::move(said), {}, {}, {}, {}};
}

Message message(Role role, std::vector<Part> parts) {
    Message one;
    one.role = role;
    one.parts = std::move(parts);
    return one;
}

part::ToolCall call(std::string id, std::string name, std::string arguments = "{}") {
    part::ToolCall one;
    one.id = std::move(id);
    one.name = std::move(name);
    one.arguments = std::move(arguments);
    return one;
}

part::ToolResult result(std::string id, std::string said) {
    part::ToolResult one;
    one.call_id = std::move(id);
    one.content.emplace_back(text(std::move(said)));
    return one;
}

ChatRequest conversation(std::vector<Message> messages, DialectId origin = DialectId::anthropic) {
    ChatRequest request;
    request.origin = origin;
    request.messages = std::move(messages);
    return request;
}

const auto user_hi = message(Role::user, {text("hi")});

}  // namespace

TEST_SUITE("codec/gemini/request") {
    TEST_CASE("decode: every member has its place") {
        const auto request = decoded(
            R"({"system_instruction":{"parts":{"text":"Be brief."}},"contents":[{"parts":[{"text":"hi"}]}],)"
            R"("generationConfig":{"temperature":0.50,"top_p":1,"topK":40,"maxOutputTokens":"100","candidateCount":2,)"
            R"("stopSequences":["a","b"],"seed":7,"presencePenalty":0.1,"frequencyPenalty":-0.2,"responseLogprobs":true,)"
            R"("logprobs":3,"thinkingConfig":{"includeThoughts":true,"thinkingBudget":-1},"responseModalities":["TEXT"]},)"
            R"("toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]},"retrievalConfig":{"x":1}},)"
            R"("tools":[{"functionDeclarations":[{"name":"f","description":"d","parameters":{"type":"OBJECT","properties":{"a":{"type":"STRING"}}}}]},)"
            R"({"googleSearch":{}}],"safetySettings":[{"category":"C"}],"cachedContent":"cachedContents/1","service_tier":"flex","labels":{"team":"x"}})");
        CHECK(request_text(request) ==
              "request gemini max_tokens=100 service_tier=\"flex\"\n"
              "sampling temperature=0.50 top_p=1 top_k=40 seed=7 presence_penalty=0.1 frequency_penalty=-0.2 "
              "logprobs=true top_logprobs=3 candidates=2 stop=\"a\" stop=\"b\"\n"
              "reasoning_wish enabled=true adaptive budget_tokens=-1 show=true\n"
              "tool_choice mode=\"named\" name=\"f\"\n"
              "metadata \"team\"=\"x\"\n"
              "extra generationConfig.responseModalities=[\"TEXT\"]\n"
              "extra toolConfig.retrievalConfig={\"x\":1}\n"
              "extra safetySettings=[{\"category\":\"C\"}]\n"
              "extra cachedContent=\"cachedContents/1\"\n"
              "tool function name=\"f\" description=\"d\" "
              "parameters={\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}} "
              "raw={\"name\":\"f\",\"description\":\"d\",\"parameters\":{\"type\":\"OBJECT\",\"properties\":{\"a\":{"
              "\"type\":"
              "\"STRING\"}}}}\n"
              "tool server server_type=\"googleSearch\" raw={\"googleSearch\":{}}\n"
              "system\n"
              "  text \"Be brief.\"\n"
              "user\n"
              "  text \"hi\"\n");
    }

    TEST_CASE("decode: thinking, formats and tool choice") {
        const auto wish = [](const std::string& config) {
            return decoded(with(R"("generationConfig":{"thinkingConfig":)" + config + "}")).reasoning;
        };
        CHECK(wish(R"({"thinkingBudget":0})").enabled == false);
        CHECK(wish(R"({"thinkingBudget":8192})").enabled == true);
        CHECK(wish(R"({"thinkingBudget":8192})").adaptive == false);
        CHECK(wish(R"({"thinking_level":"HIGH"})").effort == "high");
        CHECK(wish(R"({"includeThoughts":false})").show == false);

        const auto format = [](const std::string& config) {
            return decoded(with(R"("generationConfig":{)" + config + "}")).format;
        };
        CHECK(format(R"("responseMimeType":"application/json")").kind == FormatKind::json_object);
        CHECK(format(R"("responseMimeType":"text/plain")").kind == FormatKind::text);
        const auto schema = format(
            R"("response_mime_type":"application/json","responseJsonSchema":{"type":"OBJECT","properties":{"n":{"type":"INTEGER"}}})");
        CHECK(schema.kind == FormatKind::json_schema);
        CHECK(schema.schema == R"({"type":"object","properties":{"n":{"type":"integer"}}})");

        const auto choice = [](const std::string& config) {
            return decoded(with(R"("toolConfig":{"functionCallingConfig":)" + config + "}")).tool_choice;
        };
        CHECK(choice(R"({"mode":"AUTO"})").mode == ToolChoiceMode::automatic);
        CHECK(choice(R"({"mode":"NONE"})").mode == ToolChoiceMode::none);
        CHECK(choice(R"({"mode":"ANY"})").mode == ToolChoiceMode::required);
        CHECK(choice(R"({"mode":"ANY","allowedFunctionNames":["a","b"]})").allowed ==
              std::vector<std::string>{"a", "b"});
        CHECK(choice(R"({"mode":"VALIDATED","allowed_function_names":["a"]})").mode == ToolChoiceMode::automatic);
    }

    TEST_CASE("decode: calls without ids get one, and results find theirs by name and order") {
        const std::string body =
            R"({"contents":[{"role":"user","parts":[{"text":"hi"}]},)"
            R"({"role":"model","parts":[{"functionCall":{"name":"f","args":{"n": 1}}},{"functionCall":{"name":"g"}},{"functionCall":{"name":"f","args":{"n":2}}}]},)"
            R"({"role":"function","parts":[{"functionResponse":{"name":"g","response":{"output":"of g"}}},)"
            R"({"functionResponse":{"name":"f","response":{"error":"of f 1"}}},{"functionResponse":{"name":"f","response":{"rows":[1,2]}}}]}]})";
        const auto request = decoded(body);
        const auto& calls = request.messages.at(1).parts;
        const auto& results = request.messages.at(2).parts;
        REQUIRE(calls.size() == 3);
        REQUIRE(results.size() == 3);
        CHECK(request.messages[2].role == Role::user);
        const auto id = [&](std::size_t i) { return std::get<part::ToolCall>(calls[i]).id; };
        const auto of = [&](std::size_t i) { return std::get<part::ToolResult>(results[i]); };
        CHECK(std::get<part::ToolCall>(calls[0]).arguments == R"({"n": 1})");
        CHECK(std::get<part::ToolCall>(calls[1]).arguments == "");
        CHECK(id(0) != id(2));
        CHECK(of(0).call_id == id(1));
        CHECK(of(1).call_id == id(0));
        CHECK(of(2).call_id == id(2));
        CHECK(of(1).is_error);
        CHECK(std::get<part::Text>(of(1).content.at(0)).text == "of f 1");
        CHECK(of(2).object == R"({"rows":[1,2]})");
        CHECK(of(2).content.empty());
        // The same ids again, and when more has been said.
        CHECK(request_text(decoded(body)) == request_text(request));
        // Back to Gemini: no ids where there were none.
        const auto again = encoded(request).body["contents"];
        CHECK(again[1]["parts"][0] == json(R"({"functionCall":{"name":"f","args":{"n":1}}})"));
        CHECK(again[2]["parts"][0] == json(R"({"functionResponse":{"name":"g","response":{"output":"of g"}}})"));
        CHECK(again[2]["parts"][2] == json(R"({"functionResponse":{"name":"f","response":{"rows":[1,2]}}})"));
    }

    TEST_CASE("decode: a result's text is taken out of the forms clients wrap it in") {
        const auto read = [](const std::string& response) {
            const auto request =
                decoded(R"({"contents":[{"role":"model","parts":[{"functionCall":{"id":"1","name":"f","args":{}}}]},)"
                        R"({"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response":)" +
                        response + "}}]}]}");
            return std::get<part::ToolResult>(request.messages.at(1).parts.at(0));
        };
        for (const char* form : {R"({"output":"x"})", R"({"result":"x"})", R"({"name":"f","content":"x"})"}) {
            CAPTURE(form);
            const auto one = read(form);
            CHECK(one.object == "");
            CHECK(std::get<part::Text>(one.content.at(0)).text == "x");
            // Written back in the form it had.
            ChatRequest request = conversation(
                {user_hi, message(Role::assistant, {call("1", "f")}), message(Role::user, {one})}, DialectId::gemini);
            CHECK(encoded(request).body["contents"][2]["parts"][0]["functionResponse"]["response"] == json(form));
            request.origin = DialectId::anthropic;
            CHECK(encoded(request).body["contents"][2]["parts"][0]["functionResponse"]["response"] ==
                  json(R"({"output":"x"})"));
        }
        CHECK(read(R"({"output":{"a":1}})").object == R"({"output":{"a":1}})");
        CHECK(read(R"({"error":{"code":1}})").is_error);
        CHECK(read(R"({"name":"g","content":"x"})").object != "");
    }

    TEST_CASE("decode: files, in either alphabet, and thoughts") {
        const std::string bytes = "\xFB\xEF\xBE\xFF";
        const auto request = decoded(
            R"({"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":")" +
            base64url(bytes) +
            R"("}},{"file_data":{"mime_type":"video/mp4","file_uri":"https://example.com/v.mp4"}},)"
            R"({"fileData":{"mimeType":"application/pdf","fileUri":"gs://b/o"}},)"
            R"({"inline_data":{"mime_type":"text/plain","data":")" +
            base64("words") +
            R"("}},)"
            R"({"fileData":{"fileUri":"https://example.com/w.mp4","mimeType":"video/mp4"},"videoMetadata":{"fps":1}}]},)"
            R"({"role":"model","parts":[{"text":"hm","thought":true},{"text":"yes","thoughtSignature":"AAAA"},{"text":"","thoughtSignature":"BBBB"},{"text":""},)"
            R"({"executableCode":{"language":"PYTHON","code":"1"}}]}]})");
        const auto& parts = request.messages.at(0).parts;
        CHECK(std::get<part::Media>(parts.at(0)).data == base64(bytes));
        CHECK(std::get<part::Media>(parts.at(1)).kind == part::MediaKind::video);
        CHECK(std::get<part::Media>(parts.at(1)).url == "https://example.com/v.mp4");
        CHECK(std::get<part::Media>(parts.at(2)).file_id == "gs://b/o");
        CHECK(std::get<part::Media>(parts.at(2)).kind == part::MediaKind::document);
        CHECK(std::get<part::Media>(parts.at(3)).data == "words");
        CHECK(std::get<part::Foreign>(parts.at(4)).type == "videoMetadata");
        const auto& said = request.messages.at(1).parts;
        REQUIRE(said.size() == 4);
        CHECK(std::get<part::Reasoning>(said.at(0)).summary == std::vector<std::string>{"hm"});
        CHECK(std::get<part::Text>(said.at(1)).sealed.data == "AAAA");
        CHECK(std::get<part::Reasoning>(said.at(2)).sealed.data == "BBBB");
        CHECK(std::get<part::Reasoning>(said.at(2)).redacted);
        CHECK(std::get<part::Foreign>(said.at(3)).type == "executableCode");
    }

    TEST_CASE("decode: countTokens bodies") {
        const auto plain = decoded(R"({"contents":[{"parts":[{"text":"count me"}]}]})");
        CHECK(plain.messages.size() == 1);
        const auto wrapped = decoded(
            R"({"generateContentRequest":{"model":"models/gemini-2.5-pro","contents":{"parts":[{"text":"count me"}]},)"
            R"("systemInstruction":{"parts":[{"text":"s"}]}}})");
        CHECK(wrapped.model == "gemini-2.5-pro");
        CHECK(wrapped.messages.size() == 2);
    }

    TEST_CASE("decode: what is wrong is named") {
        CHECK(fault_of("[]") == "the body: expected a JSON object");
        CHECK(fault_of("{") == "the body: expected a JSON object");
        CHECK(fault_of("{}") == "contents: expected an array of contents");
        CHECK(fault_of(R"({"contents":7})") == "contents: expected an array of contents");
        CHECK(fault_of(R"({"contents":[{"role":"assistant","parts":[]}]})") ==
              "contents[0].role: expected \"user\" or \"model\"");
        CHECK(fault_of(R"({"contents":[{"parts":[{"text":1}]}]})") == "contents[0].parts[0].text: expected a string");
        CHECK(fault_of(R"({"contents":[{"parts":"x"}]})") == "contents[0].parts: expected an array of parts");
        CHECK(fault_of(R"({"contents":[{"parts":[{"functionCall":{"args":{}}}]}]})") ==
              "contents[0].parts[0].functionCall.name: expected the name of a function");
        CHECK(fault_of(R"({"contents":[{"parts":[{"functionCall":{"name":"f","args":"{}"}}]}]})") ==
              "contents[0].parts[0].functionCall.args: expected an object");
        CHECK(fault_of(R"({"contents":[{"parts":[{"functionResponse":{"name":"f","response":"x"}}]}]})") ==
              "contents[0].parts[0].functionResponse.response: expected an object");
        CHECK(fault_of(R"({"contents":[{"parts":[{"inlineData":{"mimeType":"image/png"}}]}]})") ==
              "contents[0].parts[0].inlineData.data: expected base64 data");
        CHECK(fault_of(with(R"("generationConfig":{"maxOutputTokens":"many"})")) ==
              "generationConfig.maxOutputTokens: expected a whole number");
        CHECK(fault_of(with(R"("generationConfig":{"stopSequences":"a"})")) ==
              "generationConfig.stopSequences: expected an array of strings");
        CHECK(fault_of(with(R"("generationConfig":{"temperature":true})")) ==
              "generationConfig.temperature: expected a number");
        CHECK(fault_of(with(R"("tools":[{"functionDeclarations":[{"description":"d"}]}])")) ==
              "tools[0].functionDeclarations[0].name: expected the name of a function");
        CHECK(fault_of(with(R"("tools":[{"functionDeclarations":[{"name":"f","parameters":"{}"}]}])")) ==
              "tools[0].functionDeclarations[0].parameters: expected an object");
        CHECK(fault_of(with(R"("systemInstruction":7)")) == "systemInstruction: expected a content object");
    }

    TEST_CASE("decode: cut anywhere, a body is refused and nothing worse") {
        const std::string body = with(
            R"("tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT"}}]}],"generationConfig":{"topK":1})");
        for (std::size_t size = 0; size < body.size(); ++size) {
            CHECK_FALSE(codec().decode_request(std::string_view(body).substr(0, size)).has_value());
        }
    }

    TEST_CASE("encode: roles take turns, results stand first and in their calls' order") {
        const auto body = encoded(conversation({
            message(Role::system, {text("A."), text("B.")}),
            message(Role::developer, {text("C.")}),
            user_hi,
            message(Role::user, {text("there")}),
            message(Role::assistant, {text("I look."), call("a", "f", R"({"n": 1.0})")}),
            message(Role::assistant, {call("b", "g", "")}),
            message(Role::user, {text("and hurry"), result("b", "of g"), result("a", "of f")}),
            message(Role::system, {text("Stay calm.")}),
            message(Role::assistant, {text("")}),
        }));
        CHECK(body.body["systemInstruction"] == json(R"({"parts":[{"text":"A."},{"text":"B."},{"text":"C."}]})"));
        CHECK(
            body.body["contents"] ==
            json(
                R"([{"role":"user","parts":[{"text":"hi"},{"text":"there"}]},)"
                R"({"role":"model","parts":[{"text":"I look."},{"functionCall":{"id":"a","name":"f","args":{"n":1.0}}},)"
                R"({"functionCall":{"id":"b","name":"g","args":{}}}]},)"
                R"({"role":"user","parts":[{"functionResponse":{"id":"a","name":"f","response":{"output":"of f"}}},)"
                R"({"functionResponse":{"id":"b","name":"g","response":{"output":"of g"}}},{"text":"and hurry"},)"
                R"({"text":"<system>\nStay calm.\n</system>"}]}])"));
        CHECK(body.drops == "messages[7].role: gemini has no system message inside a conversation: said by the user\n");
    }

    TEST_CASE("encode: a late result moves to its call, one without a call is told, a call without one gets an error") {
        const auto moved =
            encoded(conversation({user_hi, message(Role::assistant, {call("a", "f")}),
                                  message(Role::user, {text("wait")}), message(Role::assistant, {text("I wait.")}),
                                  message(Role::user, {result("a", "late"), result("x", "lost")})}));
        CHECK(
            moved.body["contents"] ==
            json(
                R"([{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"functionCall":{"id":"a","name":"f","args":{}}}]},)"
                R"({"role":"user","parts":[{"functionResponse":{"id":"a","name":"f","response":{"output":"late"}}},{"text":"wait"}]},)"
                R"({"role":"model","parts":[{"text":"I wait."}]},)"
                R"({"role":"user","parts":[{"text":"Result of an earlier call of unknown_function:\nlost"}]}])"));
        CHECK(moved.drops == "the result of x: its call is not in the conversation: given as text\n");

        const auto missing = encoded(conversation({user_hi, message(Role::assistant, {call("a", "f"), call("b", "f")}),
                                                   message(Role::user, {result("b", "ok")})}));
        CHECK(missing.body["contents"][2]["parts"][0] ==
              json(R"({"functionResponse":{"id":"a","name":"f","response":{"error":"no result was given"}}})"));
        CHECK(missing.drops == "the call a: it has no result, which gemini refuses: an error stands for it\n");

        // The same id in two turns: each result goes to its own.
        const auto twice = encoded(conversation(
            {user_hi, message(Role::assistant, {call("a", "f")}), message(Role::user, {result("a", "one")}),
             message(Role::assistant, {call("a", "f")}), message(Role::user, {result("a", "two")})}));
        CHECK(twice.body["contents"][2]["parts"][0]["functionResponse"]["response"]["output"] == "one");
        CHECK(twice.body["contents"][4]["parts"][0]["functionResponse"]["response"]["output"] == "two");
        CHECK(twice.drops == "");
    }

    TEST_CASE("encode: a conversation begins with the user, and has one") {
        const auto model_first = encoded(conversation({message(Role::assistant, {text("Hello.")}), user_hi}));
        CHECK(model_first.body["contents"][0]["role"] == "user");
        CHECK(model_first.body["contents"][1]["parts"][0]["text"] == "Hello.");
        const auto system_only = encoded(conversation({message(Role::system, {text("Say something.")})}));
        CHECK(system_only.body["contents"] == json(R"([{"role":"user","parts":[{"text":"Say something."}]}])"));
        CHECK_FALSE(system_only.body.contains("systemInstruction"));
    }

    TEST_CASE("encode: results with errors, files and arguments that are no JSON") {
        auto failed = result("a", "no such file");
        failed.is_error = true;
        auto shot = result("b", "here");
        part::Media image;
        image.media_type = "image/png";
        image.data = "AAAA";
        shot.content.emplace_back(image);
        const auto request =
            conversation({user_hi, message(Role::assistant, {call("a", "f", "{\"broken"), call("b", "g", "[1]")}),
                          message(Role::user, {failed, shot, text("see")})});
        const auto older = encoded(request).body["contents"];
        CHECK(older[1]["parts"][0]["functionCall"]["args"] == json(R"({"_raw_arguments":"{\"broken"})"));
        CHECK(older[1]["parts"][1]["functionCall"]["args"] == json(R"({"_raw_arguments":"[1]"})"));
        CHECK(
            older[2]["parts"] ==
            json(
                R"([{"functionResponse":{"id":"a","name":"f","response":{"error":"no such file"}}},)"
                R"({"functionResponse":{"id":"b","name":"g","response":{"output":"here"}}},{"text":"Files that g returned:"},)"
                R"({"inlineData":{"mimeType":"image/png","data":"AAAA"}},{"text":"see"}])"));
        TargetTraits newer;
        newer.model = "gemini-3-flash-preview";
        CHECK(encoded(request, newer).body["contents"][2]["parts"][1]["functionResponse"]["parts"] ==
              json(R"([{"inlineData":{"mimeType":"image/png","data":"AAAA"}}])"));
    }

    TEST_CASE("encode: files by address, from other stores, and plain text") {
        part::Media by_url;
        by_url.url = "https://example.com/a/photo.webp?x=1";
        part::Media elsewhere;
        elsewhere.origin = DialectId::anthropic;
        elsewhere.file_id = "file_1";
        part::Media plain;
        plain.kind = part::MediaKind::document;
        plain.media_type = "text/plain";
        plain.data = "the words";
        plain.name = "notes.txt";
        const auto request = conversation({message(Role::user, {by_url, elsewhere, plain})});
        const auto fetched = encoded(request);
        CHECK(fetched.body["contents"][0]["parts"] ==
              json(R"([{"fileData":{"mimeType":"image/webp","fileUri":"https://example.com/a/photo.webp?x=1"}},)"
                   R"({"text":"notes.txt\n\nthe words"}])"));
        CHECK(fetched.drops == "file_id: the file is in another provider's store\n");
        TargetTraits no_urls;
        no_urls.image_urls = false;
        const auto told = encoded(request, no_urls);
        CHECK(told.body["contents"][0]["parts"][0]["text"] ==
              "[a file that could not be opened: https://example.com/a/photo.webp?x=1]");
        CHECK(told.drops.starts_with("https://example.com/a/photo.webp?x=1: this provider does not fetch"));
    }

    TEST_CASE("encode: tools as JSON Schema byte for byte, or converted, or refused by name") {
        ChatRequest request = conversation({user_hi}, DialectId::openai_chat);
        Tool tool;
        tool.name = "f";
        tool.description = "d";
        tool.parameters = R"({"type":"object", "properties":{"a":{"type":"string","pattern":"^x","default":1.0}}})";
        Tool none;
        none.name = "none";
        request.tools = {tool, none};
        Drops drops;
        const auto whole = codec().encode_request(request, {}, drops);
        REQUIRE(whole.has_value());
        CHECK(whole->body.find(R"("parametersJsonSchema":)" + tool.parameters) != std::string::npos);
        CHECK(drops.empty());
        TargetTraits older;
        older.parameters_json_schema = false;
        const auto converted = encoded(request, older);
        CHECK(
            converted.body["tools"] ==
            json(
                R"([{"functionDeclarations":[{"name":"f","description":"d","parameters":{"type":"OBJECT","properties":)"
                R"({"a":{"type":"STRING","description":"[pattern: \"^x\"; default: 1.0]"}}}},{"name":"none","description":""}]}])"));
        CHECK(converted.drops ==
              "tools[0].function.parameters.properties.a.pattern: not in gemini's schemas: told in the description\n"
              "tools[0].function.parameters.properties.a.default: not in gemini's schemas: told in the description\n");
        request.tools[1].parameters = R"({"type":"object","properties":{"b":{"$ref":"#/$defs/gone"}}})";
        const auto refused = codec().encode_request(request, older, drops);
        REQUIRE(!refused.has_value());
        CHECK(refused.error().kind == ErrorKind::bad_request);
        CHECK(refused.error().message ==
              "the schema of tool \"none\" cannot be said to this provider: tools[1].function.parameters.properties.b: "
              "the reference #/$defs/gone leads nowhere in this schema");
    }

    TEST_CASE("encode: custom tools, namespaces, names outside the alphabet, server tools") {
        ChatRequest request = conversation({user_hi}, DialectId::openai_responses);
        Tool custom;
        custom.kind = ToolKind::custom;
        custom.name = "apply_patch";
        custom.description = "Patch.";
        custom.format = R"({"type":"grammar","syntax":"lark","definition":"start: /.+/"})";
        Tool spaced;
        spaced.name = "open";
        spaced.name_space = "files";
        Tool digit;
        digit.name = "1st.tool";
        Tool search;
        search.kind = ToolKind::server;
        search.server_type = "web_search";
        search.origin = DialectId::openai_responses;
        request.tools = {custom, spaced, digit, search};
        request.tool_choice.mode = ToolChoiceMode::named;
        request.tool_choice.name = "open";
        auto patch = call("c", "apply_patch", "*** Begin \"Patch\"");
        patch.custom = true;
        auto open = call("o", "open");
        open.name_space = "files";
        request.messages.push_back(message(Role::assistant, {patch, open}));
        request.messages.push_back(message(Role::user, {result("c", "done"), result("o", "opened")}));
        const auto body = encoded(request);
        const auto& declared = body.body["tools"][0]["functionDeclarations"];
        CHECK(body.body["tools"].size() == 1);
        CHECK(declared[0]["name"] == "apply_patch");
        CHECK(declared[0]["description"].get<std::string>().starts_with("Patch."));
        // The grammar is told with the input it is for.
        const auto& input = declared[0]["parametersJsonSchema"]["properties"]["input"];
        CHECK(input["description"].get<std::string>().find("start: /.+/") != std::string::npos);
        CHECK(declared[1]["name"] == "files__open");
        const auto odd = declared[2]["name"].get<std::string>();
        CHECK(odd.starts_with("_1st_tool_"));
        CHECK(body.body["toolConfig"] ==
              json(R"({"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["files__open"]}})"));
        CHECK(body.body["contents"][1]["parts"][0]["functionCall"]["args"] ==
              json(R"({"input":"*** Begin \"Patch\""})"));
        CHECK(body.body["contents"][1]["parts"][1]["functionCall"]["name"] == "files__open");
        CHECK(body.body["contents"][2]["parts"][1]["functionResponse"]["name"] == "files__open");
        CHECK(body.drops.find("tools[3] (web_search): gemini does not combine") != std::string::npos);
        request.tools = {search};
        request.tool_choice = {};
        CHECK(encoded(request).body["tools"] == json(R"([{"googleSearch":{}}])"));
    }

    TEST_CASE("encode: tool choice") {
        ChatRequest request = conversation({user_hi});
        Tool tool;
        tool.name = "f";
        request.tools = {tool};
        const auto config = [&](ToolChoice choice) {
            request.tool_choice = std::move(choice);
            const auto body = encoded(request).body;
            return body.contains("toolConfig") ? body["toolConfig"]["functionCallingConfig"] : ordered_json();
        };
        CHECK(config({}) == ordered_json());
        CHECK(config({ToolChoiceMode::automatic, {}, {}, {}}) == json(R"({"mode":"AUTO"})"));
        CHECK(config({ToolChoiceMode::none, {}, {}, {}}) == json(R"({"mode":"NONE"})"));
        CHECK(config({ToolChoiceMode::required, {}, {}, {}}) == json(R"({"mode":"ANY"})"));
        CHECK(config({ToolChoiceMode::named, "f", {}, {}}) == json(R"({"mode":"ANY","allowedFunctionNames":["f"]})"));
        CHECK(config({ToolChoiceMode::automatic, {}, {"f"}, {}}) ==
              json(R"({"mode":"VALIDATED","allowedFunctionNames":["f"]})"));
        request.tool_choice = {ToolChoiceMode::automatic, {}, {}, false};
        CHECK(encoded(request).drops.find("tool_choice.disable_parallel_tool_use") != std::string::npos);
    }

    TEST_CASE("encode: thinking by budget and by level") {
        ChatRequest request = conversation({user_hi});
        const auto config = [&](const ReasoningWish& wish, const TargetTraits& target) {
            request.reasoning = wish;
            const auto body = encoded(request, target).body;
            return body.contains("generationConfig") ? body["generationConfig"]["thinkingConfig"] : ordered_json();
        };
        TargetTraits flash;
        flash.model = "gemini-2.5-flash";
        TargetTraits pro;
        pro.model = "gemini-2.5-pro";
        TargetTraits level;
        level.model = "gemini-3-pro-preview";
        level.thinking_level = true;
        TargetTraits flash_3;
        flash_3.model = "gemini-3-flash-preview";
        flash_3.thinking_level = true;

        CHECK(config({}, flash) == ordered_json());
        ReasoningWish budget;
        budget.enabled = true;
        budget.budget_tokens = 31999;
        CHECK(config(budget, flash) == json(R"({"includeThoughts":true,"thinkingBudget":24576})"));
        CHECK(config(budget, pro) == json(R"({"includeThoughts":true,"thinkingBudget":31999})"));
        CHECK(config(budget, level) == json(R"({"includeThoughts":true,"thinkingLevel":"HIGH"})"));
        ReasoningWish adaptive;
        adaptive.adaptive = true;
        CHECK(config(adaptive, flash) == json(R"({"includeThoughts":true,"thinkingBudget":-1})"));
        CHECK(config(adaptive, level) == json(R"({"includeThoughts":true})"));
        ReasoningWish off;
        off.enabled = false;
        CHECK(config(off, flash) == json(R"({"thinkingBudget":0})"));
        CHECK(config(off, pro) == json(R"({"thinkingBudget":128})"));
        CHECK(config(off, level) == json(R"({"thinkingLevel":"LOW"})"));
        CHECK(config(off, flash_3) == json(R"({"thinkingLevel":"MINIMAL"})"));
        request.origin = DialectId::openai_chat;
        ReasoningWish effort;
        effort.effort = "medium";
        CHECK(config(effort, flash) == json(R"({"thinkingBudget":8192})"));
        CHECK(config(effort, level) == json(R"({"thinkingLevel":"HIGH"})"));
        CHECK(config(effort, flash_3) == json(R"({"thinkingLevel":"MEDIUM"})"));
        effort.effort = "none";
        CHECK(config(effort, flash) == json(R"({"thinkingBudget":0})"));
    }

    TEST_CASE("encode: what Gemini has no place for is noted under the client's own names") {
        ChatRequest request = conversation({user_hi});
        request.user_id = "u";
        request.metadata = {{"a", "b"}};
        request.cache_all = CacheMark{};
        request.service_tier = "auto";
        request.sampling.logit_bias = "{}";
        request.sampling.seed = "99999999999";
        request.sampling.stop = {"1", "2", "3", "4", "5", "6"};
        request.extras = {{"context_management", "{}"}};
        const auto body = encoded(request);
        CHECK(body.body["generationConfig"]["stopSequences"].size() == 5);
        CHECK_FALSE(body.body.contains("serviceTier"));
        CHECK(body.drops ==
              "stop: gemini takes five: the rest are left out\n"
              "seed: gemini takes 32 bits\n"
              "logit_bias: gemini has no such parameter\n"
              "metadata.user_id: gemini is not told the user\n"
              "metadata: gemini keeps none\n"
              "cache_control: gemini caches by itself\n"
              "context_management: gemini has no such parameter\n");
        request.previous_response_id = "resp_1";
        Drops drops;
        CHECK(codec().encode_request(request, {}, drops).error().kind == ErrorKind::bad_request);
    }

    TEST_CASE("encode: countTokens, and more output than there is") {
        ChatRequest request = conversation({user_hi});
        request.max_tokens = 128000;
        TargetTraits target;
        target.model = "gemini-2.5-pro";
        Drops drops;
        const auto count = wire::gemini::gemini_codec().encode_count_request(request, target, drops);
        REQUIRE(count.has_value());
        CHECK(
            json(count->body) ==
            json(
                R"({"generateContentRequest":{"model":"models/gemini-2.5-pro","contents":[{"role":"user","parts":[{"text":"hi"}]}],)"
                R"("generationConfig":{"maxOutputTokens":65536}}})"));
        CHECK(drops_text(drops) == "max_tokens: gemini's models give at most 65536\n");
        CHECK(decoded(count->body).model == "gemini-2.5-pro");
    }

    TEST_CASE("encode: other providers' thinking stays out, Gemini's own goes back in its part") {
        part::Reasoning foreign;
        foreign.text = "secret";
        foreign.sealed = Sealed{DialectId::anthropic, "sig", {}};
        part::Reasoning own;
        own.redacted = true;
        own.sealed = Sealed{DialectId::gemini, "AAAA", {}};
        part::Media image;
        image.media_type = "image/png";
        image.data = "BBBB";
        const auto body = encoded(conversation({user_hi, message(Role::assistant, {foreign, text("ok"), own}), user_hi,
                                                message(Role::assistant, {image, own}), user_hi}));
        CHECK(body.body["contents"][1]["parts"] == json(R"([{"text":"ok"},{"text":"","thoughtSignature":"AAAA"}])"));
        CHECK(body.body["contents"][3]["parts"] ==
              json(R"([{"inlineData":{"mimeType":"image/png","data":"BBBB"},"thoughtSignature":"AAAA"}])"));
        CHECK(body.drops == "");
    }

    TEST_CASE("the recorded agents' requests come back as they were") {
        const fs::path agents = fixtures_dir().parent_path() / "agents";
        if (!fs::exists(agents)) {
            TELL("no recorded agents at " << agents.string() << ": skipped");
            return;
        }
        int good = 0;
        int all = 0;
        for (const auto& entry : fs::recursive_directory_iterator(agents)) {
            const std::string name = entry.path().filename().string();
            if (name.find("v1beta_models") == std::string::npos) { continue; }
            CAPTURE(name);
            ++all;
            auto before = nlohmann::json::parse(read_file(entry.path()))["body"];
            const auto request = decoded(before.dump());
            Drops drops;
            const auto written = codec().encode_request(request, {}, drops);
            REQUIRE(written.has_value());
            CHECK(drops.empty());
            auto after = nlohmann::json::parse(written->body);
            if (before.contains("systemInstruction")) { before["systemInstruction"].erase("role"); }
            if (before["generationConfig"].contains("responseJsonSchema")) {
                auto& schema = before["generationConfig"]["responseJsonSchema"];
                schema = nlohmann::json::parse(wire::gemini::from_openapi(schema.dump()));
            }
            CHECK(before == after);
            good += before == after ? 1 : 0;
            if (before != after) { TELL(nlohmann::json::diff(before, after).dump().substr(0, 1000)); }
        }
        TELL(good << " of " << all << " requests of recorded agents");
    }

    TEST_CASE("what other dialects say elsewhere as well is left out without a word, other blocks of theirs with one") {
        const part::Foreign carried{DialectId::openai_responses, "additional_tools", "{}", {}, true};
        ChatRequest request;
        request.origin = DialectId::openai_responses;
        request.messages = {{Role::system, {part::Text{"Be brief.", {}, {}, {}, {}}, carried}, {}, {}},
                            {Role::user, {carried, part::Text{"hi", {}, {}, {}, {}}}, {}, {}}};
        CHECK(encoded(request).drops == "");
        request.messages[1].parts.emplace_back(part::Foreign{DialectId::openai_responses, "item_reference", "{}", {}});
        CHECK(encoded(request).drops.starts_with("item_reference: "));
    }
}
