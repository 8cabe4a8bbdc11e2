#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/provider/host.hpp"
#include "core/telemetry/redact.hpp"
#include "core/util/base64.hpp"
#include "providers/bedrock/credentials.hpp"
#include "providers/hosts.hpp"
#include "providers/registry.hpp"
#include "tests/support/answer_text.hpp"
#include "tests/support/aws_frames.hpp"

using namespace llmgw;
using namespace llmgw::test;
using Json = nlohmann::json;

namespace {

const Host& host() {
    return bedrock_host;
}

Provider provider(std::string region = "us-east-1") {
    Provider made;
    made.host = &host();
    made.dialects = {DialectId::anthropic, DialectId::bedrock_converse};
    made.settings.region = std::move(region);
    made.base_url = "https://bedrock-runtime." + made.settings.region + ".amazonaws.com";
    return made;
}

HostCall call(const Provider& of, DialectId dialect, std::string_view model, bool stream = false,
              Operation operation = Operation::messages) {
    return {.provider = of,
            .dialect = dialect,
            .operation = operation,
            .model = model,
            .stream = stream,
            .method = "POST",
            .path = "/v1/messages"};
}

std::string url(DialectId dialect, std::string_view model, bool stream = false,
                Operation operation = Operation::messages) {
    const auto of = provider();
    const auto made = host().url(call(of, dialect, model, stream, operation));
    if (!made) { return made.error().kind == ErrorKind::not_found ? "none" : made.error().message; }
    constexpr std::string_view base = "https://bedrock-runtime.us-east-1.amazonaws.com";
    REQUIRE(made->starts_with(base));
    return made->substr(base.size());
}

std::string completed(Provider& made, const std::vector<std::pair<std::string, std::string>>& env = {}) {
    return host().complete(made, [&](std::string_view name) -> std::optional<std::string> {
        for (const auto& [key, value] : env) {
            if (key == name) { return value; }
        }
        return std::nullopt;
    });
}

std::string framed(DialectId dialect, const std::string& bytes, std::size_t piece_bytes) {
    const auto framing = host().framing(dialect, "application/vnd.amazon.eventstream");
    std::string sse;
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
        if (!framing->feed(bytes.substr(at, piece_bytes), sse)) { return sse + "fault"; }
    }
    return framing->finish(sse) ? sse : sse + "cut";
}

std::string chunk(const std::string& json) {
    return aws_event("chunk", R"({"bytes":")" + base64(json) + R"(","p":"abcd"})");
}

}  // namespace

TEST_SUITE("providers/bedrock") {
    TEST_CASE("base URL and region, each from the other or from the environment") {
        Provider made;
        CHECK(completed(made).starts_with("needs region"));
        CHECK(completed(made, {{"AWS_DEFAULT_REGION", "eu-west-1"}}) == "");
        CHECK(made.base_url == "https://bedrock-runtime.eu-west-1.amazonaws.com");
        Provider preferred;
        CHECK(completed(preferred, {{"AWS_DEFAULT_REGION", "eu-west-1"}, {"AWS_REGION", "cn-north-1"}}) == "");
        CHECK(preferred.base_url == "https://bedrock-runtime.cn-north-1.amazonaws.com.cn");
        CHECK(host().own_origin(preferred));
        Provider vpc;
        vpc.base_url = "https://vpce-1-a.bedrock-runtime.ap-south-1.vpce.amazonaws.com";
        CHECK(completed(vpc) == "");
        CHECK(vpc.settings.region == "ap-south-1");
        CHECK(host().own_origin(vpc));
        Provider own;
        own.base_url = "http://127.0.0.1:9";
        own.settings.region = "us-west-2";
        CHECK(completed(own) == "");
        CHECK(own.base_url == "http://127.0.0.1:9");
        CHECK_FALSE(host().own_origin(own));
        Provider evil;
        evil.base_url = "https://bedrock-runtime.us-east-1.amazonaws.com.evil.example";
        CHECK_FALSE(host().own_origin(evil));
        Provider odd;
        CHECK(completed(odd, {{"AWS_REGION", "us/../evil"}}).find("is none") != std::string::npos);
    }

    TEST_CASE("models: Claude by InvokeModel, all others by Converse; what is configured alone holds") {
        auto made = provider();
        CHECK(made.speaks(DialectId::anthropic, "us.anthropic.claude-opus-4-8"));
        CHECK_FALSE(made.speaks(DialectId::anthropic, "amazon.nova-lite-v1:0"));
        CHECK(made.speaks(DialectId::bedrock_converse, "amazon.nova-lite-v1:0"));
        constexpr std::string_view profile = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc";
        CHECK_FALSE(made.speaks(DialectId::anthropic, profile));
        made.dialects = {DialectId::anthropic};
        CHECK(made.speaks(DialectId::anthropic, profile));
    }

    TEST_CASE("URLs: the model in the path, percent-encoded") {
        using enum DialectId;
        CHECK(url(anthropic, "us.anthropic.claude-haiku-4-5-20251001-v1:0") ==
              "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke");
        CHECK(url(anthropic, "global.anthropic.claude-opus-4-8", true) ==
              "/model/global.anthropic.claude-opus-4-8/invoke-with-response-stream");
        CHECK(url(bedrock_converse, "arn:aws:bedrock:us-east-1:12:application-inference-profile/a1") ==
              "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A12%3Aapplication-inference-profile%2Fa1/converse");
        CHECK(url(bedrock_converse, "amazon.nova-lite-v1:0", true, Operation::other) ==
              "/model/amazon.nova-lite-v1%3A0/converse-stream");
        CHECK(url(anthropic, "us.anthropic.claude-sonnet-4-20250514-v1:0", false, Operation::count_tokens) ==
              "/model/anthropic.claude-sonnet-4-20250514-v1%3A0/count-tokens");
        CHECK(url(bedrock_converse, "amazon.nova-lite-v1:0", false, Operation::count_tokens) == "none");
        CHECK(url(anthropic, "", false, Operation::models) == "none");
        CHECK(url(anthropic, "anthropic.claude-3-haiku-20240307-v1:0", false, Operation::other) == "none");
    }

    TEST_CASE("InvokeModel's body: model and stream leave it, version and betas come in, all else stays as written") {
        const auto of = provider();
        const auto what = call(of, DialectId::anthropic, "anthropic.claude-opus-4-8", true);
        Headers headers{{"anthropic-beta", "oauth-2025-04-20, interleaved-thinking-2025-05-14,made-up"},
                        {"Anthropic-Beta", "advanced-tool-use-2025-11-20"},
                        {"anthropic-version", "2023-06-01"},
                        {"Accept", "text/event-stream"},
                        {"content-type", "application/json"}};
        const std::string body =
            R"({"model":"claude", "max_tokens": 1e3,"messages" :[{"role":"user","content":"\u00e9"}],"stream":true})";
        const auto made = host().body(what, headers, body);
        REQUIRE(made);
        CHECK(made->contains(R"("max_tokens": 1e3)"));
        CHECK(made->contains(R"("messages" :[{"role":"user","content":"\u00e9"}])"));
        const auto json = Json::parse(*made);
        CHECK_FALSE(json.contains("model"));
        CHECK_FALSE(json.contains("stream"));
        CHECK(json["anthropic_version"] == "bedrock-2023-05-31");
        CHECK(json["anthropic_beta"] == Json{"interleaved-thinking-2025-05-14", "tool-search-tool-2025-10-19"});
        CHECK(headers == Headers{{"content-type", "application/json"}, {"Accept", "application/json"}});

        Headers none;
        const auto plain = host().body(what, none, R"({"anthropic_beta":["effort-2025-11-24","x"],"messages":[]})");
        REQUIRE(plain);
        CHECK(Json::parse(*plain)["anthropic_beta"] == Json{"effort-2025-11-24"});
        CHECK_FALSE(host().body(what, none, "[]"));

        const auto counted =
            host().body(call(of, DialectId::anthropic, "anthropic.claude-opus-4-8", false, Operation::count_tokens),
                        none, R"({"model":"m","messages":[]})");
        REQUIRE(counted);
        const auto inner = base64_decode(Json::parse(*counted)["input"]["invokeModel"]["body"].get<std::string>());
        REQUIRE(inner);
        CHECK(Json::parse(*inner) ==
              Json::parse(R"({"anthropic_version":"bedrock-2023-05-31","max_tokens":1024,"messages":[]})"));

        Headers moved{{"anthropic-version", "2023-06-01"}};
        const auto converse = host().body(call(of, DialectId::bedrock_converse, "amazon.nova-lite-v1:0"), moved, "{}");
        CHECK(converse.value_or("") == "{}");
        CHECK(moved == Headers{{"Accept", "application/json"}});
    }

    TEST_CASE("credentials: an API key, an access key, what a credential process prints") {
        const auto of = provider();
        const auto ready = [&](std::string_view secret) {
            const auto step = host().credential(of, secret, 1'699'999'000'000);
            if (!step) { return Credential{"error: " + step.error().message, std::nullopt}; }
            return std::get<Credential>(*step);
        };
        CHECK(ready("ABSKcanary0001==").text == "ABSKcanary0001==");
        CHECK(ready("AKIDCANARY:secret-canary-0002").text == "AKIDCANARY:secret-canary-0002");
        CHECK(redact("x secret-canary-0002 y").find("canary") == std::string::npos);
        CHECK(ready("AKID:").text.starts_with("error: the access key is incomplete"));
        const auto document = [](const std::string& end) {
            return R"({
  "Version": 1, "AccessKeyId": "ASIACANARY",
  "SecretAccessKey": "secret-canary-0003", "SessionToken": "token-canary-0004==")" +
                   (end.empty() ? "" : R"(, "Expiration": ")" + end + "\"") + "\n}\n";
        };
        const auto temporary = ready(document("2023-11-15T00:13:20+02:00"));
        CHECK(temporary.text == "ASIACANARY:secret-canary-0003:token-canary-0004==");
        CHECK(temporary.expires_ms == 1'700'000'000'000);
    }

    TEST_CASE("credentials: ends in time, and those that are none") {
        const auto of = provider();
        const std::string ended =
            R"({"AccessKeyId":"A","SecretAccessKey":"secret-canary-0005","Expiration":"2023-11-14T22:13:20Z"})";
        CHECK(host().credential(of, ended, 1'699'999'999'999).has_value());
        const auto late = host().credential(of, ended, 1'700'000'000'000);
        REQUIRE_FALSE(late);
        CHECK(late.error().kind == ErrorKind::credential);
        CHECK(late.error().message.find("canary") == std::string::npos);
        for (const std::string bad : {R"({"AccessKeyId":"A"})", R"({"AccessKeyId":"A\n","SecretAccessKey":"b"})",
                                      R"({"AccessKeyId":"A","SecretAccessKey":"b","Expiration":"soon"})", "{"}) {
            CAPTURE(bad);
            CHECK_FALSE(host().credential(of, bad, 0));
        }
        CHECK(bedrock::time_ms("2023-11-14T22:13:20.123Z") == 1'700'000'000'000);
        CHECK(bedrock::time_ms("2023-11-14T20:43:20-01:30") == 1'700'000'000'000);
        CHECK_FALSE(bedrock::time_ms("2023-02-30T00:00:00Z"));
        CHECK_FALSE(bedrock::time_ms("2023-11-14T22:13:20"));
    }

    TEST_CASE("authorisation: a key is a bearer's, an access key signs what is sent") {
        const auto of = provider();
        UpstreamRequest request;
        request.url = of.base_url + "/model/m%3A0/invoke";
        request.body = "{}";
        REQUIRE(host().authorise(of, "ABSKkey", 1'440'938'160'000, request));
        CHECK(request.headers == Headers{{"Authorization", "Bearer ABSKkey"}});
        request.headers.clear();
        REQUIRE(host().authorise(of, "AKID:secret:token", 1'440'938'160'000, request));
        REQUIRE(request.headers.size() == 3);
        CHECK(find_header(request.headers, "x-amz-date") == "20150830T123600Z");
        CHECK(find_header(request.headers, "x-amz-security-token") == "token");
        CHECK(find_header(request.headers, "authorization")
                  .starts_with("AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/bedrock/aws4_request, "
                               "SignedHeaders=host;x-amz-date;x-amz-security-token, Signature="));
        const std::string first(find_header(request.headers, "authorization"));
        // The host is signed as it is sent, however the base URL writes it.
        request.headers.clear();
        request.url = "https://BEDROCK-runtime.us-east-1.AMAZONAWS.com:443/model/m%3A0/invoke";
        REQUIRE(origin_of(request.url) == origin_of(of.base_url));
        REQUIRE(host().authorise(of, "AKID:secret:token", 1'440'938'160'000, request));
        CHECK(find_header(request.headers, "authorization") == first);
        request.headers.clear();
        request.body = "{ }";
        REQUIRE(host().authorise(of, "AKID:secret:token", 1'440'938'160'000, request));
        CHECK(find_header(request.headers, "authorization") != first);
    }

    TEST_CASE("InvokeModel's stream: Anthropic's own events, cut anywhere") {
        const std::string start = R"({"type":"message_start","message":{"id":"msg_1","content":[]}})";
        const std::string pretty = "{\n \"type\": \"message_stop\"\r\n}";
        const auto bytes = chunk(start) + aws_event("initial-response", "{}") + chunk(pretty);
        const std::string expected = "event: message_start\ndata: " + start +
                                     "\n\nevent: message_stop\ndata: {  \"type\": \"message_stop\"  }\n\n";
        for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
            CHECK(framed(DialectId::anthropic, bytes, piece) == expected);
        }
        CHECK(framed(DialectId::anthropic, bytes.substr(0, bytes.size() - 1), 9).ends_with("cut"));
        auto flipped = bytes;
        flipped[20] = static_cast<char>(flipped[20] ^ 4);
        CHECK(framed(DialectId::anthropic, flipped, 9) == "fault");
        CHECK(host().framing(DialectId::anthropic, "application/json") == nullptr);
    }

    TEST_CASE("exceptions in a stream, by class and in the dialect's shape") {
        struct Row {
            const char* name;
            ErrorClass error_class;
            const char* type;
        };
        for (const auto& row : {Row{"throttlingException", ErrorClass::rate_limit, "rate_limit_error"},
                                Row{"modelStreamErrorException", ErrorClass::server, "api_error"},
                                Row{"modelTimeoutException", ErrorClass::timeout, "timeout_error"},
                                Row{"internalServerException", ErrorClass::server, "api_error"},
                                Row{"serviceUnavailableException", ErrorClass::overloaded, "overloaded_error"},
                                Row{"validationException", ErrorClass::bad_request, "invalid_request_error"}}) {
            CAPTURE(row.name);
            const auto frame = aws_exception(row.name, R"({"message":"what happened"})");
            const auto invoke = framed(DialectId::anthropic, frame, 5);
            CHECK(invoke.starts_with("event: error\n"));
            CHECK(invoke.contains(std::string("\"type\":\"") + row.type));
            CHECK(invoke.contains("what happened"));
            const auto& codec = *dialects().get(DialectId::bedrock_converse).codec();
            const auto whole = assemble(read_answer(codec, framed(DialectId::bedrock_converse, frame, 5), 4096));
            REQUIRE(whole.error);
            CHECK(whole.error->error_class == row.error_class);
            CHECK(whole.error->message == "what happened");
        }
        const auto unnamed = aws_message(
            {{":message-type", "error"}, {":error-code", "InternalFailure"}, {":error-message", "gone"}}, "");
        CHECK(framed(DialectId::bedrock_converse, unnamed, 3) ==
              "event: error\ndata: {\"message\":\"gone\",\"__type\":\"InternalFailure\"}\n\n");
        CHECK(framed(DialectId::anthropic, unnamed, 3).contains("gone"));
    }

    TEST_CASE("HTTP errors, by the name in the header or in the body") {
        const auto error = [](int status, const std::string& type, const std::string& body,
                              DialectId dialect = DialectId::bedrock_converse) {
            return host().error(dialect, status, {{"x-amzn-ErrorType", type}}, body);
        };
        const auto class_of = [&](int status, const std::string& type, const std::string& message) {
            return error(status, type, Json{{"message", message}}.dump())->error_class;
        };
        const std::string page = ":http://internal.amazon.com/coral/com.amazon.bedrock/";
        CHECK(class_of(429, "ThrottlingException" + page, "Too many tokens") == ErrorClass::rate_limit);
        CHECK(class_of(400, "ServiceQuotaExceededException", "quota") == ErrorClass::rate_limit);
        CHECK(class_of(429, "ModelNotReadyException", "soon") == ErrorClass::overloaded);
        CHECK(class_of(403, "AccessDeniedException", "no access") == ErrorClass::permission);
        CHECK(class_of(403, "UnrecognizedClientException", "The security token is invalid.") ==
              ErrorClass::authentication);
        CHECK(class_of(403, "ExpiredTokenException", "expired") == ErrorClass::authentication);
        CHECK(class_of(404, "ResourceNotFoundException", "no model") == ErrorClass::not_found);
        CHECK(class_of(408, "ModelTimeoutException", "slow") == ErrorClass::timeout);
        CHECK(class_of(424, "ModelErrorException", "broke") == ErrorClass::server);
        CHECK(class_of(503, "ServiceUnavailableException", "busy") == ErrorClass::overloaded);
        CHECK(class_of(400, "ValidationException", "Input is too long for requested model.") ==
              ErrorClass::context_length);
        CHECK(class_of(400, "ValidationException", "The provided model identifier is invalid.") ==
              ErrorClass::not_found);
        CHECK(class_of(400, "ValidationException", "messages: bad") == ErrorClass::bad_request);
        const auto inside = error(403, "", R"({"__type":"com.amazon.coral#ExpiredTokenException","Message":"M"})");
        CHECK(inside->error_class == ErrorClass::authentication);
        CHECK(inside->message == "M");
        const std::string own = R"({"type":"error","error":{"type":"invalid_request_error","message":"m"}})";
        CHECK_FALSE(error(400, "", own, DialectId::anthropic));
        CHECK(error(400, "", R"({"message":"m"})", DialectId::anthropic));
    }
}
