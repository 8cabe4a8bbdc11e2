#include <algorithm>

#include "providers/dialects/gemini/gemini.hpp"

namespace llmgw::wire {

using json_scan::Value;

namespace {

// The audio tokens in a *TokensDetails list: [{modality, tokenCount}].
Tokens audio_in(const Value& details) {
    Tokens audio;
    json_scan::each_element(details.text, [&](const Value& entry) {
        const auto modality = json_scan::member(entry.text, "modality");
        const auto count = json_scan::member(entry.text, "tokenCount");
        if (modality && count && modality->raw_string() == "AUDIO") { set_tokens(audio, *count); }
        return true;
    });
    return audio;
}

struct TierWord {
    std::string_view traffic_type;
    std::string_view tier;
};

// Vertex names the tier by its traffic type. Other values are kept as they are.
constexpr TierWord tier_words[] = {
    {"ON_DEMAND", "standard"},
    {"ON_DEMAND_FLEX", "flex"},
    {"ON_DEMAND_PRIORITY", "priority"},
    {"PROVISIONED_THROUGHPUT", "provisioned"},
};

std::string tier_of(const Value& traffic_type) {
    for (const auto& row : tier_words) {
        if (row.traffic_type == traffic_type.raw_string()) { return std::string(row.tier); }
    }
    return string_or_empty(traffic_type);
}

}  // namespace

// promptTokenCount includes the cached part and excludes what tools put into the prompt; candidatesTokenCount
// excludes thoughts, and is absent when it is 0.
Usage Gemini::decode_usage(std::string_view usage_json) const {
    Usage usage;
    Tokens prompt;
    Tokens tool_use;
    Tokens candidates;
    Tokens audio_prompt;
    Tokens audio_cached;
    json_scan::each_member(usage_json, [&](std::string_view key, const Value& value) {
        if (key == "promptTokenCount") { set_tokens(prompt, value); }
        if (key == "cachedContentTokenCount") { set_tokens(usage.counts.cache_read, value); }
        if (key == "toolUsePromptTokenCount") { set_tokens(tool_use, value); }
        if (key == "candidatesTokenCount") { set_tokens(candidates, value); }
        if (key == "thoughtsTokenCount") { set_tokens(usage.counts.reasoning, value); }
        if (key == "promptTokensDetails") { audio_prompt = audio_in(value); }
        if (key == "cacheTokensDetails") { audio_cached = audio_in(value); }
        if (key == "candidatesTokensDetails") { usage.counts.audio_output = audio_in(value); }
        if (key == "serviceTier" && is_present(value)) { usage.service_tier = string_or_empty(value); }
        if (key == "trafficType" && is_present(value)) { usage.service_tier = tier_of(value); }
        return true;
    });
    usage.counts.input = add_tokens(subtract_tokens(prompt, usage.counts.cache_read), tool_use);
    if (prompt || candidates || usage.counts.reasoning) {
        usage.counts.output = candidates.value_or(0) + usage.counts.reasoning.value_or(0);
    }
    usage.counts.audio_input = subtract_tokens(audio_prompt, audio_cached);
    return usage;
}

}  // namespace llmgw::wire
