// logprobsResult, to the object openai-chat has and that the events carry, and back.
#pragma once

#include <string_view>
#include <vector>

#include "core/model/chat_request.hpp"

namespace llmgw::wire::gemini {

// {"content":[{"token","logprob","bytes","top_logprobs"}]}; "" when nothing is said.
JsonText logprobs_from(std::string_view logprobs_result);

// From such objects, or bare arrays of tokens; "" when there are none.
JsonText logprobs_result_of(const std::vector<JsonText>& logprobs);

}  // namespace llmgw::wire::gemini
