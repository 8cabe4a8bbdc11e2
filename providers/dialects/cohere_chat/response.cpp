// What the log needs of whole answers, streams, usage and errors.
#include <initializer_list>

#include "providers/dialects/cohere_chat/codec.hpp"
#include "providers/dialects/cohere_chat/cohere_chat.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/error_body.hpp"

namespace llmgw::wire {

using json_scan::Type;
using json_scan::Value;

namespace {

std::string text_at(std::string_view json, std::initializer_list<std::string_view> path) {
    const auto value = json_scan::at(json, path);
    return value ? string_or_empty(*value) : "";
}

// The strings of what an event adds to the message: text, thinking, a plan, a call's name and arguments.
std::size_t generated_bytes(std::string_view json) {
    std::size_t bytes = 0;
    json_scan::each_member(json, [&](std::string_view key, const Value& value) {
        if (value.is_object() && key != "citations") { bytes += generated_bytes(value.text); }
        if (value.type == Type::string && key != "id" && key != "type" && key != "role") {
            bytes += value.raw_string().size();
        }
        return true;
    });
    return bytes;
}

struct InputAndOutput {
    Tokens input;
    Tokens output;

    bool any() const { return input || output; }
    void read(const Value& value) {
        json_scan::each_member(value.text, [&](std::string_view key, const Value& count) {
            if (key == "input_tokens") { set_tokens(input, count); }
            if (key == "output_tokens") { set_tokens(output, count); }
            return true;
        });
    }
};

struct BilledAndCounted {
    InputAndOutput billed;
    InputAndOutput counted;
    Tokens cached;

    explicit BilledAndCounted(std::string_view json) {
        json_scan::each_member(json, [&](std::string_view key, const Value& value) {
            if (key == "billed_units" && value.is_object()) { billed.read(value); }
            if (key == "tokens" && value.is_object()) { counted.read(value); }
            if (key == "cached_tokens") { set_tokens(cached, value); }
            return true;
        });
    }
};

class CohereStream final : public StreamDecoder {
public:
    void decode(const SseEvent& sse, std::vector<Event>& out) override {
        if (sse.comment_only || over_) { return; }
        const auto type = json_scan::member(sse.data, "type");
        const auto word = type ? type->raw_string() : std::string_view{};
        if (word == "message-end") {
            take_end(sse.data, out);
        } else if (word == "message-start") {
            out.emplace_back(event::Started{text_at(sse.data, {"id"}), {}});
        } else if (!word.empty()) {
            const auto message = json_scan::at(sse.data, {"delta", "message"});
            const auto bytes = message ? generated_bytes(message->text) : 0;
            if (bytes > 0) { out.emplace_back(event::Content{bytes}); }
        } else if (const auto message = json_scan::member(sse.data, "message");
                   message && message->type == Type::string) {
            over_ = true;
            out.emplace_back(event::Failed{classify_error(0, read_error_body(sse.data))});
        }
    }

    void finish(std::vector<Event>&) override {}

private:
    void take_end(std::string_view data, std::vector<Event>& out) {
        over_ = true;
        auto reason = text_at(data, {"delta", "finish_reason"});
        if (const auto usage = json_scan::at(data, {"delta", "usage"}); usage && usage->is_object()) {
            out.emplace_back(event::UsageSeen{cohere_billed(usage->text)});
        }
        if (is_failure(reason)) {
            out.emplace_back(event::Failed{cohere_failure(reason, text_at(data, {"delta", "error"}))});
            return;
        }
        out.emplace_back(event::Finished{std::move(reason)});
        out.emplace_back(event::Terminal{});
    }

    bool over_ = false;
};

}  // namespace

Usage cohere_billed(std::string_view json) {
    const BilledAndCounted said(json);
    const auto& counts = said.billed.any() ? said.billed : said.counted;
    Usage usage;
    usage.counts.input = counts.input;
    usage.counts.output = counts.output;
    return usage;
}

Usage cohere_counted(std::string_view json) {
    const BilledAndCounted said(json);
    if (!said.counted.any()) { return cohere_billed(json); }
    Usage usage;
    usage.counts.cache_read = part_of(said.cached, said.counted.input);
    usage.counts.input = subtract_tokens(said.counted.input, usage.counts.cache_read);
    usage.counts.output = said.counted.output;
    return usage;
}

bool is_failure(std::string_view finish_reason) {
    return finish_reason == "ERROR" || finish_reason == "TIMEOUT";
}

ApiError cohere_failure(std::string_view finish_reason, std::string message) {
    ErrorFacts facts;
    facts.message = message.empty() ? "Cohere ended its answer with " + std::string(finish_reason) : std::move(message);
    facts.status = finish_reason == "TIMEOUT" ? 504 : 500;
    return classify_error(0, std::move(facts));
}

std::unique_ptr<StreamDecoder> CohereChat::stream_decoder() const {
    return std::make_unique<CohereStream>();
}

DecodedResponse CohereChat::decode_response(std::string_view body) const {
    DecodedResponse response;
    json_scan::each_member(body, [&](std::string_view key, const Value& value) {
        if (key == "id" || key == "generation_id") { response.id = string_or_empty(value); }
        if (key == "finish_reason") { response.finish_reason = string_or_empty(value); }
        if (key == "message" && value.is_object()) { response.content_bytes = value.text.size(); }
        if (key == "text") { response.content_bytes = value.raw_string().size(); }
        if ((key == "usage" || key == "meta") && value.is_object()) { response.usage = cohere_billed(value.text); }
        return true;
    });
    if (is_failure(response.finish_reason)) {
        response.error = cohere_failure(response.finish_reason, text_at(body, {"error"}));
    }
    return response;
}

Usage CohereChat::decode_usage(std::string_view usage_json) const {
    return cohere_billed(usage_json);
}

ApiError CohereChat::decode_error(int status, std::string_view body) const {
    auto error = classify_error(status, read_error_body(body));
    // Two statuses are Cohere's own: 498, a word on its deny list was said, and 499, the request was cancelled on its
    // side, whose advice is to try again.
    if (status == 498) { error.error_class = ErrorClass::content_filter; }
    if (status == 499) {
        error.error_class = ErrorClass::server;
        error.status = default_status(error.error_class);
    }
    return error;
}

std::string CohereChat::encode_error(const ApiError& error) const {
    return "{\"message\":" + json_scan::quote(error.message) + "}";
}

std::string CohereChat::encode_stream_error(const ApiError& error, const StreamState&) const {
    return "data: " + encode_error(error) + "\n\n";
}

const Codec* CohereChat::codec() const {
    return &cohere_chat_codec();
}

}  // namespace llmgw::wire
