// toolConfig: tools and how one is chosen.
#pragma once

#include "core/util/json_writer.hpp"
#include "core/util/result.hpp"
#include "providers/dialects/anthropic/tool_encode.hpp"
#include "providers/dialects/bedrock_converse/model_facts.hpp"

namespace llmgw::wire {

// Converse has no word for "call none": then tools stay only where the history has calls, and this says so.
enum class CallsAllowed { yes, not_now };

struct ConverseTools {
    ToolPlan plan;
    CallsAllowed calls = CallsAllowed::yes;
};

ConverseTools plan_converse_tools(const ChatRequest& request, Drops& drops);

// The member, or nothing where there are no tools. bad_request names a schema that is none.
Result<void> write_tool_config(JsonWriter& writer, const ChatRequest& request, const ConverseTools& tools,
                               const ToolNames& names, const ConverseFacts& facts, Drops& drops);

}  // namespace llmgw::wire
