// What a call used, in the one normal form all dialects are read into.
// Buckets are disjoint: a token is counted in exactly one of input, cache_read, cache_write_5m,
// cache_write_1h, output. Three fields say something about a bucket's inside and are never added to it:
// reasoning (part of output), audio_input (part of input), audio_output (part of output).
// A number nobody reported is nullopt, never 0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace llmgw {

using Tokens = std::optional<std::int64_t>;

struct TokenCounts {
    Tokens input;           // prompt tokens read fresh, at the full input price
    Tokens cache_read;      // prompt tokens read from the provider's cache
    Tokens cache_write_5m;  // prompt tokens written to the cache (default lifetime)
    Tokens cache_write_1h;  // prompt tokens written to the one-hour cache
    Tokens output;          // everything generated, reasoning included
    Tokens reasoning;       // the part of output that was reasoning
    Tokens audio_input;     // the part of input that was audio
    Tokens audio_output;    // the part of output that was audio

    // Whole prompt, which decides the long-context tier.
    std::int64_t prompt_total() const {
        return input.value_or(0) + cache_read.value_or(0) + cache_write_5m.value_or(0) + cache_write_1h.value_or(0);
    }
    bool operator==(const TokenCounts&) const = default;
};

// One billed pass of a call that was served in several (Anthropic `usage.iterations[]`).
struct UsageIteration {
    std::string model;  // empty: the call's served model
    TokenCounts counts;
    bool operator==(const UsageIteration&) const = default;
};

struct Usage {
    TokenCounts counts;                      // the sum shown to people
    std::vector<UsageIteration> iterations;  // when not empty, the cost is their sum
    std::string service_tier;                // what the answer says was used ("", "priority", "flex", "batch", ...)
    std::string speed;                       // Anthropic usage.speed ("fast") or ""
    std::string inference_geo;               // Anthropic usage.inference_geo ("us") or ""
    std::int64_t web_search_requests = 0;    // server-side searches billed apart
    // The bill as the provider itself states it (OpenRouter usage.cost, xAI cost_in_usd_ticks), nano-dollars.
    std::optional<std::int64_t> reported_cost_nano;
    bool operator==(const Usage&) const = default;
};

}  // namespace llmgw
