#include "providers/dialects/openai_chat/openai_chat.hpp"

namespace llmgw::wire {

using json_scan::Value;

namespace {

// The numbers as hosts write them, before they are made disjoint.
struct Written {
    Tokens prompt;      // includes what was read from and written to a cache
    Tokens completion;  // usually includes reasoning
    Tokens total;
    Tokens cached;
    Tokens cache_miss;  // DeepSeek: the rest of prompt
    Tokens cache_write;
    Tokens reasoning;
    Tokens audio_input;
    Tokens audio_output;
    Tokens billed_input;  // Cohere's own form
    Tokens billed_output;
};

void read_prompt_details(const Value& details, Written& written) {
    json_scan::each_member(details.text, [&](std::string_view key, const Value& value) {
        if (key == "cached_tokens") { set_tokens(written.cached, value); }
        if (key == "cache_write_tokens" || key == "cache_creation_input_tokens") {
            set_tokens(written.cache_write, value);
        }
        if (key == "audio_tokens") { set_tokens(written.audio_input, value); }
        return true;
    });
}

void read_completion_details(const Value& details, Written& written) {
    json_scan::each_member(details.text, [&](std::string_view key, const Value& value) {
        if (key == "reasoning_tokens") { set_tokens(written.reasoning, value); }
        if (key == "audio_tokens") { set_tokens(written.audio_output, value); }
        return true;
    });
}

void read_billed_units(const Value& units, Written& written) {
    json_scan::each_member(units.text, [&](std::string_view key, const Value& value) {
        if (key == "input_tokens") { set_tokens(written.billed_input, value); }
        if (key == "output_tokens") { set_tokens(written.billed_output, value); }
        return true;
    });
}

// The prompt's fresh part.
Tokens fresh_input(const Written& written) {
    if (written.cache_miss) { return written.cache_miss; }
    const std::int64_t cached = written.cached.value_or(0);
    const std::int64_t write = written.cache_write.value_or(0);
    // Explicit caches of Gemini behind OpenRouter report the same tokens as read and as written: they are inside
    // the prompt once.
    if (written.prompt && cached + write > *written.prompt) { return subtract_tokens(written.prompt, written.cached); }
    return subtract_tokens(written.prompt, cached + write);
}

// Everything generated. xAI and Gemini's compatible endpoint leave reasoning out of completion_tokens and put it
// into the total only; elsewhere total = prompt + completion.
Tokens whole_output(const Written& written) {
    if (!written.prompt || !written.total) { return written.completion; }
    const std::int64_t rest = *written.total - *written.prompt;
    if (rest > written.completion.value_or(0)) { return rest; }
    return written.completion;
}

TokenCounts counts_of(const Written& written) {
    TokenCounts counts;
    if (written.billed_input || written.billed_output) {
        // Cohere bills other numbers than it counts; its cached_tokens are information only.
        counts.input = written.billed_input;
        counts.output = written.billed_output;
        return counts;
    }
    counts.input = fresh_input(written);
    counts.cache_read = written.cached;
    counts.cache_write_5m = written.cache_write;
    counts.output = whole_output(written);
    counts.reasoning = part_of(written.reasoning, counts.output);
    // Cached audio cannot be told from cached text: the fresh part is audio at most.
    counts.audio_input = part_of(written.audio_input, counts.input);
    counts.audio_output = part_of(written.audio_output, counts.output);
    return counts;
}

}  // namespace

Usage chat_usage(std::string_view usage_json, std::string_view timings_json) {
    Usage usage;
    Written written;
    ReportedCost cost;
    json_scan::each_member(usage_json, [&](std::string_view key, const Value& value) {
        if (key == "prompt_tokens") { set_tokens(written.prompt, value); }
        if (key == "completion_tokens") { set_tokens(written.completion, value); }
        if (key == "total_tokens") { set_tokens(written.total, value); }
        if (key == "prompt_tokens_details") { read_prompt_details(value, written); }
        if (key == "completion_tokens_details") { read_completion_details(value, written); }
        if (key == "prompt_cache_hit_tokens") { set_tokens(written.cached, value); }
        if (key == "prompt_cache_miss_tokens") { set_tokens(written.cache_miss, value); }
        // Moonshot and Mistral say it at the top, beside or instead of the details.
        if ((key == "cached_tokens" || key == "num_cached_tokens") && !written.cached) {
            set_tokens(written.cached, value);
        }
        if (key == "reasoning_tokens" && !written.reasoning) { set_tokens(written.reasoning, value); }
        if (key == "billed_units") { read_billed_units(value, written); }
        if (key == "service_tier") { usage.service_tier = string_or_empty(value); }
        cost.take(key, value);
        return true;
    });
    json_scan::each_member(timings_json, [&](std::string_view key, const Value& value) {
        if (key == "cache_n" && !written.cached) { set_tokens(written.cached, value); }
        if (key == "prompt_n" && !written.prompt) { set_tokens(written.cache_miss, value); }
        if (key == "predicted_n" && !written.completion) { set_tokens(written.completion, value); }
        return true;
    });
    usage.counts = counts_of(written);
    usage.reported_cost_nano = cost.nano();
    return usage;
}

Usage OpenAiChat::decode_usage(std::string_view usage_json) const {
    return chat_usage(usage_json, {});
}

}  // namespace llmgw::wire
