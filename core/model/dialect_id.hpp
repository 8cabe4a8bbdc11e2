// The four wire formats. The same enum names what a client speaks and what a provider speaks.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace llmgw {

enum class DialectId { anthropic, openai_chat, openai_responses, gemini };

struct DialectName {
    DialectId id;
    std::string_view name;  // as written in the configuration and in the log
};

inline constexpr std::array<DialectName, 4> dialect_names{{
    {DialectId::anthropic, "anthropic"},
    {DialectId::openai_chat, "openai-chat"},
    {DialectId::openai_responses, "openai-responses"},
    {DialectId::gemini, "gemini"},
}};

constexpr std::string_view to_string(DialectId id) {
    for (const auto& row : dialect_names) {
        if (row.id == id) { return row.name; }
    }
    return "?";
}

constexpr std::optional<DialectId> dialect_from(std::string_view name) {
    for (const auto& row : dialect_names) {
        if (row.name == name) { return row.id; }
    }
    return std::nullopt;
}

}  // namespace llmgw
