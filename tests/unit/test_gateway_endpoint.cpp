#include <doctest/doctest.h>

#include "core/gateway/endpoint.hpp"

using namespace llmgw;

namespace {

Endpoint match(std::string_view method, std::string_view target, const Headers& headers = {}) {
    auto endpoint = match_endpoint(method, target, headers);
    REQUIRE_MESSAGE(endpoint.has_value(), target);
    return *endpoint;
}

}  // namespace

TEST_CASE("Endpoint: the contract's paths and their dialects") {
    struct Case {
        const char* method;
        const char* target;
        DialectId dialect;
        Operation operation;
    };
    for (const auto& c : {
             Case{"POST", "/v1/messages?beta=true", DialectId::anthropic, Operation::messages},
             Case{"POST", "/v1/messages/count_tokens", DialectId::anthropic, Operation::count_tokens},
             Case{"POST", "/v1/chat/completions", DialectId::openai_chat, Operation::chat},
             Case{"POST", "/v1/responses", DialectId::openai_responses, Operation::responses},
             Case{"POST", "/v1/responses/input_tokens", DialectId::openai_responses, Operation::count_tokens},
             Case{"POST", "/v1/embeddings", DialectId::openai_chat, Operation::embeddings},
             Case{"GET", "/v1/models", DialectId::openai_chat, Operation::models},
             Case{"GET", "/v1/files", DialectId::openai_chat, Operation::other},
             Case{"GET", "/v1beta/models", DialectId::gemini, Operation::models},
             Case{"POST", "/v1beta/cachedContents", DialectId::gemini, Operation::other},
             Case{"HEAD", "/api/hello", DialectId::anthropic, Operation::hello},
         }) {
        CAPTURE(c.target);
        const auto endpoint = match(c.method, c.target);
        CHECK(endpoint.dialect == c.dialect);
        CHECK(endpoint.operation == c.operation);
    }
}

TEST_CASE("Endpoint: one URL, three dialects by header") {
    CHECK(match("GET", "/v1/models", {{"Anthropic-Version", "2023-06-01"}}).dialect == DialectId::anthropic);
    CHECK(match("GET", "/v1/models", {{"x-goog-api-key", "k"}}).dialect == DialectId::gemini);
    CHECK(match("GET", "/v1/models?key=k").dialect == DialectId::gemini);
    CHECK(match("GET", "/v1/models", {{"Authorization", "Bearer k"}}).dialect == DialectId::openai_chat);
}

TEST_CASE("Endpoint: Gemini names its model in the path, under both versions, with a plain or encoded slash") {
    for (const auto* target : {"/v1beta/models/local/qwen:streamGenerateContent?alt=sse",
                               "/v1/models/local%2Fqwen:streamGenerateContent?alt=sse"}) {
        const auto endpoint = match("POST", target);
        CHECK(endpoint.dialect == DialectId::gemini);
        CHECK(endpoint.operation == Operation::generate);
        CHECK(endpoint.model_in_path);
        CHECK(endpoint.path_model == "local/qwen");
        CHECK(endpoint.stream_by_path);
        CHECK(endpoint.query == "alt=sse");
        CHECK(endpoint.before_model + endpoint.path.substr(endpoint.before_model.size()) == endpoint.path);
    }
    CHECK(match("POST", "/v1beta/models/g:countTokens").operation == Operation::count_tokens);
    CHECK_FALSE(match("POST", "/v1beta/models/g:countTokens").billable());
}

TEST_CASE("Endpoint: a client's key leaves the query, the rest keeps its bytes") {
    const auto endpoint = match("POST", "/v1beta/models/g:generateContent?alt=sse&key=se%2Bcret&x=%41");
    CHECK(endpoint.query_key == "se+cret");
    CHECK(endpoint.query == "alt=sse&x=%41");
    CHECK(match("GET", "/v1beta/models?key=k").query.empty());
    CHECK(match("GET", "/v1beta/models?a=1&key=k").query == "a=1");
    CHECK(match("GET", "/v1/models?monkey=k").query == "monkey=k");
}

TEST_CASE("Endpoint: the feature prefix") {
    const auto endpoint = match("POST", "/f/find%20bug/v1/messages?beta=true");
    CHECK(endpoint.feature == "find bug");
    CHECK(endpoint.path == "/v1/messages");
    CHECK(endpoint.query == "beta=true");
    CHECK_FALSE(match_endpoint("POST", "/f/", {}).has_value());
    CHECK_FALSE(match_endpoint("POST", "/f/x", {}).has_value());
    CHECK_FALSE(match_endpoint("POST", "/f//v1/messages", {}).has_value());
}

TEST_CASE("Endpoint: targets no honest client sends are refused") {
    for (const auto* target : {"http://evil.example/v1/messages", "v1/messages", "/v1/../admin", "/v1/%2e%2e/admin",
                               "/v1/%00", "/v1/%zz", "/v1/a\\b", "/v1/%0d%0aX", "", "*"}) {
        CAPTURE(target);
        const auto endpoint = match_endpoint("POST", target, {});
        REQUIRE_FALSE(endpoint.has_value());
        CHECK(endpoint.error().kind == ErrorKind::bad_request);
    }
    CHECK(match_endpoint("PUT", "/v1/messages", {}).error().kind == ErrorKind::not_found);
    CHECK(match_endpoint("TRACE", "/v1/files", {}).error().kind == ErrorKind::not_found);
    CHECK(match_endpoint("PUT", "/v1/files/x", {}).has_value());
    CHECK(match_endpoint("POST", "/nothing", {}).error().kind == ErrorKind::not_found);
    CHECK(match_endpoint("GET", "/f/x/nothing", {}).error().kind == ErrorKind::not_found);
}
