#include "providers/dialects/openai_responses/response_object.hpp"

#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_responses/writing.hpp"

namespace llmgw::wire::responses {

namespace {

std::string_view or_null(std::string_view json) {
    return json.empty() ? "null" : json;
}

void string_or_null(std::string_view name, std::string_view text, JsonWriter& json) {
    text.empty() ? json.raw_member(name, "null") : json.member(name, text);
}

std::string instructions_of(const ChatRequest& request) {
    if (request.messages.empty() || request.messages.front().role != Role::system) { return {}; }
    const Message& first = request.messages.front();
    if (first.parts.size() != 1 || !first.item_id.empty()) { return {}; }
    const auto* text = std::get_if<part::Text>(&first.parts.front());
    return text != nullptr ? text->text : std::string();
}

void write_format(const AnswerFormat& format, JsonWriter& json) {
    json.begin_object();
    switch (format.kind) {
        case FormatKind::unset:
        case FormatKind::text: json.member("type", "text"); break;
        case FormatKind::json_object: json.member("type", "json_object"); break;
        case FormatKind::json_schema:
            json.member("type", "json_schema").member("name", format.name).member_if("description", format.description);
            json.raw_member("schema", format.schema).member("strict", format.strict.value_or(false));
            break;
    }
    json.end_object();
}

// Both objects of details are required members: typed clients read through them without looking.
void write_usage(const Usage& usage, JsonWriter& json) {
    const TokenCounts& counts = usage.counts;
    const std::int64_t input = counts.prompt_total();
    const std::int64_t output = counts.output.value_or(0);
    json.begin_object().member("input_tokens", input);
    const Tokens written = add_tokens(counts.cache_write_5m, counts.cache_write_1h);
    json.key("input_tokens_details").begin_object().member("cached_tokens", counts.cache_read.value_or(0));
    if (written) { json.member("cache_write_tokens", *written); }
    if (counts.audio_input) { json.member("audio_tokens", *counts.audio_input); }
    json.end_object();
    json.member("output_tokens", output);
    json.key("output_tokens_details").begin_object().member("reasoning_tokens", counts.reasoning.value_or(0));
    if (counts.audio_output) { json.member("audio_tokens", *counts.audio_output); }
    json.end_object();
    json.member("total_tokens", input + output).end_object();
}

bool knows_tokens(const Usage& usage) {
    const TokenCounts& counts = usage.counts;
    return counts.input || counts.output || counts.cache_read;
}

}  // namespace

ResponseObject::ResponseObject(const ChatRequest* said) {
    static const ChatRequest nothing;
    const ChatRequest& request = said != nullptr ? *said : nothing;
    static const TargetTraits target;
    Drops drops;
    const Writing writing{request, target, drops, ToolNames(request.tools), true};
    service_tier_ = request.service_tier;

    JsonWriter json;
    json.begin_object().member("background", false);
    string_or_null("instructions", instructions_of(request), json);
    json.raw_member("max_output_tokens", request.max_tokens ? std::to_string(*request.max_tokens) : "null");
    json.key("metadata").begin_object();
    for (const auto& [key, value] : request.metadata) {
        json.member(key, value);
    }
    json.end_object();
    json.member("parallel_tool_calls", request.tool_choice.parallel.value_or(true));
    string_or_null("previous_response_id", request.previous_response_id, json);
    string_or_null("prompt_cache_key", request.prompt_cache_key, json);
    json.key("reasoning").begin_object();
    string_or_null("effort", request.reasoning.effort, json);
    string_or_null("summary", request.reasoning.summary, json);
    json.end_object();
    string_or_null("safety_identifier", request.user_id, json);
    json.member("store", request.store.value_or(true));
    json.raw_member("temperature", or_null(request.sampling.temperature));
    json.key("text").begin_object().key("format");
    write_format(request.format, json);
    json.member("verbosity", request.verbosity.empty() ? "medium" : request.verbosity).end_object();
    const JsonText choice = tool_choice_json(writing);
    json.raw_member("tool_choice", choice.empty() ? R"("auto")" : choice);
    json.raw_member("tools", tools_json(writing));
    json.raw_member("top_logprobs", request.sampling.top_logprobs.empty() ? "0" : request.sampling.top_logprobs);
    json.raw_member("top_p", or_null(request.sampling.top_p));
    json.member("truncation", "disabled").raw_member("user", "null").end_object();
    echo_ = json.take();
    echo_ = echo_.substr(1, echo_.size() - 2);
}

void ResponseObject::write(const ResponseFacts& facts, JsonWriter& json) const {
    json.begin_object().member("id", facts.id).member("object", "response").member("created_at", facts.created_s);
    json.member("status", facts.status).raw_member("error", facts.error).key("incomplete_details");
    if (facts.incomplete_reason.empty()) {
        json.null();
    } else {
        json.begin_object().member("reason", facts.incomplete_reason).end_object();
    }
    json.member("model", facts.model).key("output").begin_array();
    for (const auto& item : facts.output) {
        json.raw(item);
    }
    json.end_array();
    std::string_view tier = service_tier_;
    if (facts.usage && !facts.usage->service_tier.empty()) { tier = facts.usage->service_tier; }
    string_or_null("service_tier", tier == "standard" ? "default" : tier, json);
    json.key("usage");
    if (facts.usage && knows_tokens(*facts.usage)) {
        write_usage(*facts.usage, json);
    } else {
        json.null();
    }
    json.raw(echo_).end_object();
}

}  // namespace llmgw::wire::responses
