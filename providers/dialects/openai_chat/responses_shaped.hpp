// A Responses request sent to /v1/chat/completions, as Cursor does for some models: it has `input` and no `messages`,
// and expects chat chunks as its answer.
#pragma once

#include <string_view>

#include "core/model/chat_request.hpp"
#include "core/util/result.hpp"

namespace llmgw::wire::chat {

// Looks only at the outermost members.
bool is_responses_shaped(std::string_view body);

// Such a request: as the Responses codec reads it, with what this dialect's clients say and carry in their own way.
Result<ChatRequest> read_responses_shaped(std::string_view body);

}  // namespace llmgw::wire::chat
