#include "providers/dialects/gemini/usage_encode.hpp"

#include "core/util/json_writer.hpp"
#include "providers/dialects/common.hpp"

namespace llmgw::wire::gemini {

namespace {

void write_count(JsonWriter& json, std::string_view name, Tokens count) {
    if (count) { json.member(name, *count); }
}

void write_audio(JsonWriter& json, std::string_view name, Tokens audio, Tokens whole) {
    if (!audio) { return; }
    json.key(name).begin_array();
    json.begin_object().member("modality", "AUDIO").member("tokenCount", *audio).end_object();
    if (const auto rest = subtract_tokens(whole, audio); rest && *rest > 0) {
        json.begin_object().member("modality", "TEXT").member("tokenCount", *rest).end_object();
    }
    json.end_array();
}

}  // namespace

// The prompt's count includes what was read from and written to the cache; the candidates' excludes thoughts.
JsonText usage_metadata(const Usage& usage) {
    const TokenCounts& counts = usage.counts;
    Tokens prompt = add_tokens(counts.input, counts.cache_read);
    prompt = add_tokens(add_tokens(prompt, counts.cache_write_5m), counts.cache_write_1h);
    const Tokens candidates = subtract_tokens(counts.output, counts.reasoning);
    JsonWriter json;
    json.begin_object();
    write_count(json, "promptTokenCount", prompt);
    write_count(json, "cachedContentTokenCount", counts.cache_read);
    write_count(json, "candidatesTokenCount", candidates);
    write_count(json, "thoughtsTokenCount", counts.reasoning);
    if (prompt || counts.output) { json.member("totalTokenCount", prompt.value_or(0) + counts.output.value_or(0)); }
    write_audio(json, "promptTokensDetails", counts.audio_input, prompt);
    write_audio(json, "candidatesTokensDetails", counts.audio_output, candidates);
    json.member_if("serviceTier", usage.service_tier);
    return json.end_object().take();
}

}  // namespace llmgw::wire::gemini
