// JSON Schema and the OpenAPI subset that older Gemini endpoints take in `parameters` and `responseSchema`: upper-case
// types, nullable, no references, few keywords (T5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/chat_request.hpp"
#include "core/util/result.hpp"

namespace llmgw::wire::gemini {

struct OpenApiSchema {
    JsonText json;  // "" when there is nothing to say: an object without properties, as a tool's parameters
    // Where a keyword had to go ("properties.name.pattern"). What it demanded stands in the description.
    std::vector<std::string> losses;
};

enum class SchemaUse { tool_parameters, answer };

// References are written out where they stand, allOf is merged, oneOf becomes anyOf, const an enum. bad_request says at
// which path what cannot be converted: references that lead nowhere, demands that contradict each other, too deep.
Result<OpenApiSchema> to_openapi(std::string_view json_schema, SchemaUse use);

// The way back: lower-case types, null among the types, camelCase keywords. A text that is JSON Schema already, or no
// JSON at all, comes back byte for byte.
JsonText from_openapi(std::string_view schema);

}  // namespace llmgw::wire::gemini
