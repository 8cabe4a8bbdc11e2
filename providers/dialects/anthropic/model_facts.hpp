// What Claude models differ in, by name. Names come with vendor prefixes and dates, so a row holds for every name that
// contains its words. A Claude this table does not know is taken for a newer one than all it knows.
#pragma once

#include <cstdint>
#include <string_view>

namespace llmgw::wire {

enum class EffortWords {
    none,       // output_config.effort is refused
    to_high,    // low, medium, high
    to_max,     // and max
    with_xhigh  // and xhigh
};

struct ClaudeFacts {
    bool thinking = true;           // knows thinking at all
    bool adaptive_thinking = true;  // {type: adaptive} is taken
    bool budget_thinking = true;    // {type: enabled} with a budget is taken
    bool display = true;            // thinking.display is taken
    EffortWords effort = EffortWords::with_xhigh;
    bool sampling = true;                   // temperature, top_p, top_k are accepted
    bool one_of_temperature_top_p = false;  // both together are refused
    bool structured_output = true;          // output_config.format and strict tools
    bool system_in_messages = false;        // role "system" inside messages
    std::int64_t max_output_tokens = 0;     // 0: not known
};

// Other makers' models behind this dialect count as old: thinking by budget, no output_config.
ClaudeFacts claude_facts(std::string_view model);

}  // namespace llmgw::wire
