#include "providers/dialects/anthropic/answer_words.hpp"

#include <algorithm>
#include <array>

#include "core/dialect/envelope.hpp"
#include "providers/dialects/common.hpp"

namespace llmgw::wire {
namespace {

using answer::StopReason;

struct StopName {
    StopReason reason;
    std::string_view word;
};

// Reading takes the first row with the word, writing the first with the reason.
constexpr std::array<StopName, 9> stop_names{{
    {StopReason::end_turn, "end_turn"},
    {StopReason::stop_sequence, "stop_sequence"},
    {StopReason::max_tokens, "max_tokens"},
    {StopReason::context_window, "model_context_window_exceeded"},
    {StopReason::tool_use, "tool_use"},
    {StopReason::refusal, "refusal"},
    {StopReason::content_filter, "refusal"},
    {StopReason::pause, "pause_turn"},
    {StopReason::other, "end_turn"},
}};

// Words of this wire's that the normal form has no reason for.
constexpr std::string_view compaction = "compaction";

struct TierName {
    std::string_view theirs;
    std::string_view ours;
};

constexpr std::array<TierName, 6> tiers{{{"standard", "standard"},
                                         {"default", "standard"},
                                         {"ON_DEMAND", "standard"},
                                         {"priority", "priority"},
                                         {"ON_DEMAND_PRIORITY", "priority"},
                                         {"batch", "batch"}}};

void number(JsonWriter& writer, std::string_view name, Tokens tokens) {
    if (tokens) { writer.member(name, *tokens); }
}

}  // namespace

StopReason stop_reason_of(std::string_view word) {
    const auto row = std::ranges::find(stop_names, word, &StopName::word);
    return row != stop_names.end() ? row->reason : StopReason::other;
}

std::string_view stop_word(const answer::Finish& finish, bool called, bool refused) {
    const StopReason reason = finish.reason;
    const bool plain = reason == StopReason::end_turn || reason == StopReason::tool_use ||
                       reason == StopReason::stop_sequence || reason == StopReason::other;
    if (plain && called) { return "tool_use"; }
    if (reason == StopReason::tool_use) { return "end_turn"; }
    if (reason == StopReason::end_turn && refused) { return "refusal"; }
    if (reason == StopReason::other && finish.word == compaction) { return compaction; }
    return std::ranges::find(stop_names, reason, &StopName::reason)->word;
}

void write_stop(JsonWriter& writer, const answer::Finish& finish, bool called, bool refused) {
    const std::string_view word = stop_word(finish, called, refused);
    writer.member("stop_reason", word).key("stop_sequence");
    if (word == "stop_sequence" && !finish.stop_sequence.empty()) {
        writer.string(finish.stop_sequence);
    } else {
        writer.null();
    }
    if (word != "refusal" || finish.message.empty()) { return; }
    writer.key("stop_details").begin_object().member("type", "refusal").key("category").null();
    writer.member("explanation", finish.message).end_object();
}

std::string explanation_in(std::string_view stop_details) {
    const auto explanation = json_scan::member(stop_details, "explanation");
    return explanation ? string_or_empty(*explanation) : "";
}

void write_usage(JsonWriter& writer, const Usage& usage) {
    const TokenCounts& counts = usage.counts;
    writer.begin_object().member("input_tokens", counts.input.value_or(0));
    const Tokens written =
        counts.cache_write_1h ? add_tokens(counts.cache_write_5m, counts.cache_write_1h) : counts.cache_write_5m;
    number(writer, "cache_creation_input_tokens", written);
    number(writer, "cache_read_input_tokens", counts.cache_read);
    if (counts.cache_write_1h) {
        writer.key("cache_creation").begin_object();
        writer.member("ephemeral_5m_input_tokens", counts.cache_write_5m.value_or(0));
        writer.member("ephemeral_1h_input_tokens", *counts.cache_write_1h).end_object();
    }
    writer.member("output_tokens", counts.output.value_or(0));
    if (counts.reasoning) {
        writer.key("output_tokens_details").begin_object().member("thinking_tokens", *counts.reasoning).end_object();
    }
    if (usage.web_search_requests > 0) {
        writer.key("server_tool_use").begin_object().member("web_search_requests", usage.web_search_requests);
        writer.end_object();
    }
    const auto tier = std::ranges::find(tiers, std::string_view(usage.service_tier), &TierName::theirs);
    if (tier != tiers.end()) { writer.member("service_tier", tier->ours); }
    writer.member_if("speed", usage.speed).member_if("inference_geo", usage.inference_geo).end_object();
}

std::string message_id(std::string_view upstream, std::string_view call_id) {
    const std::string_view id = upstream.empty() ? call_id : upstream;
    return id.starts_with("msg_") ? std::string(id) : "msg_" + std::string(id);
}

JsonText citation_json(const part::Citation& citation) {
    if (citation.origin == DialectId::anthropic && !citation.raw.empty()) { return citation.raw; }
    if (citation.url.empty()) { return {}; }
    JsonWriter writer;
    writer.begin_object().member("type", "web_search_result_location").member("url", citation.url);
    writer.member("title", citation.title).member("cited_text", citation.cited_text).member("encrypted_index", "");
    return writer.end_object().take();
}

std::string seal_field(const Sealed& sealed) {
    if (sealed.empty()) { return {}; }
    return sealed.origin == DialectId::anthropic ? sealed.data : wrap_sealed(sealed);
}

std::string text_seal_field(const Sealed& sealed, bool empty_text) {
    if (sealed.data.empty() || sealed.origin == DialectId::anthropic) { return {}; }
    return wrap_sealed({sealed.origin, sealed.data, std::string(empty_text ? seal_of_empty_text : seal_of_text)});
}

}  // namespace llmgw::wire
