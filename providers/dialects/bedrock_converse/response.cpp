// What the log needs of whole answers, streams, usage and errors.
#include <algorithm>

#include "providers/dialects/bedrock_converse/bedrock_converse.hpp"
#include "providers/dialects/bedrock_converse/codec.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/error_body.hpp"

namespace llmgw::wire {

using json_scan::Value;

namespace {

// What was generated, roughly: text, reasoning, a call's name and input; not the signatures, which nobody sees.
std::size_t generated_bytes(std::string_view json) {
    std::size_t bytes = 0;
    json_scan::each_member(json, [&](std::string_view key, const Value& value) {
        if (key == "signature" || key == "redactedContent" || key == "toolUseId" || key == "toolResult") {
            return true;
        }
        if (key == "input" && value.is_object()) {
            bytes += value.text.size();
        } else if (value.is_object()) {
            bytes += generated_bytes(value.text);
        } else if (key == "text" || key == "input" || key == "name") {
            bytes += value.raw_string().size();
        }
        return true;
    });
    return bytes;
}

class ConverseStream final : public StreamDecoder {
public:
    explicit ConverseStream(const BedrockConverse& dialect) : dialect_(dialect) {}

    void decode(const SseEvent& sse, std::vector<Event>& out) override {
        if (sse.comment_only || over_) { return; }
        if (sse.name == "contentBlockDelta" || sse.name == "contentBlockStart") {
            if (const auto bytes = generated_bytes(sse.data); bytes > 0) { out.emplace_back(event::Content{bytes}); }
        } else if (sse.name == "messageStart") {
            out.emplace_back(event::Started{});
        } else if (sse.name == "messageStop") {
            stopped_ = true;
            const auto reason = json_scan::member(sse.data, "stopReason");
            if (reason) { out.emplace_back(event::Finished{string_or_empty(*reason)}); }
        } else if (sse.name == "metadata") {
            if (const auto usage = json_scan::member(sse.data, "usage"); usage && usage->is_object()) {
                auto read = dialect_.decode_usage(usage->text);
                if (const auto tier = json_scan::at(sse.data, {"serviceTier", "type"})) {
                    read.service_tier = string_or_empty(*tier);
                }
                out.emplace_back(event::UsageSeen{std::move(read)});
            }
            over_ = stopped_;
            if (over_) { out.emplace_back(event::Terminal{}); }
        } else if (is_exception(sse.name)) {
            over_ = true;
            out.emplace_back(event::Failed{aws_error(0, sse.name, sse.data)});
        }
    }

    // Without its metadata an answer is whole all the same.
    void finish(std::vector<Event>& out) override {
        if (stopped_ && !over_) { out.emplace_back(event::Terminal{}); }
    }

private:
    const BedrockConverse& dialect_;
    bool stopped_ = false;
    bool over_ = false;
};

}  // namespace

bool is_exception(std::string_view event_name) {
    return event_name == "error" || event_name.ends_with("Exception");
}

ApiError aws_error(int status, std::string_view type, std::string_view body) {
    auto facts = read_error_body(body);
    // Some services write it with a capital letter.
    if (facts.message.empty()) {
        if (const auto message = json_scan::member(body, "Message")) { facts.message = string_or_empty(*message); }
    }
    std::string name(type);
    if (name.empty()) {
        if (const auto written = json_scan::member(body, "__type")) { name = string_or_empty(*written); }
    }
    // "com.amazon.coral.service#ThrottlingException:http://internal.amazon.com/..."
    if (const auto hash = name.find('#'); hash != std::string::npos) { name.erase(0, hash + 1); }
    name = name.substr(0, name.find(':'));
    if (!name.empty()) { facts.words.push_back(name); }
    return classify_error(status, std::move(facts));
}

std::unique_ptr<StreamDecoder> BedrockConverse::stream_decoder() const {
    return std::make_unique<ConverseStream>(*this);
}

DecodedResponse BedrockConverse::decode_response(std::string_view body) const {
    DecodedResponse response;
    json_scan::each_member(body, [&](std::string_view key, const Value& value) {
        if (key == "stopReason") { response.finish_reason = string_or_empty(value); }
        if (key == "output" && value.is_object()) { response.content_bytes = value.text.size(); }
        if (key == "usage" && value.is_object()) { response.usage = decode_usage(value.text); }
        return true;
    });
    if (const auto tier = json_scan::at(body, {"serviceTier", "type"}); tier && response.usage) {
        response.usage->service_tier = string_or_empty(*tier);
    }
    return response;
}

// inputTokens leaves the cache out; cacheDetails splits what was written to it by lifetime. OpenAI's models are said
// to count the cache in: then the sum is the total without it.
Usage BedrockConverse::decode_usage(std::string_view usage_json) const {
    Usage usage;
    Tokens total;
    Tokens written;
    Tokens for_1h;
    auto& counts = usage.counts;
    json_scan::each_member(usage_json, [&](std::string_view key, const Value& value) {
        if (key == "inputTokens") { set_tokens(counts.input, value); }
        if (key == "outputTokens") { set_tokens(counts.output, value); }
        if (key == "totalTokens") { set_tokens(total, value); }
        if (key == "cacheReadInputTokens") { set_tokens(counts.cache_read, value); }
        if (key == "cacheWriteInputTokens") { set_tokens(written, value); }
        if (key == "cacheDetails" && value.is_array()) {
            json_scan::each_element(value.text, [&](const Value& detail) {
                const auto ttl = json_scan::member(detail.text, "ttl");
                const auto tokens = json_scan::member(detail.text, "inputTokens");
                if (ttl && tokens && ttl->raw_string() == "1h") { for_1h = add_tokens(for_1h, tokens_in(*tokens)); }
                return true;
            });
        }
        return true;
    });
    counts.cache_write_1h = part_of(for_1h, written);
    counts.cache_write_5m = subtract_tokens(written, counts.cache_write_1h);
    const std::int64_t cached = counts.cache_read.value_or(0) + written.value_or(0);
    if (total && counts.input && counts.output && cached > 0 && *total == *counts.input + *counts.output) {
        counts.input = subtract_tokens(counts.input, cached);
    }
    return usage;
}

ApiError BedrockConverse::decode_error(int status, std::string_view body) const {
    return aws_error(status, "", body);
}

std::string BedrockConverse::encode_error(const ApiError& error) const {
    return "{\"message\":" + json_scan::quote(error.message) + "}";
}

std::string BedrockConverse::encode_stream_error(const ApiError& error, const StreamState&) const {
    return "event: error\ndata: " + encode_error(error) + "\n\n";
}

const Codec* BedrockConverse::codec() const {
    return &bedrock_converse_codec();
}

}  // namespace llmgw::wire
