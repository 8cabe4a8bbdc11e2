// Tools and tool choice of a request.
#pragma once

#include "providers/dialects/anthropic/request_reading.hpp"

namespace llmgw::wire {

void decode_tools(RequestReading& reading, const json_scan::Value& tools, const At& at);
void decode_tool_choice(RequestReading& reading, const json_scan::Value& choice, const At& at);

}  // namespace llmgw::wire
