#include "tests/support/canned.hpp"

#include <cstdlib>

#include <nlohmann/json.hpp>

namespace llmgw::testing::canned {
namespace {

using nlohmann::json;

std::string named(std::string_view event, std::string_view data) {
    return "event: " + std::string(event) + "\ndata: " + std::string(data) + "\n\n";
}

std::string data_only(std::string_view data) {
    return "data: " + std::string(data) + "\n\n";
}

// --- plain answers; spelled out, because their exact bytes are what tests compare.

Wire anthropic_wire() {
    Wire wire;
    wire.dialect = DialectId::anthropic;
    wire.target = wire.stream_target = "/v1/messages";
    wire.model = "claude-haiku-4-5";
    wire.text = "Hello \\u2603 there";
    wire.body = R"({"model":"claude-haiku-4-5","max_tokens":64,"messages":[{"role":"user","content":"Say hello"}]})";
    wire.stream_body =
        R"({"model":"claude-haiku-4-5","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"Say hello"}]})";
    wire.answer =
        R"({"id":"msg_fake01","type":"message","role":"assistant","model":"claude-haiku-4-5-20251001","content":[{"type":"text","text":"Hello \u2603 there"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":21,"cache_creation_input_tokens":0,"cache_read_input_tokens":8,"output_tokens":13}})";
    wire.events = {
        named(
            "message_start",
            R"({"type":"message_start","message":{"id":"msg_fake01","type":"message","role":"assistant","model":"claude-haiku-4-5-20251001","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":21,"cache_creation_input_tokens":0,"cache_read_input_tokens":8,"output_tokens":1}}}     )"),
        named("content_block_start",
              R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"),
        named("ping", R"({"type":"ping"})"),
        named("content_block_delta",
              R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello \u2603"}})"),
        named("content_block_delta",
              R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" there"}})"),
        named("content_block_stop", R"({"type":"content_block_stop","index":0})"),
        named(
            "message_delta",
            R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":13}})"),
        named("message_stop", R"({"type":"message_stop"})"),
    };
    wire.terminal = "message_stop";
    return wire;
}

constexpr std::string_view chat_usage =
    R"({"prompt_tokens":29,"completion_tokens":13,"total_tokens":42,"prompt_tokens_details":{"cached_tokens":8},"completion_tokens_details":{"reasoning_tokens":5}})";

Wire chat_wire() {
    Wire wire;
    wire.dialect = DialectId::openai_chat;
    wire.target = wire.stream_target = "/v1/chat/completions";
    wire.model = "gpt-5-mini";
    wire.text = "Hello \\u2603 there";
    wire.body = R"({"model":"gpt-5-mini","messages":[{"role":"user","content":"Say hello"}]})";
    wire.stream_body =
        R"({"model":"gpt-5-mini","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Say hello"}]})";
    wire.answer =
        R"({"id":"chatcmpl-fake01","object":"chat.completion","created":1790000000,"model":"gpt-5-mini-2025-08-07","choices":[{"index":0,"message":{"role":"assistant","content":"Hello \u2603 there","refusal":null},"finish_reason":"stop","logprobs":null}],"usage":)" +
        std::string(chat_usage) + "}";
    const auto chunk = [](std::string_view rest) {
        return data_only(
            R"({"id":"chatcmpl-fake01","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5-mini-2025-08-07",)" +
            std::string(rest) + "}");
    };
    wire.events = {
        chunk(
            R"("choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null,"logprobs":null}],"usage":null)"),
        chunk(R"("choices":[{"index":0,"delta":{"content":"Hello \u2603"},"finish_reason":null}],"usage":null)"),
        chunk(R"("choices":[{"index":0,"delta":{"content":" there"},"finish_reason":null}],"usage":null)"),
        chunk(R"("choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null)"),
        chunk(R"("choices":[],"usage":)" + std::string(chat_usage)),
        data_only("[DONE]"),
    };
    wire.terminal = "[DONE]";
    return wire;
}

constexpr std::string_view responses_usage =
    R"({"input_tokens":29,"input_tokens_details":{"cached_tokens":8},"output_tokens":13,"output_tokens_details":{"reasoning_tokens":5},"total_tokens":42})";

Wire responses_wire() {
    Wire wire;
    wire.dialect = DialectId::openai_responses;
    wire.target = wire.stream_target = "/v1/responses";
    wire.model = "gpt-5-mini";
    wire.text = "Hello \\u2603 there";
    wire.body = R"({"model":"gpt-5-mini","input":"Say hello"})";
    wire.stream_body = R"({"model":"gpt-5-mini","input":"Say hello","stream":true})";
    const std::string message =
        R"({"type":"message","id":"msg_fake01","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hello \u2603 there","annotations":[]}]})";
    const auto response = [&](std::string_view status, std::string_view output, std::string_view usage) {
        return R"({"id":"resp_fake01","object":"response","created_at":1790000000,"status":")" + std::string(status) +
               R"(","error":null,"incomplete_details":null,"model":"gpt-5-mini-2025-08-07","output":[)" +
               std::string(output) + R"(],"parallel_tool_calls":true,"tool_choice":"auto","tools":[],"usage":)" +
               std::string(usage) + "}";
    };
    wire.answer = response("completed", message, responses_usage);
    int sequence = 0;
    const auto event = [&](const std::string& type, const std::string& rest) {
        return named(type,
                     R"({"type":")" + type + R"(","sequence_number":)" + std::to_string(sequence++) + "," + rest + "}");
    };
    const std::string at = R"("item_id":"msg_fake01","output_index":0,"content_index":0,)";
    wire.events = {
        event("response.created", R"("response":)" + response("in_progress", "", "null")),
        event("response.in_progress", R"("response":)" + response("in_progress", "", "null")),
        event(
            "response.output_item.added",
            R"("output_index":0,"item":{"type":"message","id":"msg_fake01","status":"in_progress","role":"assistant","content":[]})"),
        event("response.content_part.added", at + R"("part":{"type":"output_text","text":"","annotations":[]})"),
        event("response.output_text.delta", at + R"("delta":"Hello \u2603","logprobs":[])"),
        event("response.output_text.delta", at + R"("delta":" there","logprobs":[])"),
        event("response.output_text.done", at + R"("text":"Hello \u2603 there","logprobs":[])"),
        event("response.content_part.done",
              at + R"("part":{"type":"output_text","text":"Hello \u2603 there","annotations":[]})"),
        event("response.output_item.done", R"("output_index":0,"item":)" + message),
        event("response.completed", R"("response":)" + response("completed", message, responses_usage)),
    };
    wire.terminal = "response.completed";
    return wire;
}

Wire gemini_wire() {
    Wire wire;
    wire.dialect = DialectId::gemini;
    wire.model = "gemini-2.5-flash";
    wire.target = "/v1beta/models/gemini-2.5-flash:generateContent";
    wire.stream_target = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
    wire.text = "Hello \\u2603 there";
    wire.body = wire.stream_body = R"({"contents":[{"role":"user","parts":[{"text":"Say hello"}]}]})";
    const std::string usage =
        R"("usageMetadata":{"promptTokenCount":29,"cachedContentTokenCount":8,"candidatesTokenCount":8,"thoughtsTokenCount":5,"totalTokenCount":42},"modelVersion":"gemini-2.5-flash","responseId":"fake01")";
    wire.answer =
        R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Hello \u2603 there"}]},"finishReason":"STOP","index":0}],)" +
        usage + "}";
    // Gemini ends its lines with CRLF.
    const auto event = [](const std::string& data) { return "data: " + data + "\r\n\r\n"; };
    wire.events = {
        event(
            R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Hello \u2603"}]},"index":0}],"usageMetadata":{"promptTokenCount":29,"totalTokenCount":29},"modelVersion":"gemini-2.5-flash","responseId":"fake01"})"),
        event(
            R"({"candidates":[{"content":{"role":"model","parts":[{"text":" there"}]},"finishReason":"STOP","index":0}],)" +
            usage + "}"),
    };
    wire.terminal = "\"finishReason\"";
    return wire;
}

// --- answers made to fit the request, for the program.

bool wants_tool(const json& body, std::string_view result_mark) {
    return body.contains("tools") && body.dump().find(result_mark) == std::string::npos;
}

void stream(UpstreamConnection& connection, const std::vector<std::string>& events) {
    connection.start(200, {{"content-type", "text/event-stream; charset=utf-8"}, {"request-id", "req_fake_stream"}});
    for (const auto& event : events) {
        connection.chunk(event);
    }
    connection.finish();
}

void answer_messages(const json& body, UpstreamConnection& connection) {
    const bool streamed = body.value("stream", false);
    const auto& plain = wire(DialectId::anthropic);
    if (!wants_tool(body, "\"tool_result\"")) {
        if (streamed) { return stream(connection, plain.events); }
        connection.reply(200, {{"content-type", "application/json"}, {"request-id", "req_fake_01"}}, plain.answer);
        return;
    }
    if (!streamed) {
        auto message = json::parse(plain.answer);
        message["stop_reason"] = "tool_use";
        message["content"] = {
            {{"type", "tool_use"}, {"id", "toolu_fake01"}, {"name", "get_weather"}, {"input", {{"city", "Paris"}}}}};
        connection.reply_json(200, message.dump());
        return;
    }
    stream(
        connection,
        {plain.events[0],
         named(
             "content_block_start",
             R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_fake01","name":"get_weather","input":{}}})"),
         named(
             "content_block_delta",
             R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}})"),
         named(
             "content_block_delta",
             R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\"Paris\"}"}})"),
         named("content_block_stop", R"({"type":"content_block_stop","index":0})"),
         named(
             "message_delta",
             R"({"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":13}})"),
         plain.events.back()});
}

void answer_chat(const json& body, UpstreamConnection& connection) {
    const bool streamed = body.value("stream", false);
    const auto& plain = wire(DialectId::openai_chat);
    auto events = plain.events;
    const auto options = body.value("stream_options", json());
    const bool with_usage = options.is_object() && options.value("include_usage", false);
    if (!with_usage) { events.erase(events.end() - 2); }
    const bool tool = wants_tool(body, "\"tool_call_id\"");
    if (!streamed) {
        const Headers headers{{"content-type", "application/json"}, {"x-request-id", "req_fake_02"}};
        if (!tool) {
            connection.reply(200, headers, plain.answer);
            return;
        }
        auto message = json::parse(plain.answer);
        auto& choice = message["choices"][0];
        choice["finish_reason"] = "tool_calls";
        choice["message"]["content"] = nullptr;
        choice["message"]["tool_calls"] = {
            {{"id", "call_fake01"},
             {"type", "function"},
             {"function", {{"name", "get_weather"}, {"arguments", R"({"city":"Paris"})"}}}}};
        connection.reply(200, headers, message.dump());
        return;
    }
    if (tool) {
        auto first = json::parse(events[0].substr(6));
        first["choices"][0]["delta"] = {{"role", "assistant"},
                                        {"content", nullptr},
                                        {"tool_calls",
                                         {{{"index", 0},
                                           {"id", "call_fake01"},
                                           {"type", "function"},
                                           {"function", {{"name", "get_weather"}, {"arguments", ""}}}}}}};
        events[0] = data_only(first.dump());
        for (const std::size_t i : {1U, 2U}) {
            auto piece = json::parse(events[i].substr(6));
            piece["choices"][0]["delta"] = {
                {"tool_calls",
                 {{{"index", 0}, {"function", {{"arguments", i == 1 ? R"({"city":)" : R"("Paris"})"}}}}}}};
            events[i] = data_only(piece.dump());
        }
        auto last = json::parse(events[3].substr(6));
        last["choices"][0]["finish_reason"] = "tool_calls";
        events[3] = data_only(last.dump());
    }
    stream(connection, events);
}

void answer_responses(const json& body, UpstreamConnection& connection) {
    const bool streamed = body.value("stream", false);
    const auto& plain = wire(DialectId::openai_responses);
    if (!wants_tool(body, "\"function_call_output\"")) {
        if (streamed) { return stream(connection, plain.events); }
        connection.reply_json(200, plain.answer);
        return;
    }
    const json call = {{"type", "function_call"},
                       {"id", "fc_fake01"},
                       {"call_id", "call_fake01"},
                       {"name", "get_weather"},
                       {"arguments", R"({"city":"Paris"})"},
                       {"status", "completed"}};
    auto whole = json::parse(plain.answer);
    whole["output"] = {call};
    if (!streamed) {
        connection.reply_json(200, whole.dump());
        return;
    }
    auto opened = call;
    opened["arguments"] = "";
    opened["status"] = "in_progress";
    const auto event = [](int sequence, json data) {
        data["sequence_number"] = sequence;
        return named(data["type"].get<std::string>(), data.dump());
    };
    stream(connection, {plain.events[0], plain.events[1],
                        event(2, {{"type", "response.output_item.added"}, {"output_index", 0}, {"item", opened}}),
                        event(3, {{"type", "response.function_call_arguments.delta"},
                                  {"item_id", "fc_fake01"},
                                  {"output_index", 0},
                                  {"delta", R"({"city":"Paris"})"}}),
                        event(4, {{"type", "response.function_call_arguments.done"},
                                  {"item_id", "fc_fake01"},
                                  {"output_index", 0},
                                  {"arguments", R"({"city":"Paris"})"}}),
                        event(5, {{"type", "response.output_item.done"}, {"output_index", 0}, {"item", call}}),
                        event(6, {{"type", "response.completed"}, {"response", whole}})});
}

void answer_gemini(const std::string& path, const json& body, UpstreamConnection& connection) {
    const auto& plain = wire(DialectId::gemini);
    const bool streamed = path.find(":streamGenerateContent") != std::string::npos;
    if (!wants_tool(body, "\"functionResponse\"")) {
        if (streamed) { return stream(connection, plain.events); }
        connection.reply_json(200, plain.answer);
        return;
    }
    auto whole = json::parse(plain.answer);
    whole["candidates"][0]["content"]["parts"] = {
        {{"functionCall", {{"id", "call_fake01"}, {"name", "get_weather"}, {"args", {{"city", "Paris"}}}}},
         {"thoughtSignature", "ZmFrZS1zaWduYXR1cmU="}}};
    if (streamed) { return stream(connection, {"data: " + whole.dump() + "\r\n\r\n"}); }
    connection.reply_json(200, whole.dump());
}

void answer_embeddings(const json& body, UpstreamConnection& connection) {
    // The OpenAI SDK asks for base64 and decodes it: three floats 0.5, -0.25, 1.
    const bool base64 = body.value("encoding_format", "float") == "base64";
    const json vector = base64 ? json("AAAAPwAAgL4AAIA/") : json{0.5, -0.25, 1.0};
    connection.reply_json(200, json{{"object", "list"},
                                    {"data", {{{"object", "embedding"}, {"index", 0}, {"embedding", vector}}}},
                                    {"model", body.value("model", "")},
                                    {"usage", {{"prompt_tokens", 7}, {"total_tokens", 7}}}}
                                   .dump());
}

bool answer_trouble(DialectId dialect, const std::string& model, UpstreamConnection& connection) {
    constexpr std::string_view mark = "fake-";
    const auto at = model.find(mark);
    if (at == std::string::npos) { return false; }
    const int status = std::atoi(model.c_str() + at + mark.size());
    if (status < 400) { return false; }
    Headers headers{{"content-type", "application/json"}, {"request-id", "req_fake_error"}};
    if (status == 429) { headers.emplace_back("retry-after", "1"); }
    connection.reply(status, headers, error_body(dialect, status, "the fake provider was asked to fail"));
    return true;
}

}  // namespace

const std::vector<Wire>& wires() {
    static const std::vector<Wire> all{anthropic_wire(), chat_wire(), responses_wire(), gemini_wire()};
    return all;
}

const Wire& wire(DialectId dialect) {
    return wires()[static_cast<std::size_t>(dialect)];
}

std::string joined(const std::vector<std::string>& events) {
    return without_last(events, 0);
}

std::string without_last(const std::vector<std::string>& events, std::size_t n) {
    std::string all;
    for (std::size_t i = 0; i + n < events.size(); ++i) {
        all += events[i];
    }
    return all;
}

std::string error_body(DialectId dialect, int status, std::string_view message) {
    switch (dialect) {
        case DialectId::anthropic: {
            const std::string type = status == 401   ? "authentication_error"
                                     : status == 429 ? "rate_limit_error"
                                     : status == 529 ? "overloaded_error"
                                     : status >= 500 ? "api_error"
                                                     : "invalid_request_error";
            return json{
                {"type", "error"}, {"error", {{"type", type}, {"message", message}}}, {"request_id", "req_fake_error"}}
                .dump();
        }
        case DialectId::openai_chat:
        case DialectId::openai_responses: {
            const std::string type = status == 429   ? "requests"
                                     : status >= 500 ? "server_error"
                                                     : "invalid_request_error";
            return json{{"error", {{"message", message}, {"type", type}, {"param", nullptr}, {"code", nullptr}}}}
                .dump();
        }
        case DialectId::ollama_chat:
        case DialectId::cohere_chat:
        case DialectId::bedrock_converse:
        case DialectId::gemini: break;
    }
    const std::string name = status == 429   ? "RESOURCE_EXHAUSTED"
                             : status == 401 ? "UNAUTHENTICATED"
                             : status >= 500 ? "UNAVAILABLE"
                                             : "INVALID_ARGUMENT";
    return json{{"error", {{"code", status}, {"message", message}, {"status", name}}}}.dump();
}

std::string stream_error(DialectId dialect, std::string_view message) {
    switch (dialect) {
        case DialectId::anthropic:
            return named(
                "error",
                json{{"type", "error"}, {"error", {{"type", "overloaded_error"}, {"message", message}}}}.dump());
        case DialectId::openai_responses:
            return named("error", json{{"type", "error"},
                                       {"code", "server_error"},
                                       {"message", message},
                                       {"param", nullptr},
                                       {"sequence_number", 5}}
                                      .dump());
        case DialectId::openai_chat:
        case DialectId::ollama_chat:
        case DialectId::cohere_chat:
        case DialectId::bedrock_converse:
        case DialectId::gemini: break;
    }
    return data_only(error_body(dialect, 503, message));
}

void answer(const RecordedRequest& request, UpstreamConnection& connection) {
    const auto path = request.target.substr(0, request.target.find('?'));
    auto body = json::parse(request.body, nullptr, false);
    if (!body.is_object()) { body = json::object(); }
    const bool openai = !find_header(request.headers, "authorization").empty();
    const auto model = body.value("model", "");
    const auto ends = [&](std::string_view end) { return path.ends_with(end); };
    if (request.method == "GET" && ends("/models")) {
        if (!find_header(request.headers, "x-goog-api-key").empty()) {
            connection.reply_json(
                200,
                R"({"models":[{"name":"models/gemini-2.5-flash","displayName":"Fake Flash","inputTokenLimit":1000,"outputTokenLimit":100,"supportedGenerationMethods":["generateContent"]}]})");
        } else if (openai) {
            connection.reply_json(
                200,
                R"({"object":"list","data":[{"id":"gpt-5-mini","object":"model","created":1790000000,"owned_by":"fake"}]})");
        } else {
            connection.reply_json(
                200,
                R"({"data":[{"type":"model","id":"claude-haiku-4-5","display_name":"Fake Haiku","created_at":"2026-01-01T00:00:00Z"}],"has_more":false,"first_id":"claude-haiku-4-5","last_id":"claude-haiku-4-5"})");
        }
    } else if (ends("/messages/count_tokens")) {
        connection.reply_json(200, R"({"input_tokens":29})");
    } else if (ends("/messages")) {
        if (!answer_trouble(DialectId::anthropic, model, connection)) { answer_messages(body, connection); }
    } else if (ends("/chat/completions")) {
        if (!answer_trouble(DialectId::openai_chat, model, connection)) { answer_chat(body, connection); }
    } else if (ends("/responses")) {
        if (!answer_trouble(DialectId::openai_responses, model, connection)) { answer_responses(body, connection); }
    } else if (ends("/embeddings")) {
        answer_embeddings(body, connection);
    } else if (ends(":countTokens")) {
        connection.reply_json(200, R"({"totalTokens":29})");
    } else if (ends(":embedContent")) {
        connection.reply_json(200, R"({"embedding":{"values":[0.5,-0.25,1.0]}})");
    } else if (ends(":batchEmbedContents")) {
        connection.reply_json(200, R"({"embeddings":[{"values":[0.5,-0.25,1.0]}]})");
    } else if (path.find(":generateContent") != std::string::npos ||
               path.find(":streamGenerateContent") != std::string::npos) {
        if (!answer_trouble(DialectId::gemini, path, connection)) { answer_gemini(path, body, connection); }
    } else {
        connection.reply_json(404, R"({"error":{"message":"the fake provider has no such path"}})");
    }
}

}  // namespace llmgw::testing::canned
