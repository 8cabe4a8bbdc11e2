#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "cli/ask/answer_text.hpp"
#include "cli/ask/files.hpp"
#include "cli/ask/prompt.hpp"
#include "cli/ask/request.hpp"
#include "core/util/base64.hpp"

using namespace llmgw;
using nlohmann::json;

namespace {

AskPart text(const std::string& words) {
    return {AskPart::Kind::text, words, "", ""};
}

AskInput full_input() {
    AskInput input;
    input.model = "m";
    input.system = "Be brief.";
    input.turns = {{AskRole::user, {text("one")}},
                   {AskRole::assistant, {text("two")}},
                   {AskRole::user,
                    {{AskPart::Kind::image, "aW1n", "image/png", "a.png"},
                     {AskPart::Kind::pdf, "cGRm", "application/pdf", "b.pdf"},
                     text("three")}}};
    input.max_tokens = 77;
    input.temperature = 0.5;
    input.format = AskFormat{"person", R"({"type":"object"})", false};
    return input;
}

json body(DialectId dialect, const AskInput& input) {
    return json::parse(ask_request(dialect, input).body);
}

}  // namespace

TEST_CASE("ask_request: everything in each dialect's own form") {
    const auto input = full_input();
    const auto schema = json::parse(R"({"type":"object"})");
    SUBCASE("anthropic") {
        CHECK(ask_request(DialectId::anthropic, input).path == "/v1/messages");
        CHECK(body(DialectId::anthropic, input) ==
              json::parse(R"({"model":"m","max_tokens":77,"system":"Be brief.","temperature":0.5,"stream":true,
                "messages":[{"role":"user","content":"one"},{"role":"assistant","content":"two"},
                  {"role":"user","content":[
                    {"type":"image","source":{"type":"base64","media_type":"image/png","data":"aW1n"}},
                    {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"cGRm"},"title":"b.pdf"},
                    {"type":"text","text":"three"}]}],
                "output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}})"));
    }
    SUBCASE("openai-chat") {
        CHECK(ask_request(DialectId::openai_chat, input).path == "/v1/chat/completions");
        CHECK(body(DialectId::openai_chat, input) ==
              json::parse(R"({"model":"m","max_completion_tokens":77,"temperature":0.5,"stream":true,
                "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"one"},
                  {"role":"assistant","content":"two"},
                  {"role":"user","content":[
                    {"type":"image_url","image_url":{"url":"data:image/png;base64,aW1n"}},
                    {"type":"file","file":{"filename":"b.pdf","file_data":"data:application/pdf;base64,cGRm"}},
                    {"type":"text","text":"three"}]}],
                "response_format":{"type":"json_schema",
                  "json_schema":{"name":"person","schema":{"type":"object"},"strict":false}}})"));
        auto other = input;
        other.max_completion_tokens = false;
        CHECK(body(DialectId::openai_chat, other)["max_tokens"] == 77);
    }
    SUBCASE("openai-responses") {
        CHECK(ask_request(DialectId::openai_responses, input).path == "/v1/responses");
        CHECK(body(DialectId::openai_responses, input) ==
              json::parse(R"({"model":"m","instructions":"Be brief.","max_output_tokens":77,"temperature":0.5,
                "stream":true,"store":false,
                "input":[{"role":"user","content":"one"},{"role":"assistant","content":"two"},
                  {"role":"user","content":[
                    {"type":"input_image","image_url":"data:image/png;base64,aW1n"},
                    {"type":"input_file","filename":"b.pdf","file_data":"data:application/pdf;base64,cGRm"},
                    {"type":"input_text","text":"three"}]}],
                "text":{"format":{"type":"json_schema","name":"person","schema":{"type":"object"},"strict":false}}})"));
    }
    SUBCASE("gemini") {
        CHECK(ask_request(DialectId::gemini, input).path == "/v1beta/models/m:streamGenerateContent?alt=sse");
        CHECK(body(DialectId::gemini, input) == json::parse(R"({"systemInstruction":{"parts":[{"text":"Be brief."}]},
                "contents":[{"role":"user","parts":[{"text":"one"}]},{"role":"model","parts":[{"text":"two"}]},
                  {"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"aW1n"}},
                    {"inlineData":{"mimeType":"application/pdf","data":"cGRm"}},{"text":"three"}]}],
                "generationConfig":{"maxOutputTokens":77,"temperature":0.5,"responseMimeType":"application/json",
                  "responseJsonSchema":{"type":"object"}}})"));
    }
}

TEST_CASE("ask_request: the least") {
    AskInput input;
    input.model = "m/n o";
    input.turns = {{AskRole::user, {text("Hi \xff")}}};
    input.stream = false;
    CHECK(body(DialectId::anthropic, input)["max_tokens"] == 8192);
    CHECK_FALSE(body(DialectId::anthropic, input).contains("stream"));
    CHECK(body(DialectId::openai_chat, input) ==
          json{{"model", "m/n o"}, {"messages", {{{"role", "user"}, {"content", "Hi \xef\xbf\xbd"}}}}});
    CHECK(body(DialectId::openai_responses, input)["input"] == "Hi \xef\xbf\xbd");
    CHECK(ask_request(DialectId::gemini, input).path == "/v1beta/models/m/n%20o:generateContent");
}

TEST_CASE("Files: the content says what they are, not the name") {
    using namespace std::string_literals;
    CHECK(media_type_of("\x89PNG\r\n\x1a\n\0\0"s) == "image/png");
    CHECK(media_type_of("\xff\xd8\xff\xe0"s) == "image/jpeg");
    CHECK(media_type_of("GIF89a\x01\0\x01\0"s) == "image/gif");
    CHECK(media_type_of("RIFF\x10\0\0\0WEBPVP8 "s) == "image/webp");
    CHECK(media_type_of("%PDF-1.7\n") == "application/pdf");
    CHECK(media_type_of("GIF89a is an old format") == "text/plain");
    CHECK(media_type_of("Grüße\tan\r\nalle \x1b[1m!\x1b[0m") == "text/plain");
    CHECK(media_type_of("RIFF\x10\0\0\0WAVEfmt "s) == "");
    CHECK(media_type_of("PK\x03\x04\x14\0"s) == "");
    CHECK(media_type_of("nul\0nul"s) == "");
    CHECK(media_type_of("latin1 \xe9") == "");

    const auto picture = file_part("a.txt", "\x89PNG\r\n\x1a\n\0\0"s);
    REQUIRE(picture.has_value());
    CHECK(picture->kind == AskPart::Kind::image);
    CHECK(picture->media_type == "image/png");
    CHECK(base64_decode(picture->data) == "\x89PNG\r\n\x1a\n\0\0"s);
    const auto notes = file_part("a\"b<.md", "\xef\xbb\xbfline");
    REQUIRE(notes.has_value());
    CHECK(notes->kind == AskPart::Kind::text);
    CHECK(notes->data == "<file name=\"a_b_.md\">\nline\n</file>");
    CHECK(
        file_part("x", "PK\x03\x04\x14\0"s).error().message.find("a ZIP archive or an Office document; models take") !=
        std::string::npos);
    CHECK(file_part("x", "\0\1"s).error().message.find("neither UTF-8 text nor a known image") != std::string::npos);
    CHECK(file_part("x", "").error().message == "the file is empty");
}

TEST_CASE("Prompt: words, then standard input") {
    CHECK(joined_prompt({"a", "b c"}, "") == "a b c");
    CHECK(joined_prompt({}, "piped\r\n\n") == "piped");
    CHECK(joined_prompt({"a"}, "\xef\xbb\xbfpiped\n") == "a\n\npiped");
    CHECK(joined_prompt({}, "\n").empty());
}

TEST_CASE("Metadata: pairs as a header's JSON") {
    CHECK(metadata_json({}).value() == "");
    CHECK(metadata_json({"a=1", "b=x=y", "c="}).value() == R"({"a":"1","b":"x=y","c":""})");
    CHECK(metadata_json({"who=J\xc3\xbcrgen\n"}).value() == R"({"who":"J\u00fcrgen\n"})");
    for (const std::vector<std::string>& bad :
         std::vector<std::vector<std::string>>{{"a"}, {"=b"}, {"a=1", "a=2"}, {"a=" + std::string(4096, 'x')}}) {
        const auto result = metadata_json(bad);
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().kind == ErrorKind::usage);
        CHECK(result.error().message.starts_with("--meta"));
    }
}

TEST_CASE("AnswerText: text and refusals of each dialect") {
    CHECK(event_text(DialectId::anthropic, R"({"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}})")
              .text == "a");
    CHECK(event_text(DialectId::anthropic, R"({"delta":{"type":"thinking_delta","thinking":"hm"}})").text.empty());
    CHECK(event_text(DialectId::anthropic, R"({"delta":{"stop_reason":"refusal","stop_details":{"explanation":"no"}}})")
              .refusal == "no");
    CHECK(event_text(DialectId::openai_chat, R"({"choices":[{"delta":{"content":"a"}}]})").text == "a");
    CHECK(event_text(DialectId::openai_chat,
                     R"({"choices":[{"delta":{"content":[{"type":"thinking"},{"type":"text","text":"a"}]}}]})")
              .text == "a");
    CHECK(event_text(DialectId::openai_chat, R"({"choices":[{"delta":{"refusal":"no"}}]})").refusal == "no");
    CHECK(event_text(DialectId::openai_chat, R"({"choices":[]})").text.empty());
    CHECK(event_text(DialectId::openai_responses, R"({"type":"response.output_text.delta","delta":"a"})").text == "a");
    CHECK(event_text(DialectId::openai_responses, R"({"type":"response.refusal.delta","delta":"no"})").refusal == "no");
    CHECK(event_text(DialectId::gemini,
                     R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"a"}]}}]})")
              .text == "a");
    CHECK(event_text(DialectId::gemini, R"({"promptFeedback":{"blockReason":"SAFETY"}})").refusal ==
          "the prompt was blocked: SAFETY");
    CHECK(answer_text(DialectId::openai_responses,
                      R"({"output":[{"type":"reasoning"},{"content":[{"type":"output_text","text":"a"},
                          {"type":"refusal","refusal":"no"}]}]})")
              .text == "a");
    for (const std::string garbage : {"", "[]", "null", "{\"choices\":7}", "{\"delta\":\"x\"}", "{\"content\":\"x\"}",
                                      "{\"output\":[1]}", "{\"candidates\":[3]}", "{\"choices\":[null]}"}) {
        for (const auto& dialect : dialect_names) {
            CAPTURE(garbage);
            CHECK(event_text(dialect.id, garbage).text.empty());
            CHECK(answer_text(dialect.id, garbage).text.empty());
        }
    }
}
