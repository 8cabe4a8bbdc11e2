// What is added up over calls: the numbers of every report, and what single calls become when they are rolled up.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/usage/histogram.hpp"

namespace llmgw {

// Tokens are sums of what was reported. A call is unpriced when its cost is unknown; its tokens are counted in
// the sums and again in unpriced_tokens, its cost is not.
//
// A call that was tried several times is counted once, as its last attempt; those that failed before it are counted in
// failed_attempts, each with what it used and cost itself, so that nothing is counted twice. What is said of calls
// below holds for them too.
struct ReportSums {
    std::int64_t calls = 0;
    std::int64_t input_tokens = 0;
    std::int64_t cache_read_tokens = 0;
    std::int64_t cache_write_5m_tokens = 0;
    std::int64_t cache_write_1h_tokens = 0;
    std::int64_t output_tokens = 0;
    std::int64_t reasoning_tokens = 0;
    std::int64_t priced_cost_nano = 0;
    std::int64_t unpriced_calls = 0;
    std::int64_t unpriced_tokens = 0;
    std::int64_t estimated_calls = 0;
    std::int64_t partial_calls = 0;
    // What the cache reads would have cost more at the input price; of calls for which that is known. The cache reads
    // of the others are counted in cache_saved_unknown_tokens.
    std::int64_t cache_saved_nano = 0;
    std::int64_t cache_saved_unknown_tokens = 0;
    std::int64_t failed_attempts = 0;
    // Of calls that ended well and that a model worked for.
    Histogram duration_ms;
    Histogram first_token_ms;

    ReportSums& operator+=(const ReportSums& other);
    bool operator==(const ReportSums&) const = default;
    bool empty() const { return calls == 0 && failed_attempts == 0; }
    // Nothing when calls have no known price and no other cost anything: that is never $0.
    std::optional<std::int64_t> cost_nano() const {
        if (unpriced_calls > 0 && priced_cost_nano == 0) { return std::nullopt; }
        return priced_cost_nano;
    }
    std::int64_t prompt_tokens() const {
        return input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens;
    }
    // Of the prompt tokens, those read from a cache, in per mille; nothing when there were no prompt tokens.
    std::optional<std::int64_t> cache_hit_permille() const;
    // Nothing when there were cache reads and it is known of none of them what they saved.
    std::optional<std::int64_t> saved_nano() const {
        if (cache_read_tokens > 0 && cache_saved_unknown_tokens == cache_read_tokens) { return std::nullopt; }
        return cache_saved_nano;
    }
};

// The whole numbers above, by the names of their columns in the table rollups.
struct SumMember {
    std::string_view column;
    std::int64_t ReportSums::*value;
};
inline constexpr std::array<SumMember, 15> sum_members{{
    {"calls", &ReportSums::calls},
    {"input_tokens", &ReportSums::input_tokens},
    {"cache_read_tokens", &ReportSums::cache_read_tokens},
    {"cache_write_5m_tokens", &ReportSums::cache_write_5m_tokens},
    {"cache_write_1h_tokens", &ReportSums::cache_write_1h_tokens},
    {"output_tokens", &ReportSums::output_tokens},
    {"reasoning_tokens", &ReportSums::reasoning_tokens},
    {"cost_nano", &ReportSums::priced_cost_nano},
    {"unpriced_calls", &ReportSums::unpriced_calls},
    {"unpriced_tokens", &ReportSums::unpriced_tokens},
    {"estimated_calls", &ReportSums::estimated_calls},
    {"partial_calls", &ReportSums::partial_calls},
    {"cache_saved_nano", &ReportSums::cache_saved_nano},
    {"cache_saved_unknown_tokens", &ReportSums::cache_saved_unknown_tokens},
    {"failed_attempts", &ReportSums::failed_attempts},
}};

// Appends the sums to `out`; read_sums() takes them off the front of `bytes`, false when they are none.
void write_sums(const ReportSums& sums, std::string& out);
bool read_sums(std::string_view& bytes, ReportSums& sums);

}  // namespace llmgw
