// Parts as JSON text, for requests and for answers.
#pragma once

#include <string>
#include <string_view>

#include "core/model/chat_request.hpp"

namespace llmgw::wire::gemini {

// The type of a Foreign block in a tool's result: the response object as the client wrote it, its text said beside it.
inline constexpr std::string_view response_form = "functionResponse.response";

enum class IsThought { no, yes };

// {"text": ...}; members that have nothing to say are left out, the text is always there.
std::string text_part(std::string_view text, std::string_view signature = {}, IsThought thought = IsThought::no);

// {"functionCall": {"id", "name", "args"}}; without the id when it is one of made_call_id's.
std::string call_part(std::string_view id, std::string_view name, std::string_view args, std::string_view signature);

// {"inlineData": ...}
std::string inline_part(const part::Media& media, std::string_view signature = {});

// A call's arguments as the object the API wants. What is no object goes under a key of its own: a custom tool's input
// as "input", text that is no JSON as "_raw_arguments".
JsonText args_object(std::string_view arguments, bool custom);

}  // namespace llmgw::wire::gemini
