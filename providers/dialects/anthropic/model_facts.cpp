#include "providers/dialects/anthropic/model_facts.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "core/util/text.hpp"

namespace llmgw::wire {
namespace {

struct Row {
    std::string_view part;  // of the model's name
    ClaudeFacts facts;
};

constexpr ClaudeFacts claude_3{.thinking = false,
                               .adaptive_thinking = false,
                               .effort = EffortWords::none,
                               .structured_output = false,
                               .max_output_tokens = 4096};

constexpr ClaudeFacts with_output(ClaudeFacts facts, std::int64_t max_output_tokens) {
    facts.max_output_tokens = max_output_tokens;
    return facts;
}

constexpr ClaudeFacts claude_3_7{
    .adaptive_thinking = false, .effort = EffortWords::none, .structured_output = false, .max_output_tokens = 64000};

constexpr ClaudeFacts claude_4_1{.adaptive_thinking = false,
                                 .effort = EffortWords::none,
                                 .one_of_temperature_top_p = true,
                                 .max_output_tokens = 32000};

constexpr ClaudeFacts claude_4_5 = with_output(claude_4_1, 64000);

constexpr ClaudeFacts opus_4_5{.adaptive_thinking = false,
                               .effort = EffortWords::to_high,
                               .one_of_temperature_top_p = true,
                               .max_output_tokens = 64000};

constexpr ClaudeFacts claude_4_6{
    .effort = EffortWords::to_max, .one_of_temperature_top_p = true, .max_output_tokens = 128000};

// Opus 4.7 and what came after it take no budget and no sampling parameters any more.
constexpr ClaudeFacts claude_4_7{.budget_thinking = false, .sampling = false, .max_output_tokens = 128000};

constexpr ClaudeFacts newest{
    .budget_thinking = false, .sampling = false, .system_in_messages = true, .max_output_tokens = 128000};

// Other makers take this dialect as it was when they copied it: a budget, and no output_config.
constexpr ClaudeFacts stranger{
    .adaptive_thinking = false, .display = false, .effort = EffortWords::none, .structured_output = false};

// The first row whose words are in the name holds.
constexpr std::array<Row, 16> rows{{
    {"claude-3-7", claude_3_7},
    {"claude-3-5", with_output(claude_3, 8192)},
    {"claude-3", claude_3},
    {"claude-2", claude_3},
    {"opus-4-1", claude_4_1},
    {"opus-4-5", opus_4_5},
    {"opus-4-6", claude_4_6},
    {"opus-4-7", claude_4_7},
    {"opus-4-8", newest},
    {"sonnet-4-5", claude_4_5},
    {"sonnet-4-6", with_output(claude_4_6, 64000)},
    {"haiku-4-5", claude_4_5},
    {"sonnet-5", claude_4_7},
    // Plain Claude 4, whose names go on with a date, "-0" or nothing.
    {"opus-4", with_output(claude_3_7, 32000)},
    {"sonnet-4", claude_3_7},
    {"claude-4", claude_3_7},
}};

}  // namespace

ClaudeFacts claude_facts(std::string_view model) {
    std::string name = lower(model);
    std::ranges::replace(name, '.', '-');
    if (name.find("claude") == std::string::npos) { return stranger; }
    for (const auto& row : rows) {
        if (name.find(row.part) != std::string::npos) { return row.facts; }
    }
    return newest;
}

}  // namespace llmgw::wire
