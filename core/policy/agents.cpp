#include "core/policy/agents.hpp"

#include <array>

namespace llmgw {
namespace {

struct Agent {
    std::string_view user_agent_start;
    std::string_view name;
};

// Seen on the wire, but for Cursor, Crush, Aider and Copilot, whose documentation or source says so.
constexpr std::array<Agent, 13> agents{{
    {"claude-cli/", "claude-code"},
    {"claude-code/", "claude-code"},
    {"codex_exec/", "codex"},
    {"codex_cli_rs/", "codex"},
    {"codex-tui/", "codex"},
    {"codex/", "codex"},
    {"GeminiCLI", "gemini-cli"},
    {"opencode/", "opencode"},
    {"QwenCode/", "qwen-code"},
    {"Cursor/", "cursor"},
    {"Crush/", "crush"},
    {"Charm-Crush/", "crush"},
    {"aider/", "aider"},
}};

constexpr std::array<std::string_view, 4> session_headers{"x-claude-code-session-id", "session-id", "session_id",
                                                          "x-session-id"};

}  // namespace

std::string_view agent_of(std::string_view user_agent) {
    for (const auto& agent : agents) {
        if (user_agent.size() >= agent.user_agent_start.size() &&
            iequals(user_agent.substr(0, agent.user_agent_start.size()), agent.user_agent_start)) {
            return agent.name;
        }
    }
    return {};
}

std::string session_of(const Headers& headers) {
    for (const auto name : session_headers) {
        const auto value = find_header(headers, name);
        if (!value.empty()) { return std::string(value.substr(0, 128)); }
    }
    return {};
}

std::string product_of(std::string_view user_agent) {
    return std::string(user_agent.substr(0, std::min<std::size_t>(user_agent.find(' '), 64)));
}

}  // namespace llmgw
