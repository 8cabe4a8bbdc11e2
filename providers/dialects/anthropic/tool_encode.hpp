// Tools and tool choice, written for this wire.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "providers/dialects/anthropic/block_encode.hpp"

namespace llmgw::wire {

struct PlannedTool {
    const Tool* tool = nullptr;
    std::optional<CacheMark> cache;
};

// The tools to send, decided; written by write_tools.
struct ToolPlan {
    std::vector<PlannedTool> tools;
    // Names that only the history has: without any tools a history with calls is refused.
    std::vector<std::string> remembered;
    bool empty() const { return tools.empty() && remembered.empty(); }
};

ToolPlan plan_tools(const ChatRequest& request, Drops& drops);

Result<void> write_tools(JsonWriter& writer, const ChatRequest& request, const ToolPlan& plan, const ToolNames& names,
                         const TargetTraits& target, const Extras& extras, Drops& drops);

// Whether a call is forced: any tool, or one by name.
bool forces_call(const ChatRequest& request);

void write_tool_choice(JsonWriter& writer, const ChatRequest& request, const ToolPlan& plan, const ToolNames& names,
                       const Extras& extras, Drops& drops);

}  // namespace llmgw::wire
