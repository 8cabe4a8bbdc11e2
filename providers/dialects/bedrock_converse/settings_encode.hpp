// What is set for an answer: its length, sampling, thinking, format, tier.
#pragma once

#include "core/util/json_writer.hpp"
#include "core/util/result.hpp"
#include "providers/dialects/anthropic/thinking_plan.hpp"
#include "providers/dialects/bedrock_converse/model_facts.hpp"

namespace llmgw::wire {

// For Claude as Messages has it; for other models what the client said, within Converse's bounds. A max_tokens of 0 is
// not said.
AnswerPlan plan_settings(const ChatRequest& request, const TargetTraits& target, const ConverseFacts& facts,
                         const Conversation& conversation, Drops& drops);

void write_inference_config(JsonWriter& writer, const ChatRequest& request, const AnswerPlan& plan, Drops& drops);

// additionalModelRequestFields: what Converse leaves to each model.
void write_fields(JsonWriter& writer, const AnswerPlan& plan, const ConverseFacts& facts);

// outputConfig. bad_request names a schema that is none.
Result<void> write_format(JsonWriter& writer, const ChatRequest& request, const ConverseFacts& facts, Drops& drops);

// serviceTier, requestMetadata and notes of what has no place.
void write_call_settings(JsonWriter& writer, const ChatRequest& request, const ConverseFacts& facts, Drops& drops);

}  // namespace llmgw::wire
