// Reasoning effort in words and in tokens. Dialects that say one are written from the other by this convention, the
// same in both directions and for all pairs.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace llmgw {

struct EffortBudget {
    std::string_view effort;
    std::int64_t budget_tokens;
};

// Rising. Encoders clamp a budget to what the request's max_tokens leaves room for.
inline constexpr std::array<EffortBudget, 7> effort_budgets{{
    {"none", 0},
    {"minimal", 1024},
    {"low", 2048},
    {"medium", 8192},
    {"high", 24576},
    {"xhigh", 32768},
    {"max", 64000},
}};

// The budget of an effort; a word nobody knows counts as medium, 0 for "none".
constexpr std::int64_t budget_for(std::string_view effort) {
    for (const auto& row : effort_budgets) {
        if (row.effort == effort) { return row.budget_tokens; }
    }
    return 8192;
}

// The effort whose budget is nearest at or below; "minimal" for less than that, "none" for 0 and below.
constexpr std::string_view effort_for(std::int64_t budget_tokens) {
    if (budget_tokens <= 0) { return "none"; }
    std::string_view effort = "minimal";
    for (const auto& row : effort_budgets) {
        if (row.budget_tokens > 0 && row.budget_tokens <= budget_tokens) { effort = row.effort; }
    }
    return effort;
}

}  // namespace llmgw
