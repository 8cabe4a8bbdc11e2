// AWS Bedrock through the real binary: what is sent is signed as AWS wants it, Claude answers in its own events, other
// models through Converse, to clients of either dialect.
#include <csignal>
#include <cstdio>
#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/e2e/bedrock_upstream.hpp"
#include "tests/e2e/world.hpp"
#include "tests/support/aws_frames.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using Json = nlohmann::json;

TEST_SUITE_BEGIN("bedrock");

namespace {

const bedrock::AccessKey long_lived{"AKIDCANARY5521", "canary-aws-secret-9f1e77c3a2", ""};
const bedrock::AccessKey temporary{"ASIACANARY9917", "canary-aws-secret-1b60d2e4f8", "canary-aws-token-77aa31c9+/=="};
constexpr std::string_view claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
constexpr std::string_view nova = "us.amazon.nova-lite-v1:0";
const std::string words = "Hello \u2603 \"there\"\n\U0001F600.";

const std::string text_events[] = {
    R"({"type":"message_start","message":{"id":"msg_bdrk_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":21,"cache_creation_input_tokens":3,"cache_read_input_tokens":8,"output_tokens":1}}})",
    R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})",
    R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Looking."}})",
    R"({"type":"content_block_stop","index":0})",
    R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_bdrk_1","name":"look","input":{}}})",
    R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"at\":1.0}"}})",
    R"({"type":"content_block_stop","index":1})",
    R"({"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":13}})",
    R"({"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":21}})"};

std::vector<std::string> claude_events() {
    return {std::begin(text_events), std::end(text_events)};
}

std::string joined(const bedrock::AccessKey& key) {
    return key.id + ":" + key.secret + (key.token.empty() ? "" : ":" + key.token);
}

// One provider for each way to prove who asks. The secrets lie beside the home, as a user's would.
class BedrockWorld {
public:
    BedrockWorld() : world({.server = {}, .timeouts = {}, .more = {}, .start = false}) {
        write(secret_file("key"), joined(long_lived));
        write_process("2099-01-01T00:00:00Z");
        std::string more;
        for (const auto& [name, reference] :
             {std::pair{"bedrock", "file:" + secret_file("key")}, std::pair{"sso", "cmd:cat " + secret_file("process")},
              std::pair{"bearer", std::string("env:LLMGW_TEST_PROVIDER_KEY")},
              std::pair{"profiles", "file:" + secret_file("key")}}) {
            more += std::string("[providers.") + name +
                    "]\ntype = \"bedrock\"\nregion = \"eu-central-1\"\nbase_url = \"" + world.upstream.url() +
                    "\"\napi_key = \"" + reference + "\"\n";
            if (std::string_view(name) == "profiles") { more += "dialects = [\"anthropic\"]\n"; }
        }
        world.start_with(world.config() + more);
    }

    ~BedrockWorld() {
        CHECK(world.stop(SIGTERM).has_value());
        const auto output = world.gateway().process().out() + world.gateway().process().err();
        for (const auto& key : {long_lived, temporary}) {
            CHECK_FALSE(output.contains(key.secret));
            CHECK(files_holding(world.home.path(), key.secret, {}).empty());
            for (const auto& request : world.upstream.requests()) {
                CHECK_FALSE(request->head.contains(key.secret));
                CHECK_FALSE(request->body.contains(key.secret));
            }
            if (key.token.empty()) { continue; }
            CHECK_FALSE(output.contains(key.token));
            CHECK(files_holding(world.home.path(), key.token, {}).empty());
        }
        std::remove(secret_file("key").c_str());
        std::remove(secret_file("process").c_str());
    }

    // What `aws configure export-credentials` prints.
    void write_process(const std::string& end) {
        write(secret_file("process"), Json{{"Version", 1},
                                           {"AccessKeyId", temporary.id},
                                           {"SecretAccessKey", temporary.secret},
                                           {"SessionToken", temporary.token},
                                           {"Expiration", end}}
                                          .dump(2));
    }

    Response messages(std::string_view provider, std::string_view model, bool stream, const Headers& more = {}) {
        Json body{{"model", std::string(provider) + "/" + std::string(model)},
                  {"max_tokens", 100},
                  {"messages", {{{"role", "user"}, {"content", "Look."}}}},
                  {"tools", {{{"name", "look"}, {"input_schema", {{"type", "object"}}}}}}};
        if (stream) { body["stream"] = true; }
        return world.gateway().post("/v1/messages", body.dump(), more);
    }

    Response chat(std::string_view provider, std::string_view model, bool stream) {
        Json body{{"model", std::string(provider) + "/" + std::string(model)},
                  {"messages", {{{"role", "user"}, {"content", "Look."}}}},
                  {"tools", {{{"type", "function"}, {"function", {{"name", "look"}}}}}}};
        if (stream) {
            body["stream"] = true;
            body["stream_options"] = {{"include_usage", true}};
        }
        return world.gateway().post("/v1/chat/completions", body.dump());
    }

    void stream_answer(const std::string& bytes, std::size_t piece_bytes = 7) {
        world.upstream.handle([bytes, piece_bytes](const RecordedRequest&, UpstreamConnection& connection) {
            bedrock::send_stream(connection, bytes, piece_bytes);
        });
    }
    void answer(int status, const std::string& body, Headers headers = {}) {
        headers.emplace_back("Content-Type", "application/json");
        headers.emplace_back("x-amzn-RequestId", "aws-request-1");
        world.upstream.handle([status, body, headers](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply(status, headers, body);
        });
    }
    const RecordedRequest& last() {
        last_ = world.upstream.last();
        REQUIRE(last_);
        return *last_;
    }

    World world;

private:
    static void write(const std::string& path, const std::string& text) {
        std::ofstream(path, std::ios::trunc) << text;
        ::chmod(path.c_str(), 0600);
    }
    std::string secret_file(const std::string& name) const { return world.home.path() + "-" + name; }

    std::shared_ptr<const RecordedRequest> last_;
};

std::string chat_text(const std::string& body) {
    std::string text;
    for (const auto& event : stream_events(body)) {
        if (!event.json.is_object() || !event.json.contains("choices") || event.json["choices"].empty()) { continue; }
        const auto& delta = event.json["choices"][0]["delta"];
        if (delta.contains("content") && delta["content"].is_string()) { text += delta["content"]; }
    }
    return text;
}

std::string chat_arguments(const std::string& body) {
    std::string text;
    for (const auto& event : stream_events(body)) {
        if (!event.json.is_object() || !event.json.contains("choices") || event.json["choices"].empty()) { continue; }
        const auto& delta = event.json["choices"][0]["delta"];
        if (delta.contains("tool_calls")) { text += delta["tool_calls"][0]["function"].value("arguments", ""); }
    }
    return text;
}

void check_usage(const DbRow& row) {
    CHECK(text(row, "input_tokens") == "21");
    CHECK(text(row, "cache_read_tokens") == "8");
    CHECK(text(row, "cache_write_5m_tokens") == "3");
    CHECK(text(row, "output_tokens") == "13");
}

}  // namespace

TEST_CASE("Claude, an Anthropic client: its own events, byte for byte, over a signed InvokeModel") {
    BedrockWorld bedrock;
    std::string expected;
    for (const auto& event : claude_events()) {
        expected += "event: " + Json::parse(event)["type"].get<std::string>() + "\ndata: " + event + "\n\n";
    }
    for (const std::size_t piece : {1U, 7U, 4096U}) {
        bedrock.stream_answer(bedrock::invoke_stream(claude_events()), piece);
        const auto response = bedrock.messages("bedrock", claude, true,
                                               {{"anthropic-version", "2023-06-01"},
                                                {"anthropic-beta", "oauth-2025-04-20,interleaved-thinking-2025-05-14"},
                                                {"accept", "text/event-stream"}});
        CHECK(response.status == 200);
        CHECK(response.header("content-type").starts_with("text/event-stream"));
        CHECK(response.body == expected);
        const auto& request = bedrock.last();
        CHECK(bedrock::signature_fault(request, long_lived, "eu-central-1") == "");
        CHECK(request.target == "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke-with-response-stream");
        CHECK(find_header(request.headers, "anthropic-beta") == "");
        CHECK(find_header(request.headers, "accept") == "application/json");
        const auto body = Json::parse(request.body);
        CHECK(body["anthropic_version"] == "bedrock-2023-05-31");
        CHECK(body["anthropic_beta"] == Json{"interleaved-thinking-2025-05-14"});
        CHECK_FALSE(body.contains("model"));
        CHECK_FALSE(body.contains("stream"));
        CHECK(body["messages"][0]["content"] == "Look.");
        const auto row = bedrock.world.gateway().call_row(response);
        check_usage(row);
        CHECK(text(row, "provider") == "bedrock");
        CHECK(text(row, ending_column) == "done");
        CHECK_FALSE(is_null(row, "cost_nano"));
    }
    const std::string whole =
        R"({"id":"msg_bdrk_2","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":21,"cache_creation_input_tokens":3,"cache_read_input_tokens":8,"output_tokens":13}})";
    bedrock.answer(200, whole);
    const auto response = bedrock.messages("sso", claude, false);
    CHECK(response.body == whole);
    CHECK(bedrock.last().target == "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke");
    CHECK(bedrock::signature_fault(bedrock.last(), temporary, "eu-central-1") == "");
    check_usage(bedrock.world.gateway().call_row(response));
}

TEST_CASE("Claude, a chat client: translated over InvokeModel") {
    BedrockWorld bedrock;
    bedrock.stream_answer(bedrock::invoke_stream(claude_events()));
    const auto response = bedrock.chat("sso", claude, true);
    CHECK(response.status == 200);
    CHECK(chat_text(response.body) == "Looking.");
    CHECK(chat_arguments(response.body) == "{\"at\":1.0}");
    CHECK(response.body.ends_with("data: [DONE]\n\n"));
    CHECK(bedrock::signature_fault(bedrock.last(), temporary, "eu-central-1") == "");
    const auto body = Json::parse(bedrock.last().body);
    CHECK(body["anthropic_version"] == "bedrock-2023-05-31");
    CHECK(body["messages"][0]["content"][0]["text"] == "Look.");
    check_usage(bedrock.world.gateway().call_row(response));
}

TEST_CASE("another model by Converse: text and a tool call, to clients of two dialects, streamed and whole") {
    BedrockWorld bedrock;
    for (const std::size_t piece : {1U, 64U, 4096U}) {
        bedrock.stream_answer(bedrock::converse_stream(words, true), piece);
        const auto chat = bedrock.chat("bedrock", nova, true);
        CHECK(bedrock.last().target == "/model/us.amazon.nova-lite-v1%3A0/converse-stream");
        CHECK(bedrock::signature_fault(bedrock.last(), long_lived, "eu-central-1") == "");
        CHECK(chat_text(chat.body) == words);
        CHECK(chat_arguments(chat.body) == "{\"at\":1.0}");
        CHECK(chat.body.contains("\"finish_reason\":\"tool_calls\""));
        check_usage(bedrock.world.gateway().call_row(chat));

        const auto messages = bedrock.messages("bedrock", nova, true);
        std::string text;
        std::string arguments;
        for (const auto& event : stream_events(messages.body)) {
            if (event.name != "content_block_delta") { continue; }
            text += event.json["delta"].value("text", "");
            arguments += event.json["delta"].value("partial_json", "");
        }
        CHECK(text == words);
        CHECK(arguments == "{\"at\":1.0}");
        CHECK(stream_events(messages.body).back().name == "message_stop");
        check_usage(bedrock.world.gateway().call_row(messages));
    }
    const auto asked = Json::parse(bedrock.last().body);
    CHECK(asked["messages"][0]["content"][0]["text"] == "Look.");
    CHECK(asked["toolConfig"]["tools"][0]["toolSpec"]["name"] == "look");
    CHECK(asked["inferenceConfig"]["maxTokens"] == 100);

    bedrock.answer(200, bedrock::converse_answer(words, true));
    const auto chat = bedrock.chat("bedrock", nova, false);
    CHECK(bedrock.last().target == "/model/us.amazon.nova-lite-v1%3A0/converse");
    const auto answer = Json::parse(chat.body);
    CHECK(answer["choices"][0]["message"]["content"] == words);
    CHECK(Json::parse(answer["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"].get<std::string>()) ==
          Json{{"at", 1.0}});
    CHECK(answer["usage"]["prompt_tokens"] == 32);
    check_usage(bedrock.world.gateway().call_row(chat));
    const auto messages = Json::parse(bedrock.messages("bedrock", nova, false).body);
    CHECK(messages["content"][1]["input"] == Json{{"at", 1.0}});
    CHECK(messages["stop_reason"] == "tool_use");
}

TEST_CASE("application inference profiles: by Converse, or as the table says; a Bedrock API key") {
    BedrockWorld bedrock;
    const std::string profile = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a1b2";
    const std::string in_path =
        "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Aapplication-inference-profile%2Fa1b2/";
    bedrock.answer(200, bedrock::converse_answer("Hi", false));
    CHECK(Json::parse(bedrock.messages("bedrock", profile, false).body)["content"][0]["text"] == "Hi");
    CHECK(bedrock.last().target == in_path + "converse");
    CHECK(bedrock::signature_fault(bedrock.last(), long_lived, "eu-central-1") == "");
    bedrock.stream_answer(bedrock::invoke_stream(claude_events()));
    CHECK(bedrock.messages("profiles", profile, true).body.contains("toolu_bdrk_1"));
    CHECK(bedrock.last().target == in_path + "invoke-with-response-stream");
    CHECK(bedrock::signature_fault(bedrock.last(), long_lived, "eu-central-1") == "");

    bedrock.answer(200, bedrock::converse_answer("Hi", false));
    CHECK(bedrock.chat("bearer", nova, false).status == 200);
    CHECK(find_header(bedrock.last().headers, "authorization") == std::string("Bearer ") + provider_key);
    CHECK(find_header(bedrock.last().headers, "x-amz-date") == "");
}

TEST_CASE("an exception in mid-stream, a broken frame and a cut end as the client's dialect says it") {
    BedrockWorld bedrock;
    const auto throttled = test::aws_exception("throttlingException", R"({"message":"Too many tokens, please wait."})");
    auto events = claude_events();
    events.resize(3);
    bedrock.stream_answer(bedrock::invoke_stream(events) + throttled);
    const auto native = bedrock.messages("bedrock", claude, true);
    const auto last = stream_events(native.body).back();
    CHECK(last.name == "error");
    CHECK(last.json["error"]["type"] == "rate_limit_error");
    CHECK(last.json["error"]["message"] == "Too many tokens, please wait.");
    const auto row = bedrock.world.gateway().call_row(native);
    CHECK(text(row, ending_column) == "failed");
    CHECK(text(row, "error_class") == "rate_limit");

    const auto start = test::aws_event("messageStart", R"({"role":"assistant"})") +
                       test::aws_event("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"Hel"}})");
    bedrock.stream_answer(start + throttled);
    const auto chat = bedrock.chat("bedrock", nova, true);
    CHECK(chat_text(chat.body) == "Hel");
    CHECK(chat.body.contains("Too many tokens, please wait."));
    CHECK_FALSE(chat.body.contains("[DONE]"));
    CHECK(text(bedrock.world.gateway().call_row(chat), "error_class") == "rate_limit");

    for (const bool flipped : {true, false}) {
        auto broken = start + throttled;
        flipped ? void(broken[start.size() + 30] ^= 1) : broken.resize(start.size() + 30);
        bedrock.stream_answer(broken);
        const auto cut = bedrock.messages("bedrock", nova, true);
        CHECK(stream_events(cut.body).back().name == "error");
        CHECK(text(bedrock.world.gateway().call_row(cut), ending_column) == "truncated");
    }
}

TEST_CASE("HTTP errors: class, message and request id in the client's shape") {
    BedrockWorld bedrock;
    bedrock.answer(429, R"({"message":"Too many requests, please wait."})",
                   {{"x-amzn-ErrorType", "ThrottlingException:http://internal.amazon.com/coral/"}});
    const auto native = bedrock.messages("bedrock", claude, false);
    CHECK(native.status == 429);
    const auto error = Json::parse(native.body)["error"];
    CHECK(error["type"] == "rate_limit_error");
    CHECK(error["message"] == "Too many requests, please wait.");
    CHECK(native.header("request-id") == "aws-request-1");
    const auto rows = bedrock.world.gateway().attempt_rows(native.header("x-llmgw-call-id"));
    REQUIRE(!rows.empty());
    CHECK(text(rows.back(), "upstream_request_id") == "aws-request-1");
    CHECK(text(bedrock.world.gateway().call_row(native), "error_class") == "rate_limit");

    bedrock.answer(400, R"({"message":"Input is too long for requested model."})",
                   {{"x-amzn-ErrorType", "ValidationException"}});
    const auto chat = bedrock.chat("bedrock", nova, true);
    CHECK(chat.status == 400);
    CHECK(Json::parse(chat.body)["error"]["code"] == "context_length_exceeded");
    CHECK(bedrock.messages("bedrock", claude, true).body.contains("prompt is too long"));

    bedrock.answer(403, R"({"message":"The security token included in the request is expired"})",
                   {{"x-amzn-ErrorType", "ExpiredTokenException"}});
    const auto expired = bedrock.messages("sso", claude, false);
    CHECK(expired.status == 403);
    CHECK(text(bedrock.world.gateway().call_row(expired), "error_class") == "authentication");
}

TEST_CASE("temporary credentials that have ended are not used") {
    BedrockWorld bedrock;
    bedrock.write_process("2020-01-01T00:00:00Z");
    const auto response = bedrock.messages("sso", claude, false);
    CHECK(response.status == 403);
    CHECK(response.body.contains("ended at 2020-01-01"));
    CHECK(bedrock.world.upstream.request_count() == 0);
    // Read again, and good now.
    bedrock.write_process("2099-01-01T00:00:00Z");
    bedrock.answer(200, bedrock::converse_answer("Hi", false));
    CHECK(bedrock.messages("sso", nova, false).status == 200);
    CHECK(bedrock::signature_fault(bedrock.last(), temporary, "eu-central-1") == "");
}

TEST_CASE("tokens are counted by Bedrock where it can, else estimated") {
    BedrockWorld bedrock;
    bedrock.answer(200, R"({"inputTokens":17})");
    const Json body{{"model", "bedrock/" + std::string(claude)},
                    {"messages", {{{"role", "user"}, {"content", "Look."}}}}};
    const auto counted = bedrock.world.gateway().post("/v1/messages/count_tokens", body.dump());
    CHECK(Json::parse(counted.body) == Json{{"input_tokens", 17}});
    CHECK(bedrock.last().target == "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens");
    CHECK(bedrock::signature_fault(bedrock.last(), long_lived, "eu-central-1") == "");
    Json other = body;
    other["model"] = "bedrock/" + std::string(nova);
    const auto estimated = bedrock.world.gateway().post("/v1/messages/count_tokens", other.dump());
    CHECK(estimated.header("x-llmgw-token-count") == "estimate");
}

TEST_CASE("keys test: a signed call that no model answers") {
    BedrockWorld bedrock;
    bedrock.answer(400, R"({"message":"messages: required"})", {{"x-amzn-ErrorType", "ValidationException"}});
    const auto good = bedrock.world.cli({"keys", "test", "sso"});
    CHECK(good.exit == 0);
    CHECK(bedrock::signature_fault(bedrock.last(), temporary, "eu-central-1") == "");
    bedrock.answer(403, R"({"message":"The security token included in the request is invalid."})",
                   {{"x-amzn-ErrorType", "UnrecognizedClientException"}});
    const auto bad = bedrock.world.cli({"keys", "test", "bedrock"});
    CHECK(bad.exit == 4);
    CHECK(bad.out.contains("security token"));
    for (const auto& output : {good.out + good.err, bad.out + bad.err}) {
        CHECK_FALSE(output.contains(long_lived.secret));
        CHECK_FALSE(output.contains(temporary.secret));
    }
}

TEST_CASE("ask: a question to Converse") {
    BedrockWorld bedrock;
    bedrock.stream_answer(bedrock::converse_stream("Good day.", false));
    const auto asked =
        bedrock.world.cli({"ask", "--no-keep", "--feature", "t", "-m", "bearer/" + std::string(nova), "Hello"});
    CHECK(asked.out.contains("Good day."));
    CHECK(asked.exit == 0);
}

TEST_SUITE_END();
