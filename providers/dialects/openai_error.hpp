// The error object that both OpenAI dialects write.
#pragma once

#include <string>
#include <string_view>

#include "providers/dialects/error_body.hpp"

namespace llmgw::wire {

// {"error":{message,type,param,code}}
std::string openai_error_body(const ApiError& error);

// error.code for the class, "" for null.
std::string_view openai_error_code(ErrorClass error_class);

}  // namespace llmgw::wire
