// Reading Gemini's JSON as its servers do: every member's name in camelCase or snake_case, one value where a list of
// one is meant, numbers in quotes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/util/json_scan.hpp"

namespace llmgw::wire::gemini {

// The camelCase form of a member's name; `buffer` holds it when it had to be made.
std::string_view camel(std::string_view key, std::string& buffer);

// json_scan::each_member with names in camelCase.
template <class Visit>
bool each_camel(std::string_view object, Visit&& visit) {
    std::string buffer;
    return json_scan::each_member(
        object, [&](std::string_view key, const json_scan::Value& value) { return visit(camel(key, buffer), value); });
}

// The elements of an array, or the value itself when it is an object. False when it is neither, or broken.
template <class Visit>
bool each_of(const json_scan::Value& value, Visit&& visit) {
    if (value.is_object()) {
        visit(value);
        return true;
    }
    return value.is_array() && json_scan::each_element(value.text, visit);
}

// The JSON number a value says, plain or in quotes; "" when it says none.
std::string_view number_text(const json_scan::Value& value);

std::optional<std::int64_t> whole_number(const json_scan::Value& value);

}  // namespace llmgw::wire::gemini
