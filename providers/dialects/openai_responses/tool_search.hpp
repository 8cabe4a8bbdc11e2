// tool_search run by the client: an item of its own here, a function of this name everywhere else. The tools it finds
// are the text of its result, as a JSON array, and are added to the request's tools.
#pragma once

#include <string_view>

#include "core/model/chat_request.hpp"

namespace llmgw::wire::responses {

inline constexpr std::string_view tool_search_name = "tool_search";

// Whether a call of this name is one of tool_search, and not of a function that happens to be called so.
inline bool is_tool_search(std::string_view name, const ChatRequest& request) {
    if (name != tool_search_name || request.origin != DialectId::openai_responses) { return false; }
    for (const auto& tool : request.tools) {
        if (tool.kind == ToolKind::function && tool.name == name && tool.server_type.empty()) { return false; }
    }
    return true;
}

}  // namespace llmgw::wire::responses
