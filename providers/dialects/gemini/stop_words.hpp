// finishReason and blockReason, both ways (wire table 6.2).
#pragma once

#include <array>
#include <string_view>

#include "core/model/answer_event.hpp"

namespace llmgw::wire::gemini {

struct StopWord {
    std::string_view word;
    answer::StopReason reason;
    // The model's turn was spoiled: with no call to act on, it is an error that is worth another try.
    bool spoiled = false;
};

inline constexpr std::array<StopWord, 24> stop_words{{
    {"STOP", answer::StopReason::end_turn},
    {"MAX_TOKENS", answer::StopReason::max_tokens},
    {"SAFETY", answer::StopReason::content_filter},
    {"RECITATION", answer::StopReason::content_filter},
    {"BLOCKLIST", answer::StopReason::content_filter},
    {"PROHIBITED_CONTENT", answer::StopReason::content_filter},
    {"SPII", answer::StopReason::content_filter},
    {"IMAGE_SAFETY", answer::StopReason::content_filter},
    {"IMAGE_PROHIBITED_CONTENT", answer::StopReason::content_filter},
    {"IMAGE_RECITATION", answer::StopReason::content_filter},
    {"MODEL_ARMOR", answer::StopReason::content_filter},
    {"JAILBREAK", answer::StopReason::content_filter},
    {"LANGUAGE", answer::StopReason::other},
    {"OTHER", answer::StopReason::other},
    {"IMAGE_OTHER", answer::StopReason::other},
    {"NO_IMAGE", answer::StopReason::other},
    {"FINISH_REASON_UNSPECIFIED", answer::StopReason::other},
    {"BLOCK_REASON_UNSPECIFIED", answer::StopReason::other},
    {"MALFORMED_FUNCTION_CALL", answer::StopReason::other, true},
    {"UNEXPECTED_TOOL_CALL", answer::StopReason::other, true},
    {"TOO_MANY_TOOL_CALLS", answer::StopReason::other, true},
    {"MISSING_THOUGHT_SIGNATURE", answer::StopReason::other, true},
    {"MALFORMED_RESPONSE", answer::StopReason::other, true},
    {"", answer::StopReason::end_turn},
}};

constexpr bool is_stop_word(std::string_view word) {
    for (const auto& row : stop_words) {
        if (row.word == word) { return true; }
    }
    return false;
}

// A word nobody knows yet is `other`.
constexpr StopWord stop_word(std::string_view word) {
    for (const auto& row : stop_words) {
        if (row.word == word) { return row; }
    }
    return {word, answer::StopReason::other};
}

constexpr std::string_view word_of(answer::StopReason reason) {
    switch (reason) {
        case answer::StopReason::end_turn:
        case answer::StopReason::stop_sequence:
        case answer::StopReason::tool_use:
        case answer::StopReason::pause: return "STOP";
        case answer::StopReason::max_tokens:
        case answer::StopReason::context_window: return "MAX_TOKENS";
        case answer::StopReason::refusal:
        case answer::StopReason::content_filter: return "SAFETY";
        case answer::StopReason::other: return "OTHER";
    }
    return "OTHER";
}

}  // namespace llmgw::wire::gemini
