#include "cli/routes/asked_format.hpp"

#include <array>
#include <optional>

#include <nlohmann/json.hpp>

#include "cli/ask/request.hpp"

namespace llmgw {
namespace {

using nlohmann::json;

struct AgentDialect {
    std::string_view agent;
    DialectId dialect;
};

// Those that speak one only. The others choose it by their configuration.
constexpr std::array<AgentDialect, 4> agent_dialects{{{"claude-code", DialectId::anthropic},
                                                      {"codex", DialectId::openai_responses},
                                                      {"gemini-cli", DialectId::gemini},
                                                      {"cursor", DialectId::openai_chat}}};

bool has_any(const json& object, std::initializer_list<const char*> names) {
    for (const auto* name : names) {
        if (object.contains(name)) { return true; }
    }
    return false;
}

// Messages and Chat have most members in common; these are in one of them only. Nullopt: it could be either.
std::optional<DialectId> messages_or_chat(const json& body) {
    if (has_any(body, {"system", "stop_sequences", "top_k", "thinking", "anthropic_version", "output_config"})) {
        return DialectId::anthropic;
    }
    if (has_any(body, {"max_completion_tokens", "response_format", "stream_options", "reasoning_effort", "stop", "n",
                       "frequency_penalty", "presence_penalty", "logprobs", "seed", "parallel_tool_calls"})) {
        return DialectId::openai_chat;
    }
    if (const auto tools = body.find("tools"); tools != body.end() && tools->is_array() && !tools->empty()) {
        const auto& tool = tools->front();
        if (tool.is_object() && tool.contains("function")) { return DialectId::openai_chat; }
        if (tool.is_object() && tool.contains("name")) { return DialectId::anthropic; }
    }
    const auto messages = body.find("messages");
    if (messages == body.end() || !messages->is_array()) { return std::nullopt; }
    for (const auto& message : *messages) {
        if (!message.is_object()) { continue; }
        const auto role = message.find("role");
        if (role != message.end() && (*role == "system" || *role == "developer" || *role == "tool")) {
            return DialectId::openai_chat;
        }
        const auto content = message.find("content");
        if (content == message.end() || !content->is_array()) { continue; }
        for (const auto& part : *content) {
            if (!part.is_object()) { continue; }
            if (has_any(part, {"cache_control", "source", "tool_use_id"})) { return DialectId::anthropic; }
            if (has_any(part, {"image_url", "input_audio", "file"})) { return DialectId::openai_chat; }
        }
    }
    return std::nullopt;
}

}  // namespace

AskedFormat asked_format(const AskedBy& by, const std::vector<Provider>& providers) {
    if (!by.format.empty()) {
        if (const auto said = dialect_from(by.format)) { return {*said, "option", ""}; }
    }
    const bool has_body = !by.body.empty();
    if (has_body) {
        const auto body = json::parse(by.body, nullptr, false);
        if (body.is_object()) {
            if (body.contains("contents")) { return {DialectId::gemini, "request", ""}; }
            if (body.contains("input")) { return {DialectId::openai_responses, "request", ""}; }
            if (const auto found = messages_or_chat(body)) { return {*found, "request", ""}; }
        }
    }
    // Such a body is one of the two, whoever sends it.
    const auto fitting = [has_body](DialectId dialect) {
        return has_body && dialect != DialectId::anthropic ? DialectId::openai_chat : dialect;
    };
    for (const auto& row : agent_dialects) {
        if (row.agent == by.agent) { return {fitting(row.dialect), "agent", "as " + std::string(by.agent) + " asks"}; }
    }
    return {fitting(dialect_for(by.model, providers)), "model", "as llmgw ask would for this name"};
}

}  // namespace llmgw
