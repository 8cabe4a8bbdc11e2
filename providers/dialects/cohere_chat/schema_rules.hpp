// JSON Schemas that Cohere holds a model to: of an answer (response_format) and of tools (strict_tools).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/chat_request.hpp"

namespace llmgw::wire {

// Why something of a schema is noted as lost.
inline constexpr std::string_view said_in_description =
    "cohere-chat does not enforce it; it is said in the description";

struct HeldSchema {
    JsonText schema;                 // as written, but for keywords that Cohere does not enforce
    std::vector<std::string> moved;  // the paths of those, said in descriptions: ".properties.age.minimum"
    std::size_t fields = 0;          // the properties of all its objects
    std::string fault;               // why no model can be held to it, "" when one can
};

// Cohere wants an object at the top and in every object at least one property that is required.
HeldSchema held_schema(const JsonText& schema);

}  // namespace llmgw::wire
