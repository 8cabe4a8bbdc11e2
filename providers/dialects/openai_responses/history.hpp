// The history behind previous_response_id, kept by whoever answers in OpenAI's place.
#pragma once

#include <string>
#include <string_view>

#include "core/model/chat_request.hpp"
#include "core/util/result.hpp"

namespace llmgw::wire::responses {

// The items of the next turn, as a JSON array for `input`: those stored so far, the `output` of the answer that
// previous_response_id names, and the new request's `input` (a string or an array). "" stands for none in all three.
// Items stay as they were written. An item_reference in `input` to something that is in the history is left out,
// because the item itself is there; an unknown one stays. bad_request names the argument that is no such value.
Result<JsonText> append_turn(std::string_view items, std::string_view output, std::string_view input);

}  // namespace llmgw::wire::responses
