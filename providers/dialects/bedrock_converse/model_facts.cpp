#include "providers/dialects/bedrock_converse/model_facts.hpp"

#include <array>

#include "core/util/text.hpp"
#include "providers/dialects/anthropic/model_facts.hpp"

namespace llmgw::wire {
namespace {

struct Row {
    std::string_view part;  // of the model's id
    ConverseFacts facts;
};

constexpr ConverseFacts nova{.cache_points = true};
constexpr ConverseFacts nova_2{.thinking = ThinkingField::reasoning_config, .cache_points = true};
constexpr ConverseFacts open_weights{.structured_output = true};

// From AWS's pages on structured outputs, prompt caching and model parameters. The first row whose words are in the id
// holds.
constexpr std::array<Row, 12> rows{{
    {"amazon.nova-2", nova_2},
    {"amazon.nova", nova},
    {"openai.", {.thinking = ThinkingField::reasoning_effort, .structured_output = true}},
    {"qwen.", {.thinking = ThinkingField::reasoning_word, .structured_output = true}},
    {"deepseek.v3", open_weights},
    {"moonshot", open_weights},
    {"zai.", open_weights},
    {"minimax.", open_weights},
    {"google.gemma", open_weights},
    {"nvidia.", open_weights},
    {"mistral.mistral-large-3", open_weights},
    {"mistral.ministral", open_weights},
}};

}  // namespace

ConverseFacts converse_facts(std::string_view model) {
    const auto name = lower(model);
    if (name.find("claude") != std::string::npos) {
        const auto claude = claude_facts(name);
        const bool caches =
            name.find("claude-v2") == std::string::npos && name.find("claude-instant") == std::string::npos &&
            name.find("claude-3-sonnet") == std::string::npos && name.find("claude-3-haiku") == std::string::npos &&
            name.find("claude-3-opus") == std::string::npos &&
            name.find("claude-3-5-sonnet-20240620") == std::string::npos;
        return {.thinking = claude.thinking ? ThinkingField::claude : ThinkingField::none,
                .claude = true,
                .structured_output = claude.structured_output,
                .cache_points = caches,
                .cached_tools = caches,
                .top_k = claude.sampling};
    }
    for (const auto& row : rows) {
        if (name.find(row.part) != std::string::npos) { return row.facts; }
    }
    return {};
}

}  // namespace llmgw::wire
