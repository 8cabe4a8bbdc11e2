// How much the model is to think, and what has to give way to it: decided before anything is written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "providers/dialects/anthropic/conversation.hpp"
#include "providers/dialects/anthropic/model_facts.hpp"

namespace llmgw::wire {

enum class ThinkingMode { unsaid, disabled, enabled, adaptive };

struct AnswerPlan {
    ThinkingMode mode = ThinkingMode::unsaid;
    std::int64_t budget_tokens = 0;  // enabled
    std::string effort;              // output_config.effort, "" for none
    std::optional<bool> show;
    std::int64_t max_tokens = 0;
    JsonText temperature;  // "" for none, as the next two
    JsonText top_p;
    JsonText top_k;

    bool thinks() const { return mode == ThinkingMode::enabled || mode == ThinkingMode::adaptive; }
};

AnswerPlan plan_answer(const ChatRequest& request, const TargetTraits& target, const ClaudeFacts& facts,
                       const Conversation& conversation, Drops& drops);

}  // namespace llmgw::wire
