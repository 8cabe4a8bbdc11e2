#include <doctest/doctest.h>

#include "core/gateway/peek.hpp"
#include "core/gateway/usage_request.hpp"

using namespace llmgw;

TEST_CASE("Peek: finds what routing needs and nothing else changes") {
    const std::string body =
        R"({"messages":[{"role":"user","content":"\"model\":\"x\" }"}], "model" : "a/b", "stream":true,"max_tokens":1e2,"n":1.0})";
    const auto peek = peek_body(body);
    REQUIRE(peek.has_value());
    CHECK(peek->model == "a/b");
    CHECK(peek->stream);
    CHECK(peek->max_tokens == 100);
    CHECK(
        splice(body, peek->model_span, "\"b\"") ==
        R"({"messages":[{"role":"user","content":"\"model\":\"x\" }"}], "model" : "b", "stream":true,"max_tokens":1e2,"n":1.0})");
}

TEST_CASE("Peek: the last of two keys counts, however it is written") {
    CHECK(peek_body(R"({"model":"a","model":"b"})")->model == "b");
    CHECK(peek_body(R"({"model":"a","mod\u0065l":"b"})")->model == "b");
    CHECK(peek_body(R"({"stream":true,"stream":false})")->stream == false);
}

TEST_CASE("Peek: what is no JSON object is refused") {
    for (const auto* body : {"", "[]", "{", "{\"model\":\"a\"", "null", "{\"model\" \"a\"}", "hello"}) {
        CAPTURE(body);
        CHECK(peek_body(body).error().kind == ErrorKind::bad_request);
    }
    CHECK_FALSE(peek_body("{}")->model.has_value());
    CHECK_FALSE(peek_body(R"({"model":7})")->model.has_value());
}

TEST_CASE("Usage request: asked for by a splice in each of the four places") {
    const auto ask = [](const std::string& body) { return ask_for_usage(body, *peek_body(body)); };
    CHECK(ask(R"({"model":"a","stream":true})") ==
          R"({"stream_options":{"include_usage":true},"model":"a","stream":true})");
    CHECK(ask("{ }") == R"({"stream_options":{"include_usage":true} })");
    CHECK(ask(R"({"stream_options":{ },"stream":true})") ==
          R"({"stream_options":{"include_usage":true },"stream":true})");
    CHECK(ask(R"({"stream_options":{"include_obfuscation":false}})") ==
          R"({"stream_options":{"include_usage":true,"include_obfuscation":false}})");
    CHECK(ask(R"({"stream_options":{"include_usage":false,"x":1}})") ==
          R"({"stream_options":{"include_usage":true,"x":1}})");
    CHECK(ask(R"({"stream_options":null,"a":1})") == R"({"stream_options":{"include_usage":true},"a":1})");
}

TEST_CASE("Usage request: what the client did not ask for is not in its bytes") {
    const auto hide = [](const std::string& data) {
        const std::string raw = "data: " + data + "\n\n";
        std::string storage;
        return std::string(hide_usage(raw, std::string_view(raw).substr(6, data.size()), storage));
    };
    CHECK(hide(R"({"choices":[],"usage":{"prompt_tokens":1}})").empty());
    CHECK(hide(R"({"usage":{"prompt_tokens":1},"choices":[ ]})").empty());
    CHECK(hide(R"({"id":"a","choices":[{"delta":{}}],"usage":null})") ==
          "data: {\"id\":\"a\",\"choices\":[{\"delta\":{}}]}\n\n");
    CHECK(hide(R"({"id":"a","usage":null,"choices":[{"delta":{}}]})") ==
          "data: {\"id\":\"a\",\"choices\":[{\"delta\":{}}]}\n\n");
    CHECK(hide(R"({"usage":null , "choices":[{"delta":{}}]})") == "data: { \"choices\":[{\"delta\":{}}]}\n\n");
    CHECK(hide(R"({"choices":[{"delta":{"content":"\"usage\":null"}}]})") ==
          "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\":null\"}}]}\n\n");
    CHECK(hide("[DONE]") == "data: [DONE]\n\n");
    // Azure's first chunk has no choices and no numbers: it stays.
    CHECK(hide(R"({"choices":[],"prompt_filter_results":[],"usage":null})") ==
          "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n");
}
