// What the log needs of whole answers, streams, usage and errors.
#include "providers/dialects/common.hpp"
#include "providers/dialects/error_body.hpp"
#include "providers/dialects/ollama_chat/codec.hpp"
#include "providers/dialects/ollama_chat/line.hpp"
#include "providers/dialects/ollama_chat/ollama_chat.hpp"

namespace llmgw::wire {

using json_scan::Type;
using json_scan::Value;

namespace ollama {

std::optional<Line> read_line(std::string_view json) {
    Line line;
    const bool whole = json_scan::each_member(json, [&](std::string_view key, const Value& value) {
        if (value.type == Type::null) { return true; }
        if (key == "model") { line.model = value; }
        if (key == "created_at") { line.created_at = value; }
        if (key == "response") { line.content = value; }
        if (key == "thinking") { line.thinking = value; }
        if (key == "logprobs") { line.logprobs = value; }
        if (key == "done_reason") { line.done_reason = value; }
        if (key == "done") { line.done = value.as_bool().value_or(false); }
        if (key == "error" && is_present(value)) { line.error = value; }
        line.answers = line.answers || key == "message" || key == "response" || key == "done";
        if (key != "message" || !value.is_object()) { return true; }
        json_scan::each_member(value.text, [&](std::string_view name, const Value& said) {
            if (name == "content") { line.content = said; }
            if (name == "thinking") { line.thinking = said; }
            if (name == "tool_calls" && said.is_array()) { line.tool_calls = said; }
            return true;
        });
        return true;
    });
    return whole ? std::optional(line) : std::nullopt;
}

}  // namespace ollama

namespace {

std::size_t generated_bytes(const ollama::Line& line) {
    std::size_t bytes = 0;
    if (line.content) { bytes += line.content->raw_string().size(); }
    if (line.thinking) { bytes += line.thinking->raw_string().size(); }
    if (line.tool_calls && line.tool_calls->text.find('{') != std::string_view::npos) {
        bytes += line.tool_calls->text.size();
    }
    return bytes;
}

std::string text_or_empty(const std::optional<Value>& value) {
    return value ? string_or_empty(*value) : std::string();
}

class OllamaStream final : public StreamDecoder {
public:
    explicit OllamaStream(const OllamaChat& dialect) : dialect_(dialect) {}

    void decode(const SseEvent& sse, std::vector<Event>& out) override {
        if (sse.comment_only || over_) { return; }
        const auto line = ollama::read_line(sse.data);
        if (!line) { return; }
        if (line->error) {
            over_ = true;
            out.emplace_back(event::Failed{error_inside(*line->error)});
            return;
        }
        if (!line->answers) { return; }
        if (!begun_) { out.emplace_back(event::Started{{}, text_or_empty(line->model)}); }
        begun_ = true;
        if (const auto bytes = generated_bytes(*line); bytes > 0) { out.emplace_back(event::Content{bytes}); }
        if (!line->done) { return; }
        over_ = true;
        if (auto usage = dialect_.decode_usage(sse.data); ollama::counts_something(usage)) {
            out.emplace_back(event::UsageSeen{std::move(usage)});
        }
        out.emplace_back(event::Finished{text_or_empty(line->done_reason)});
        out.emplace_back(event::Terminal{});
    }

    // A stream that ends before its last line was cut.
    void finish(std::vector<Event>&) override {}

private:
    const OllamaChat& dialect_;
    bool begun_ = false;
    bool over_ = false;
};

}  // namespace

std::unique_ptr<StreamDecoder> OllamaChat::stream_decoder() const {
    return std::make_unique<OllamaStream>(*this);
}

DecodedResponse OllamaChat::decode_response(std::string_view body) const {
    DecodedResponse response;
    const auto line = ollama::read_line(body);
    if (!line) { return response; }
    response.model = text_or_empty(line->model);
    response.finish_reason = text_or_empty(line->done_reason);
    response.content_bytes = generated_bytes(*line);
    if (auto usage = decode_usage(body); line->done && ollama::counts_something(usage)) {
        response.usage = std::move(usage);
    }
    if (line->error) { response.error = error_inside(*line->error); }
    return response;
}

// prompt_eval_count is left out by older servers that found all of the prompt in their cache.
Usage OllamaChat::decode_usage(std::string_view answer_json) const {
    Usage usage;
    json_scan::each_member(answer_json, [&](std::string_view key, const Value& value) {
        if (key == "prompt_eval_count") { set_tokens(usage.counts.input, value); }
        if (key == "eval_count") { set_tokens(usage.counts.output, value); }
        return true;
    });
    return usage;
}

ApiError OllamaChat::decode_error(int status, std::string_view body) const {
    return classify_error(status, read_error_body(body));
}

std::string OllamaChat::encode_error(const ApiError& error) const {
    return "{\"error\":" + json_scan::quote(error.message) + "}";
}

std::string OllamaChat::encode_stream_error(const ApiError& error, const StreamState&) const {
    return "data: " + encode_error(error) + "\n\n";
}

const Codec* OllamaChat::codec() const {
    return &ollama_chat_codec();
}

}  // namespace llmgw::wire
