#include <algorithm>

#include "providers/dialects/anthropic/anthropic.hpp"

namespace llmgw::wire {

using json_scan::Value;

namespace {

struct Writes {
    Tokens for_5m;
    Tokens for_1h;
};

// Spreads a total number of written tokens over the two lifetimes. The split may be older than the total (only
// message_start has it, and server tools write more later): what it does not account for goes to the one
// lifetime in use, and to the default of five minutes when both or neither are.
Writes split_writes(Tokens total, Tokens split_5m, Tokens split_1h) {
    if (!total) { return {split_5m, split_1h}; }
    if (split_1h.value_or(0) > 0 && split_5m.value_or(0) == 0) { return {split_5m, total}; }
    const std::int64_t for_1h = std::min(split_1h.value_or(0), *total);
    return {*total - for_1h, split_1h ? Tokens(for_1h) : std::nullopt};
}

void read_split(const Value& split, Tokens& for_5m, Tokens& for_1h) {
    json_scan::each_member(split.text, [&](std::string_view key, const Value& value) {
        if (key == "ephemeral_5m_input_tokens") { set_tokens(for_5m, value); }
        if (key == "ephemeral_1h_input_tokens") { set_tokens(for_1h, value); }
        return true;
    });
}

TokenCounts sum(const TokenCounts& a, const TokenCounts& b) {
    TokenCounts out;
    out.input = add_tokens(a.input, b.input);
    out.cache_read = add_tokens(a.cache_read, b.cache_read);
    out.cache_write_5m = add_tokens(a.cache_write_5m, b.cache_write_5m);
    out.cache_write_1h = add_tokens(a.cache_write_1h, b.cache_write_1h);
    out.output = add_tokens(a.output, b.output);
    return out;
}

}  // namespace

AnthropicUsage::Pass AnthropicUsage::read_pass(std::string_view iteration_json) {
    Pass pass;
    Tokens total;
    Tokens for_5m;
    Tokens for_1h;
    json_scan::each_member(iteration_json, [&](std::string_view key, const Value& value) {
        if (key == "type") { pass.type = string_or_empty(value); }
        if (key == "model") { pass.model = string_or_empty(value); }
        if (key == "input_tokens") { set_tokens(pass.counts.input, value); }
        if (key == "output_tokens") { set_tokens(pass.counts.output, value); }
        if (key == "cache_read_input_tokens") { set_tokens(pass.counts.cache_read, value); }
        if (key == "cache_creation_input_tokens") { set_tokens(total, value); }
        if (key == "cache_creation") { read_split(value, for_5m, for_1h); }
        return true;
    });
    const Writes writes = split_writes(total, for_5m, for_1h);
    pass.counts.cache_write_5m = writes.for_5m;
    pass.counts.cache_write_1h = writes.for_1h;
    return pass;
}

void AnthropicUsage::merge(std::string_view usage_json) {
    json_scan::each_member(usage_json, [&](std::string_view key, const Value& value) {
        seen_ = true;
        if (key == "input_tokens") { set_tokens(input_, value); }
        if (key == "output_tokens") { set_tokens(output_, value); }
        if (key == "cache_read_input_tokens") { set_tokens(cache_read_, value); }
        if (key == "cache_creation_input_tokens") { set_tokens(cache_write_, value); }
        if (key == "cache_creation") { read_split(value, cache_write_5m_, cache_write_1h_); }
        if (key == "service_tier" && is_present(value)) { service_tier_ = string_or_empty(value); }
        if (key == "speed" && is_present(value)) { speed_ = string_or_empty(value); }
        if (key == "inference_geo" && is_present(value)) { inference_geo_ = string_or_empty(value); }
        if (key == "output_tokens_details") {
            if (const auto thinking = json_scan::member(value.text, "thinking_tokens")) {
                set_tokens(thinking_, *thinking);
            }
        }
        if (key == "server_tool_use") {
            const auto searches = json_scan::member(value.text, "web_search_requests");
            if (searches) { web_search_requests_ = tokens_in(*searches).value_or(web_search_requests_); }
        }
        if (key == "iterations" && value.is_array()) {
            passes_.clear();
            json_scan::each_element(value.text, [&](const Value& pass) {
                passes_.push_back(read_pass(pass.text));
                return true;
            });
        }
        return true;
    });
}

Usage AnthropicUsage::result() const {
    Usage usage;
    const Writes writes = split_writes(cache_write_, cache_write_5m_, cache_write_1h_);
    usage.counts.input = input_;
    usage.counts.cache_read = cache_read_;
    usage.counts.cache_write_5m = writes.for_5m;
    usage.counts.cache_write_1h = writes.for_1h;
    usage.counts.output = output_;
    usage.service_tier = service_tier_;
    usage.speed = speed_;
    usage.inference_geo = inference_geo_;
    usage.web_search_requests = web_search_requests_;
    // The top level already is the sum of plain `message` passes. A compaction, an advisor or a fallback is not in
    // it: then the passes are what is billed, each at its own model's price.
    if (std::ranges::any_of(passes_, [](const Pass& pass) { return pass.type != "message"; })) {
        TokenCounts total;
        for (const auto& pass : passes_) {
            usage.iterations.push_back({pass.model, pass.counts});
            total = sum(total, pass.counts);
        }
        usage.counts = total;
    }
    usage.counts.reasoning = part_of(thinking_, usage.counts.output);
    return usage;
}

Usage Anthropic::decode_usage(std::string_view usage_json) const {
    AnthropicUsage usage;
    usage.merge(usage_json);
    return usage.result();
}

}  // namespace llmgw::wire
