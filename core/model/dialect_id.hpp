// The wire formats. The same enum names what a client speaks and what a provider speaks; behind the first four, those
// that no client speaks.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace llmgw {

enum class DialectId { anthropic, openai_chat, openai_responses, gemini, bedrock_converse, cohere_chat, ollama_chat };

struct DialectName {
    DialectId id;
    std::string_view name;  // as written in the configuration and in the log
};

// Those that clients speak, and providers too.
inline constexpr std::array<DialectName, 4> dialect_names{{
    {DialectId::anthropic, "anthropic"},
    {DialectId::openai_chat, "openai-chat"},
    {DialectId::openai_responses, "openai-responses"},
    {DialectId::gemini, "gemini"},
}};

// Those that only providers speak: there is no endpoint for them.
inline constexpr std::array<DialectName, 3> provider_dialect_names{{
    {DialectId::bedrock_converse, "bedrock-converse"},
    {DialectId::cohere_chat, "cohere-chat"},
    {DialectId::ollama_chat, "ollama-chat"},
}};

constexpr std::string_view to_string(DialectId id) {
    for (const auto& row : dialect_names) {
        if (row.id == id) { return row.name; }
    }
    for (const auto& row : provider_dialect_names) {
        if (row.id == id) { return row.name; }
    }
    return "?";
}

constexpr std::optional<DialectId> dialect_from(std::string_view name) {
    for (const auto& row : dialect_names) {
        if (row.name == name) { return row.id; }
    }
    for (const auto& row : provider_dialect_names) {
        if (row.name == name) { return row.id; }
    }
    return std::nullopt;
}

}  // namespace llmgw
