#include "tests/bench/wire.hpp"

#include <cctype>
#include <cstdlib>

namespace llmgw::bench {
namespace {

// Names of models that have a price, so that a gateway does the same work as for a real call.
const std::string chat_model = "gpt-5-mini";
const std::string messages_model = "claude-haiku-4-5";

std::string chat_chunk(std::string_view choices, std::string_view usage) {
    std::string text =
        R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1767225600,"model":")";
    return text.append(chat_model).append(R"(","choices":)").append(choices).append(usage).append("}\n\n");
}

StreamScript chat_script(bool include_usage) {
    std::string_view none = include_usage ? R"(,"usage":null)" : "";
    StreamScript script;
    script.prologue =
        chat_chunk(R"([{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}])", none);
    std::string stamp(stamp_digits, '0');
    script.event = chat_chunk(R"([{"index":0,"delta":{"content":" )" + stamp + R"("},"finish_reason":null}])", none);
    script.stamp_at = script.event.find(stamp);
    script.epilogue = chat_chunk(R"([{"index":0,"delta":{},"finish_reason":"stop"}])", none);
    if (include_usage) {
        script.epilogue +=
            chat_chunk("[]", R"(,"usage":{"prompt_tokens":12,"completion_tokens":50,"total_tokens":62})");
    }
    script.epilogue += "data: [DONE]\n\n";
    return script;
}

StreamScript messages_script() {
    StreamScript script;
    script.prologue =
        R"(event: message_start
data: {"type":"message_start","message":{"id":"msg_bench","type":"message","role":"assistant","model":")" +
        messages_model +
        R"(","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

)";
    std::string stamp(stamp_digits, '0');
    script.event =
        "event: content_block_delta\n"
        R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" )" +
        stamp + "\"}}\n\n";
    script.stamp_at = script.event.find(stamp);
    script.epilogue = R"(event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":50}}

event: message_stop
data: {"type":"message_stop"}

)";
    return script;
}

}  // namespace

StreamScript stream_script(Shape shape, bool include_usage) {
    return shape == Shape::chat ? chat_script(include_usage) : messages_script();
}

void write_stamp(char* digits, std::int64_t time_ns) {
    for (std::size_t i = stamp_digits; i-- > 0; time_ns /= 10) {
        digits[i] = static_cast<char>('0' + time_ns % 10);
    }
}

std::int64_t read_stamp(const char* digits) {
    std::int64_t time_ns = 0;
    for (std::size_t i = 0; i < stamp_digits; ++i) {
        if (digits[i] < '0' || digits[i] > '9') { return -1; }
        time_ns = time_ns * 10 + (digits[i] - '0');
    }
    return time_ns;
}

const std::string& small_answer(Shape shape) {
    static const std::string chat =
        R"({"id":"chatcmpl-bench","object":"chat.completion","created":1767225600,"model":")" + chat_model +
        R"(","choices":[{"index":0,"message":{"role":"assistant","content":"A short answer.","refusal":null},)"
        R"("logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":4,"total_tokens":16,)"
        R"("prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}},)"
        R"("service_tier":"default","system_fingerprint":"fp_bench"})";
    static const std::string messages =
        R"({"id":"msg_bench","type":"message","role":"assistant","model":")" + messages_model +
        R"(","content":[{"type":"text","text":"A short answer."}],"stop_reason":"end_turn","stop_sequence":null,)"
        R"("usage":{"input_tokens":12,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":4}})";
    return shape == Shape::chat ? chat : messages;
}

std::string pace_text(Pace pace) {
    return "stream-" + std::to_string(pace.per_s) + "x" + std::to_string(pace.count);
}

Pace find_pace(std::string_view body) {
    constexpr std::string_view mark = "stream-";
    for (std::size_t at = body.find(mark); at != std::string_view::npos; at = body.find(mark, at + 1)) {
        std::string text(body.substr(at + mark.size(), 24));
        char* end = nullptr;
        long per_s = std::strtol(text.c_str(), &end, 10);
        if (per_s <= 0 || *end != 'x') { continue; }
        return Pace{static_cast<int>(per_s), static_cast<int>(std::strtol(end + 1, nullptr, 10))};
    }
    return Pace{};
}

std::string make_request(const RequestOptions& options, int port) {
    bool chat = options.shape == Shape::chat;
    const std::string& model = !options.model.empty() ? options.model : chat ? chat_model : messages_model;
    std::string body = R"({"model":")" + model + "\"";
    if (!chat) { body += R"(,"max_tokens":1024)"; }
    if (options.stream) { body += R"(,"stream":true)"; }
    if (options.stream && chat) { body += R"(,"stream_options":{"include_usage":true})"; }
    std::string prompt = options.stream ? pace_text(options.pace) : "Say something short.";
    constexpr std::string_view filler = " It was written by hand in \\\"quotes\\\" and takes some room.";
    while (body.size() + prompt.size() + filler.size() < options.body_bytes) {
        prompt += filler;
    }
    body += R"(,"messages":[{"role":"user","content":")" + prompt + "\"}]}";
    std::string head = std::string("POST ") + (chat ? "/v1/chat/completions" : "/v1/messages") + " HTTP/1.1\r\n";
    head += "Host: 127.0.0.1:" + std::to_string(port) + "\r\n";
    head += "Authorization: Bearer " + options.key + "\r\n";
    if (!chat) { head += "anthropic-version: 2023-06-01\r\n"; }
    head += "User-Agent: llmgw-bench\r\nAccept: */*\r\nx-llmgw-feature: bench\r\nContent-Type: application/json\r\n";
    head += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    return head + body;
}

}  // namespace llmgw::bench
