// Where the prompt is worth caching (T12).
#pragma once

#include "providers/dialects/anthropic/conversation.hpp"
#include "providers/dialects/anthropic/tool_encode.hpp"

namespace llmgw::wire {

// For a client of another dialect that set no marks: one on the last tool, one on the system prompt, one at the end of
// each of the last two user turns. The second-last is where the previous request's prompt ended, so that this one
// finds it however many blocks came in between. The caller's own marks win; there are never more than four.
void plan_cache_marks(const ChatRequest& request, Conversation& conversation, ToolPlan& tools, Drops& drops);

}  // namespace llmgw::wire
