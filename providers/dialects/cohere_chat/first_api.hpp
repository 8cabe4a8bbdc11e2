// Answers of Cohere's first chat API (/v1/chat), which llmgw does not ask: its recordings, and servers that still
// answer so, are read all the same.
#pragma once

#include <string_view>
#include <vector>

#include "core/model/answer_event.hpp"
#include "providers/dialects/cohere_chat/answer_parts.hpp"

namespace llmgw::wire {

// One line of its stream, an object with `event_type`. True when it was the last.
bool say_first_api_event(std::string_view line, CohereParts& parts, std::vector<AnswerEvent>& out);

// False when it is no answer of this API either.
bool decode_first_api_answer(std::string_view body, std::vector<AnswerEvent>& out);

}  // namespace llmgw::wire
