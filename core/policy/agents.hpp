// The coding agents llmgw recognises, as data: by user-agent, with the header their session id is in.
#pragma once

#include <string>
#include <string_view>

#include "core/net/http.hpp"

namespace llmgw {

// "claude-code", "codex", ... or "" when the user-agent is nobody we know.
std::string_view agent_of(std::string_view user_agent);

// The agent's id of the running session, "" when it sends none.
std::string session_of(const Headers& headers);

// The first product token of a user-agent, at most 64 characters: "claude-cli/2.1.329".
std::string product_of(std::string_view user_agent);

}  // namespace llmgw
