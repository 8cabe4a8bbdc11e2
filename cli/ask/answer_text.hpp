// The words of an answer, in each dialect. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/model/dialect_id.hpp"

namespace llmgw {

struct AnswerText {
    std::string text;
    std::string refusal;  // the model's or the provider's own words for why there is no text
};

// What one event of a stream adds. Reasoning is no answer.
AnswerText event_text(DialectId dialect, std::string_view data);

// Of a whole answer.
AnswerText answer_text(DialectId dialect, std::string_view body);

// The message of an error body, or the body itself.
std::string error_text(std::string_view body);

}  // namespace llmgw
