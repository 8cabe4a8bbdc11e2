// The part of JSON Schema that looks at values. Used by JsonSchema, which has read the schema and found it valid.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/ask/pattern.hpp"

namespace llmgw {

// One part of a JSON pointer (RFC 6901), "~" and "/" escaped.
std::string pointer_part(std::string_view name);

// What "#" or "#/$defs/..." points at; null when there is nothing.
const nlohmann::json* find_reference(const nlohmann::json& root, std::string_view reference);

// How deeply brackets are nested in JSON text. The library parses any depth, but writes and compares recursively.
std::size_t json_nesting(std::string_view text);

// See JsonSchema::problems. `patterns` by their text; one that is not there is not checked.
std::vector<std::string> check_against_schema(const nlohmann::json& root,
                                              const std::map<std::string, Pattern, std::less<>>& patterns,
                                              const nlohmann::json& value);

}  // namespace llmgw
