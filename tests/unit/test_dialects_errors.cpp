#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "providers/dialects/error_body.hpp"
#include "providers/registry.hpp"
#include "tests/support/dialect_text.hpp"

using namespace llmgw;
using nlohmann::json;

namespace {

// The data of the only event in `stream`, parsed.
json data_of(std::string_view stream, std::string_view name) {
    SseFramer framer;
    const auto& events = framer.feed(stream);
    REQUIRE(events.size() == 1);
    CHECK(framer.pending().empty());
    CHECK(events[0].name == name);
    return json::parse(events[0].data);
}

ApiError error_of(ErrorClass error_class, int status) {
    ApiError error;
    error.status = status;
    error.error_class = error_class;
    error.message = "Say \"no\"\n\xFF";
    error.request_id = "call-1";
    return error;
}

const char* const shown_message = "Say \"no\"\n\xEF\xBF\xBD";

}  // namespace

TEST_SUITE("dialects/errors") {
    TEST_CASE("decode_error: class by words, message and status together") {
        struct Row {
            int status;
            const char* body;
            ErrorClass expected;
            const char* message;  // "" when llmgw's own words are used
        };
        const Row rows[] = {
            // Anthropic
            {400, R"({"type":"error","error":{"type":"invalid_request_error","message":"bad"}})",
             ErrorClass::bad_request, "bad"},
            {400, R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 > 8"}})",
             ErrorClass::context_length, "prompt is too long: 9 > 8"},
            {400,
             R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}})",
             ErrorClass::billing, "Your credit balance is too low"},
            {401, R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})",
             ErrorClass::authentication, "invalid x-api-key"},
            {403, R"({"error":{"type":"permission_error","message":"no"}})", ErrorClass::permission, "no"},
            {404, R"({"error":{"type":"not_found_error","message":"model: x"}})", ErrorClass::not_found, "model: x"},
            {413, R"({"error":{"type":"request_too_large","message":"big"}})", ErrorClass::too_large, "big"},
            {429, R"({"error":{"type":"rate_limit_error","message":"Please reduce the length of the messages"}})",
             ErrorClass::rate_limit, "Please reduce the length of the messages"},
            {529, R"({"error":{"type":"overloaded_error","message":"Overloaded"}})", ErrorClass::overloaded,
             "Overloaded"},
            {500, R"({"error":{"type":"api_error","message":"oops"}})", ErrorClass::server, "oops"},
            {504, R"({"error":{"type":"timeout_error","message":"slow"}})", ErrorClass::timeout, "slow"},
            // OpenAI and its hosts
            {400, R"({"error":{"message":"long","type":"invalid_request_error","code":"context_length_exceeded"}})",
             ErrorClass::context_length, "long"},
            {400,
             R"({"error":{"message":"This model's maximum context length is 8","type":"BadRequestError","code":400}})",
             ErrorClass::context_length, "This model's maximum context length is 8"},
            {429, R"({"error":{"message":"quota","type":"insufficient_quota","code":"insufficient_quota"}})",
             ErrorClass::billing, "quota"},
            {429, R"({"error":{"message":"slow","type":"tokens","code":"rate_limit_exceeded"}})",
             ErrorClass::rate_limit, "slow"},
            {413,
             R"({"error":{"message":"too large on tokens per minute","type":"tokens","code":"rate_limit_exceeded"}})",
             ErrorClass::rate_limit, "too large on tokens per minute"},
            {401, R"({"error":{"message":"m","type":"authentication_error","code":"invalid_request_error"}})",
             ErrorClass::authentication, "m"},
            {402, R"({"error":{"message":"Insufficient Balance","type":"unknown_error"}})", ErrorClass::billing,
             "Insufficient Balance"},
            {404, R"({"error":{"message":"m","code":"model_not_found"}})", ErrorClass::not_found, "m"},
            {400, R"({"object":"error","message":"flat","type":"invalid_request_error","code":"unknown_model"})",
             ErrorClass::not_found, "flat"},
            {422, R"({"detail":[{"loc":["body"],"msg":"field required","type":"value_error"}]})",
             ErrorClass::bad_request, "field required"},
            {401, R"({"detail":"Unauthorized"})", ErrorClass::authentication, "Unauthorized"},
            {404, R"({"error":"model 'nope' not found"})", ErrorClass::not_found, "model 'nope' not found"},
            {400, R"({"error":{"message":"m","code":"content_filter","innererror":{"code":"x"}}})",
             ErrorClass::content_filter, "m"},
            {400, R"({"error":{"code":400,"message":"m","type":"exceed_context_size_error"}})",
             ErrorClass::context_length, "m"},
            {403, R"({"error":{"code":403,"message":"Request blocked: patterns"}})", ErrorClass::content_filter,
             "Request blocked: patterns"},
            {429, R"({"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"upstream is busy"}}})",
             ErrorClass::rate_limit, "Provider returned error"},
            {498, "{}", ErrorClass::overloaded, ""},
            // Gemini
            {400,
             R"({"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}})",
             ErrorClass::authentication, "m"},
            {400,
             R"({"error":{"code":400,"message":"The input token count (9) exceeds the maximum number of tokens allowed (8).","status":"INVALID_ARGUMENT"}})",
             ErrorClass::context_length, "The input token count (9) exceeds the maximum number of tokens allowed (8)."},
            {429, R"([{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}])", ErrorClass::rate_limit,
             "m"},
            {503, R"({"error":{"code":503,"message":"m","status":"UNAVAILABLE"}})", ErrorClass::overloaded, "m"},
            {504, R"({"error":{"status":"DEADLINE_EXCEEDED","message":"m"}})", ErrorClass::timeout, "m"},
            {500, R"({"error":{"status":"INTERNAL","message":"m"}})", ErrorClass::server, "m"},
            // No JSON at all
            {401, "Authentication Fails (governor)", ErrorClass::authentication, "Authentication Fails (governor)"},
            {502, "<html><h1>Bad Gateway</h1></html>", ErrorClass::server, ""},
            {503, "", ErrorClass::overloaded, ""},
            {524, "error code: 524", ErrorClass::timeout, "error code: 524"},
            {400, "\"just a string\"", ErrorClass::bad_request, "just a string"},
            {400, "[]", ErrorClass::bad_request, ""},
            {400, "[\"first\",\"second\"]", ErrorClass::bad_request, "first"},
            {400, "{\"error\":{\"message\":\"cut", ErrorClass::bad_request, ""},
            {418, "{\"error\":null}", ErrorClass::bad_request, ""},
        };
        for (const auto& row : rows) {
            CAPTURE(row.status);
            CAPTURE(row.body);
            for (const auto& name : dialect_names) {
                const ApiError error = dialects().get(name.id).decode_error(row.status, row.body);
                CHECK(to_string(error.error_class) == to_string(row.expected));
                CHECK(error.status == row.status);
                const std::string_view message = row.message;
                CHECK((message.empty() ? error.message.find(std::to_string(row.status)) != std::string::npos
                                       : error.message.starts_with(message)));
            }
        }
    }

    TEST_CASE("decode_error: what else a body says") {
        const Dialect& dialect = dialects().get(DialectId::gemini);
        const auto wait = dialect.decode_error(
            429, R"({"error":{"message":"m","details":[{"@type":"RetryInfo","retryDelay":"34.4s"}]}})");
        CHECK(wait.retry_after_s == 35);
        CHECK(
            dialect.decode_error(429, R"({"error":{"message":"Please try again in 11.054s. Visit"}})").retry_after_s ==
            12);
        CHECK_FALSE(dialect.decode_error(429, R"({"error":{"message":"try again in 6ms"}})").retry_after_s.has_value());
        CHECK(dialect.decode_error(404, R"({"error":{"message":"m"},"request_id":"req_1"})").request_id == "req_1");
        CHECK(dialect.decode_error(429, R"({"error":{"message":"P","metadata":{"raw":"busy"}}})").message == "P: busy");
        CHECK(dialect.decode_error(500, std::string(100'000, 'x')).message.size() <= 4000);
    }

    TEST_CASE("decode_error: keys and organisations are not repeated") {
        const Dialect& dialect = dialects().get(DialectId::openai_chat);
        const auto message = [&](const std::string& text) {
            return dialect.decode_error(401, json{{"error", {{"message", text}}}}.dump()).message;
        };
        CHECK(message("Incorrect API key provided: sk-inval**********6789. Find it") ==
              "Incorrect API key provided: [redacted]. Find it");
        CHECK(message("Your api key: ****6789 is invalid") == "Your api key: [redacted] is invalid");
        CHECK(message("organization org-78asdf87asdf9aaa8976 on") == "organization [redacted] on");
        CHECK(message("(0dccdde6-f924-4f1b-bb3b-92ef846e0a5b)") == "([redacted])");
        CHECK(message("a risk-averse task in gpt-4o-2024-08-06") == "a risk-averse task in gpt-4o-2024-08-06");
    }

    TEST_CASE("encode_error: each class in each dialect's words") {
        struct Row {
            ErrorClass error_class;
            int status;
            const char* anthropic;
            const char* openai_type;
            const char* openai_code;
            const char* gemini;
        };
        const Row rows[] = {
            {ErrorClass::bad_request, 400, "invalid_request_error", "invalid_request_error", "", "INVALID_ARGUMENT"},
            {ErrorClass::context_length, 400, "invalid_request_error", "invalid_request_error",
             "context_length_exceeded", "INVALID_ARGUMENT"},
            {ErrorClass::authentication, 401, "authentication_error", "invalid_request_error", "invalid_api_key",
             "UNAUTHENTICATED"},
            {ErrorClass::billing, 402, "billing_error", "insufficient_quota", "insufficient_quota",
             "RESOURCE_EXHAUSTED"},
            {ErrorClass::permission, 403, "permission_error", "invalid_request_error", "permission_denied",
             "PERMISSION_DENIED"},
            {ErrorClass::not_found, 404, "not_found_error", "invalid_request_error", "model_not_found", "NOT_FOUND"},
            {ErrorClass::no_endpoint, 404, "not_found_error", "invalid_request_error", "", "NOT_FOUND"},
            {ErrorClass::too_large, 413, "request_too_large", "invalid_request_error", "request_too_large",
             "INVALID_ARGUMENT"},
            {ErrorClass::rate_limit, 429, "rate_limit_error", "requests", "rate_limit_exceeded", "RESOURCE_EXHAUSTED"},
            {ErrorClass::server, 500, "api_error", "server_error", "server_error", "INTERNAL"},
            {ErrorClass::overloaded, 503, "overloaded_error", "server_error", "server_error", "UNAVAILABLE"},
            {ErrorClass::timeout, 504, "timeout_error", "server_error", "timeout", "DEADLINE_EXCEEDED"},
            {ErrorClass::connect, 502, "api_error", "server_error", "server_error", "UNAVAILABLE"},
            {ErrorClass::truncated, 502, "api_error", "server_error", "server_error", "INTERNAL"},
            {ErrorClass::content_filter, 400, "invalid_request_error", "invalid_request_error", "content_filter",
             "INVALID_ARGUMENT"},
        };
        const StreamState state{7, "resp_1", "gpt-\"test\""};
        for (const auto& row : rows) {
            CAPTURE(row.anthropic);
            CAPTURE(row.status);
            const ApiError error = error_of(row.error_class, row.status);

            const Dialect& anthropic = dialects().get(DialectId::anthropic);
            for (const auto& body : {json::parse(anthropic.encode_error(error)),
                                     data_of(anthropic.encode_stream_error(error, state), "error")}) {
                CHECK(body["type"] == "error");
                CHECK(body["error"]["type"] == row.anthropic);
                CHECK(body["error"]["message"].get<std::string>().ends_with(shown_message));
            }
            CHECK(json::parse(anthropic.encode_error(error))["request_id"] == "call-1");

            const json no_code = std::string_view(row.openai_code).empty() ? json() : json(row.openai_code);
            const Dialect& chat = dialects().get(DialectId::openai_chat);
            for (const auto& body : {json::parse(chat.encode_error(error)),
                                     json::parse(dialects().get(DialectId::openai_responses).encode_error(error)),
                                     data_of(chat.encode_stream_error(error, state), "")}) {
                CHECK(body["error"]["type"] == row.openai_type);
                CHECK(body["error"]["code"] == no_code);
                CHECK(body["error"]["message"] == shown_message);
                CHECK(body["error"]["param"].is_null());
            }

            const Dialect& gemini = dialects().get(DialectId::gemini);
            const std::string stream = gemini.encode_stream_error(error, state);
            CHECK(stream.ends_with("\r\n\r\n"));
            for (const auto& body : {json::parse(gemini.encode_error(error)), data_of(stream, "")}) {
                CHECK(body["error"]["code"] == row.status);
                CHECK(body["error"]["status"] == row.gemini);
                CHECK(body["error"]["message"] == shown_message);
            }

            const json failed = data_of(dialects().get(DialectId::openai_responses).encode_stream_error(error, state),
                                        "response.failed");
            CHECK(failed["type"] == "response.failed");
            CHECK(failed["sequence_number"] == 7);
            CHECK(failed["response"]["id"] == "resp_1");
            CHECK(failed["response"]["model"] == "gpt-\"test\"");
            CHECK(failed["response"]["status"] == "failed");
            CHECK_FALSE(failed["response"]["error"]["code"].get<std::string>().empty());
            CHECK(failed["response"]["error"]["message"] == shown_message);
        }
    }

    TEST_CASE("encode_stream_error: our own decoders take it for a failed stream, never for a finished one") {
        for (const auto& name : dialect_names) {
            CAPTURE(name.name);
            const Dialect& dialect = dialects().get(name.id);
            const std::string stream = dialect.encode_stream_error(error_of(ErrorClass::overloaded, 503), {});
            const auto reading = test::read_stream(dialect, stream, stream.size());
            const auto* failed = test::last_of<event::Failed>(reading.events);
            REQUIRE(failed != nullptr);
            const bool told_apart = name.id == DialectId::anthropic || name.id == DialectId::gemini;
            CHECK(failed->error.error_class == (told_apart ? ErrorClass::overloaded : ErrorClass::server));
            // response.failed is itself that dialect's terminal event.
            CHECK((test::last_of<event::Terminal>(reading.events) != nullptr) ==
                  (name.id == DialectId::openai_responses));
        }
    }

    TEST_CASE("encode_error: particulars that clients act on") {
        const std::string body =
            dialects().get(DialectId::anthropic).encode_error(error_of(ErrorClass::context_length, 400));
        CHECK(json::parse(body)["error"]["message"].get<std::string>().starts_with("prompt is too long: "));
        ApiError limited = error_of(ErrorClass::rate_limit, 429);
        limited.retry_after_s = 12;
        const json gemini = json::parse(dialects().get(DialectId::gemini).encode_error(limited));
        CHECK(gemini["error"]["details"][0]["retryDelay"] == "12s");
        CHECK(dialects().get(DialectId::gemini).decode_error(429, gemini.dump()).retry_after_s == 12);
    }

    TEST_CASE("ping: harmless bytes, or none") {
        for (const auto& name : dialect_names) {
            CAPTURE(name.name);
            const Dialect& dialect = dialects().get(name.id);
            for (const bool started : {false, true}) {
                const std::string ping(dialect.ping(started));
                CHECK(ping.empty() == (name.id == DialectId::gemini));
                const auto reading = test::read_stream(dialect, ping, 1);
                CHECK(reading.events.empty());
                CHECK(reading.raw == ping);
            }
        }
        CHECK(dialects().get(DialectId::anthropic).ping(true) == "event: ping\ndata: {\"type\": \"ping\"}\n\n");
        CHECK(dialects().get(DialectId::anthropic).ping(false).starts_with(':'));
    }
}
