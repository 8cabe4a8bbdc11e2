#include "providers/dialects/openai_responses/openai_responses.hpp"

namespace llmgw::wire {

using json_scan::Value;

// input_tokens includes what was read from and written to the cache, output_tokens includes reasoning, at every
// host that speaks Responses, xAI and DeepSeek included.
Usage OpenAiResponses::decode_usage(std::string_view usage_json) const {
    Usage usage;
    Tokens input;
    ReportedCost cost;
    json_scan::each_member(usage_json, [&](std::string_view key, const Value& value) {
        if (key == "input_tokens") { set_tokens(input, value); }
        if (key == "output_tokens") { set_tokens(usage.counts.output, value); }
        if (key == "input_tokens_details") {
            json_scan::each_member(value.text, [&](std::string_view detail, const Value& number) {
                if (detail == "cached_tokens") { set_tokens(usage.counts.cache_read, number); }
                if (detail == "cache_write_tokens") { set_tokens(usage.counts.cache_write_5m, number); }
                if (detail == "audio_tokens") { set_tokens(usage.counts.audio_input, number); }
                return true;
            });
        }
        if (key == "output_tokens_details") {
            json_scan::each_member(value.text, [&](std::string_view detail, const Value& number) {
                if (detail == "reasoning_tokens") { set_tokens(usage.counts.reasoning, number); }
                if (detail == "audio_tokens") { set_tokens(usage.counts.audio_output, number); }
                return true;
            });
        }
        if (key == "service_tier") { usage.service_tier = string_or_empty(value); }
        cost.take(key, value);
        return true;
    });
    usage.counts.input = subtract_tokens(input, add_tokens(usage.counts.cache_read, usage.counts.cache_write_5m));
    usage.counts.reasoning = part_of(usage.counts.reasoning, usage.counts.output);
    usage.counts.audio_input = part_of(usage.counts.audio_input, usage.counts.input);
    usage.counts.audio_output = part_of(usage.counts.audio_output, usage.counts.output);
    usage.reported_cost_nano = cost.nano();
    return usage;
}

}  // namespace llmgw::wire
