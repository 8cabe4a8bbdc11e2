// JSON Schemas as this wire takes them.
#pragma once

#include <string>
#include <string_view>

#include "core/dialect/codec.hpp"
#include "core/model/chat_request.hpp"
#include "core/util/result.hpp"

namespace llmgw::wire {

// A tool's input_schema: an object without unions at its top. As written where it is that already. `field` is what the
// client calls the schema, for notes and for the error when it is no schema at all.
Result<JsonText> input_schema(const JsonText& schema, std::string_view field, Drops& drops);

// A schema the answer is held to (structured output, strict tools): objects are closed, and constraints that cannot be
// enforced are said in the description instead. Each is noted.
Result<JsonText> strict_schema(const JsonText& schema, std::string_view field, Drops& drops);

}  // namespace llmgw::wire
