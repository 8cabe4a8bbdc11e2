#include "cli/demo/simulated_provider.hpp"

#include <array>
#include <string_view>

#include <nlohmann/json.hpp>

namespace llmgw {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 26> streamed_words{
    "A gateway ", "that forwards ", "bytes ", "as they ", "are ",  "cannot ", "break ",  "what ",   "it ",
    "does ",      "not ",           "know. ", "It ",      "adds ", "the ",    "key, ",   "counts ", "the ",
    "tokens, ",   "prices ",        "them, ", "and ",     "gets ", "out ",    "of the ", "way."};

HttpReply json_reply(int status, const json& body) {
    HttpReply reply;
    reply.status = status;
    reply.headers = {{"Content-Type", "application/json"}, {"request-id", "req_demo"}};
    reply.body = body.dump();
    return reply;
}

std::string sse(const json& event) {
    return "event: " + event["type"].get<std::string>() + "\ndata: " + event.dump() + "\n\n";
}

// Anthropic Messages, streamed word by word.
HttpReply messages(const std::string& model, std::chrono::milliseconds pause) {
    HttpReply reply;
    reply.headers = {{"Content-Type", "text/event-stream"}, {"request-id", "req_demo"}};
    reply.pump = [model, pause](ClientStream& client) {
        const json usage = {{"input_tokens", 412}, {"cache_read_input_tokens", 9120}, {"output_tokens", 1}};
        const auto say = [&](const json& event) { return client.write(sse(event)) && client.flush(); };
        bool ok =
            say({{"type", "message_start"},
                 {"message",
                  {{"id", "msg_demo"},
                   {"type", "message"},
                   {"role", "assistant"},
                   {"model", model},
                   {"content", json::array()},
                   {"stop_reason", nullptr},
                   {"usage", usage}}}}) &&
            say({{"type", "content_block_start"}, {"index", 0}, {"content_block", {{"type", "text"}, {"text", ""}}}});
        for (const auto word : streamed_words) {
            if (!ok) { return false; }
            std::this_thread::sleep_for(pause);
            ok = say(
                {{"type", "content_block_delta"}, {"index", 0}, {"delta", {{"type", "text_delta"}, {"text", word}}}});
        }
        return ok && say({{"type", "content_block_stop"}, {"index", 0}}) &&
               say({{"type", "message_delta"},
                    {"delta", {{"stop_reason", "end_turn"}}},
                    {"usage", {{"output_tokens", 34}}}}) &&
               say({{"type", "message_stop"}});
    };
    return reply;
}

// OpenAI Chat, a tool call.
HttpReply chat(const std::string& model) {
    return json_reply(
        200, {{"id", "chatcmpl-demo"},
              {"object", "chat.completion"},
              {"model", model},
              {"choices",
               {{{"index", 0},
                 {"finish_reason", "tool_calls"},
                 {"message",
                  {{"role", "assistant"},
                   {"content", nullptr},
                   {"tool_calls",
                    {{{"id", "call_demo"},
                      {"type", "function"},
                      {"function",
                       {{"name", "search_logs"}, {"arguments", R"({"service":"checkout","since":"1h"})"}}}}}}}}}}},
              {"usage",
               {{"prompt_tokens", 1830},
                {"completion_tokens", 212},
                {"total_tokens", 2042},
                {"prompt_tokens_details", {{"cached_tokens", 1024}}},
                {"completion_tokens_details", {{"reasoning_tokens", 192}}}}}});
}

// Anthropic, on a bad day.
HttpReply overloaded() {
    return json_reply(529, {{"type", "error"}, {"error", {{"type", "overloaded_error"}, {"message", "Overloaded"}}}});
}

// Gemini, out of quota.
HttpReply generate() {
    return json_reply(429, {{"error",
                             {{"code", 429},
                              {"message", "Quota exceeded for requests per minute. Please retry in 12s."},
                              {"status", "RESOURCE_EXHAUSTED"}}}});
}

}  // namespace

SimulatedProvider::SimulatedProvider(std::chrono::milliseconds word_pause)
    : word_pause_(word_pause),
      server_(ServerOptions{},
              [this](HttpRequest head, const BodyReader& read_body, const Watch&) { return answer(head, read_body); }) {
}

SimulatedProvider::~SimulatedProvider() {
    server_.stop();
    server_.abort();
    if (thread_.joinable()) { thread_.join(); }
}

Result<int> SimulatedProvider::start() {
    auto port = server_.bind();
    if (port) {
        thread_ = std::thread([this] { server_.run(); });
    }
    return port;
}

HttpReply SimulatedProvider::answer(const HttpRequest& head, const BodyReader& read_body) const {
    const auto body = read_body();
    const auto request = body ? json::parse(*body, nullptr, false) : json();
    const auto model = request.is_object() ? request.value("model", "") : "";
    if (head.target.starts_with(overloaded_path)) { return overloaded(); }
    if (head.target.starts_with("/v1/messages")) { return messages(model, word_pause_); }
    if (head.target.starts_with("/v1/chat/completions")) { return chat(model); }
    return generate();
}

}  // namespace llmgw
