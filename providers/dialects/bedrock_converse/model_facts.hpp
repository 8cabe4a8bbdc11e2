// What the models behind Converse differ in, by name. An application inference profile's ARN names no model: it is
// taken for one that knows the basics only.
#pragma once

#include <string_view>

namespace llmgw::wire {

// How a model is told to think, inside additionalModelRequestFields.
enum class ThinkingField {
    none,              // it does not, or there is no switch
    claude,            // thinking and output_config.effort
    reasoning_config,  // nova: reasoningConfig.maxReasoningEffort, low to high
    reasoning_word,    // reasoning_config: a word
    reasoning_effort,  // OpenAI's own
};

struct ConverseFacts {
    ThinkingField thinking = ThinkingField::none;
    bool claude = false;
    bool structured_output = false;  // outputConfig.textFormat and strict tools
    bool cache_points = false;       // in the system prompt and messages
    bool cached_tools = false;       // among tools, too
    bool top_k = false;              // additionalModelRequestFields.top_k
};

ConverseFacts converse_facts(std::string_view model);

}  // namespace llmgw::wire
