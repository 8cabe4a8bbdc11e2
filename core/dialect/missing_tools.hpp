// Tools that run at the provider (a web search, a sandbox), asked of one that has none of them.
#pragma once

#include <string>

#include "core/dialect/codec.hpp"

namespace llmgw {

// Why the request cannot be served without what `drops` says was left out, "" when it can: it is about nothing but such
// tools (Claude Code's search, Gemini CLI's), or demands one, and an answer would be made up. Beside tools of the
// client's own a server tool is only left out, because agents offer their search with every request.
std::string missing_server_tool(const ChatRequest& request, const Drops& drops);

}  // namespace llmgw
