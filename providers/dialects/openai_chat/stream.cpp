// Reads a Chat stream: data-only chunks that mostly hold one short delta, ended by [DONE].
#include <algorithm>

#include "providers/dialects/error_body.hpp"
#include "providers/dialects/openai_chat/openai_chat.hpp"

namespace llmgw::wire {

using json_scan::Reader;
using json_scan::Type;
using json_scan::Value;

namespace {

constexpr int content_depth_max = 4;

// The bytes of `content`, which is a string almost everywhere and a list of typed parts at Mistral.
std::size_t text_bytes(const Value& value, int depth = 0) {
    if (value.type == Type::string) { return value.raw_string().size(); }
    std::size_t bytes = 0;
    if (depth >= content_depth_max) { return 0; }
    if (value.is_array()) {
        json_scan::each_element(value.text, [&](const Value& part) {
            bytes += text_bytes(part, depth + 1);
            return true;
        });
    } else if (value.is_object()) {
        json_scan::each_member(value.text, [&](std::string_view key, const Value& part) {
            if (key == "text" || key == "thinking") { bytes += text_bytes(part, depth + 1); }
            return true;
        });
    }
    return bytes;
}

// {name, arguments} or, for custom tools, {name, input}. The name counts: it is generated, and a call without
// arguments has nothing else.
std::size_t function_bytes(const Value& function) {
    std::size_t bytes = 0;
    json_scan::each_member(function.text, [&](std::string_view key, const Value& value) {
        if (key == "name" || key == "arguments" || key == "input") { bytes += value.raw_string().size(); }
        return true;
    });
    return bytes;
}

std::size_t tool_call_bytes(const Value& calls) {
    std::size_t bytes = 0;
    json_scan::each_element(calls.text, [&](const Value& call) {
        json_scan::each_member(call.text, [&](std::string_view key, const Value& value) {
            if (key == "function" || key == "custom") { bytes += function_bytes(value); }
            return true;
        });
        return true;
    });
    return bytes;
}

std::size_t audio_bytes(const Value& audio) {
    std::size_t bytes = 0;
    json_scan::each_member(audio.text, [&](std::string_view key, const Value& value) {
        if (key == "transcript" || key == "data") { bytes += value.raw_string().size(); }
        return true;
    });
    return bytes;
}

std::size_t delta_bytes(const Value& delta) {
    std::size_t bytes = 0;
    std::size_t reasoning = 0;  // hosts in transition send the same text under both names
    json_scan::each_member(delta.text, [&](std::string_view key, const Value& value) {
        if (value.type == Type::null) { return true; }
        if (key == "content" || key == "refusal") {
            bytes += text_bytes(value);
        } else if (key == "reasoning_content" || key == "reasoning") {
            reasoning = std::max(reasoning, text_bytes(value));
        } else if (key == "tool_calls") {
            bytes += tool_call_bytes(value);
        } else if (key == "function_call") {
            bytes += function_bytes(value);
        } else if (key == "audio") {
            bytes += audio_bytes(value);
        }
        return true;
    });
    return bytes + reasoning;
}

class ChatStream final : public StreamDecoder {
public:
    void decode(const SseEvent& sse, std::vector<Event>& out) override {
        if (sse.comment_only) { return; }
        if (sse.data.starts_with("[DONE]")) {
            end(out);
            return;
        }
        Chunk chunk;
        bool renamed = false;
        Reader reader(sse.data, '{');
        std::string_view key;
        Value value;
        while (reader.next_member(key, value)) {
            if (value.type == Type::null) { continue; }
            if (key == "choices" && value.is_array()) {
                chunk.choices = value.text;
            } else if (key == "id" && id_.empty()) {
                // Some hosts change the id between chunks; Azure's first chunk has an empty one.
                id_ = string_or_empty(value);
                renamed = renamed || !id_.empty();
            } else if (key == "model") {
                renamed = take_model(value) || renamed;
            } else if (key == "usage" && value.is_object()) {
                chunk.usage = value.text;
            } else if (key == "x_groq") {
                read_groq(value, chunk);
            } else if (key == "timings" && value.is_object()) {
                chunk.timings = value.text;
            } else if (key == "service_tier") {
                service_tier_ = string_or_empty(value);
            } else if (key == "error" && is_present(value)) {
                chunk.error = value;
            }
        }
        if (renamed) { out.emplace_back(event::Started{id_, model_}); }
        json_scan::each_element(chunk.choices, [&](const Value& choice) {
            read_choice(choice, chunk, out);
            return true;
        });
        take_usage(chunk, out);
        close_chunk(chunk, out);
    }

    void finish(std::vector<Event>& out) override {
        // Hosts that send no [DONE] still say why they stopped; a cut stream does not.
        if (finished_ && !failed_) { end(out); }
    }

    StreamState state() const override { return {0, id_, model_}; }

private:
    struct Chunk {
        std::string_view choices;
        std::string_view usage;
        std::string_view timings;
        std::optional<Value> error;
        bool stopped_by_error = false;  // finish_reason "error"
    };

    void end(std::vector<Event>& out) {
        if (!ended_) { out.emplace_back(event::Terminal{}); }
        ended_ = true;
    }

    // The model is compared as written, so that the usual case costs one comparison.
    bool take_model(const Value& value) {
        const std::string_view written = value.raw_string();
        if (written.empty() || written == model_written_) { return false; }
        model_written_ = written;
        model_ = string_or_empty(value);
        return true;
    }

    void read_choice(const Value& choice, Chunk& chunk, std::vector<Event>& out) {
        Reader reader(choice.text, '{');
        std::string_view key;
        Value value;
        while (reader.next_member(key, value)) {
            if (key == "delta") {
                if (const std::size_t bytes = delta_bytes(value); bytes > 0) {
                    out.emplace_back(event::Content{bytes});
                }
            } else if (key == "text") {  // Completions, the older form
                if (const std::size_t bytes = value.raw_string().size(); bytes > 0) {
                    out.emplace_back(event::Content{bytes});
                }
            } else if (key == "finish_reason" && is_present(value) && value.type == Type::string) {
                take_reason(value, chunk, out);
            } else if (key == "usage" && value.is_object() && chunk.usage.empty()) {  // Moonshot
                chunk.usage = value.text;
            } else if (key == "error" && is_present(value)) {
                chunk.error = value;
            }
        }
    }

    // OpenRouter repeats the reason on the chunk that carries usage.
    void take_reason(const Value& value, Chunk& chunk, std::vector<Event>& out) {
        std::string reason = string_or_empty(value);
        chunk.stopped_by_error = reason == "error";
        if (finished_ && reason == reason_) { return; }
        finished_ = true;
        reason_ = reason;
        out.emplace_back(event::Finished{std::move(reason)});
    }

    // Groq says usage twice, here and in `usage`, with equal numbers.
    static void read_groq(const Value& groq, Chunk& chunk) {
        json_scan::each_member(groq.text, [&](std::string_view key, const Value& value) {
            if (key == "usage" && value.is_object() && chunk.usage.empty()) { chunk.usage = value.text; }
            if (key == "error" && is_present(value)) { chunk.error = value; }
            return true;
        });
    }

    // Perplexity repeats a growing usage on every chunk: only news is told.
    void take_usage(const Chunk& chunk, std::vector<Event>& out) {
        const bool from_usage = !chunk.usage.empty();
        if (!from_usage && (chunk.timings.empty() || usage_seen_)) { return; }
        const std::string_view text = from_usage ? chunk.usage : chunk.timings;
        if (text == usage_text_) { return; }
        usage_text_ = text;
        usage_seen_ = usage_seen_ || from_usage;
        event::UsageSeen seen{chat_usage(chunk.usage, chunk.timings)};
        if (seen.usage.service_tier.empty()) { seen.usage.service_tier = service_tier_; }
        out.emplace_back(std::move(seen));
    }

    void close_chunk(const Chunk& chunk, std::vector<Event>& out) {
        if (failed_ || (!chunk.error && !chunk.stopped_by_error)) { return; }
        failed_ = true;
        ErrorFacts facts;
        if (chunk.error) {
            facts = read_error_value(*chunk.error);
        } else {
            facts.message = "The provider ended the answer with finish_reason \"error\" and no message.";
        }
        out.emplace_back(event::Failed{classify_error(0, std::move(facts))});
    }

    std::string id_;
    std::string model_;
    std::string model_written_;
    std::string reason_;
    std::string service_tier_;
    std::string usage_text_;
    bool usage_seen_ = false;
    bool finished_ = false;
    bool failed_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<StreamDecoder> OpenAiChat::stream_decoder() const {
    return std::make_unique<ChatStream>();
}

}  // namespace llmgw::wire
