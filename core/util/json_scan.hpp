// Finding members in JSON text without parsing it into a tree, so that a large body is read once and
// can be forwarded, or edited by a splice, with all its other bytes untouched.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace llmgw::json_scan {

enum class Type { object, array, string, number, boolean, null };

// A value inside a larger text. `text` is a view into that text, quotes included for strings.
struct Value {
    Type type = Type::null;
    std::string_view text;

    // The unescaped string, or nullopt when this is not a string or its escapes are broken.
    std::optional<std::string> as_string() const;
    std::optional<std::int64_t> as_int() const;
    std::optional<bool> as_bool() const;
};

// Calls `visit(key, value)` for each member of the object that `text` holds, in order, keys as written
// (escapes not resolved). Stops when `visit` returns false. Returns false when the text is not an object
// or ends early; members seen before that were visited all the same. Depth is bounded (512).
bool each_member(std::string_view text, const std::function<bool(std::string_view key, const Value& value)>& visit);

// Same for the elements of an array.
bool each_element(std::string_view text, const std::function<bool(const Value& value)>& visit);

// The first member with this key.
std::optional<Value> member(std::string_view object_text, std::string_view key);

// member(member(...)): a path of keys through nested objects.
std::optional<Value> at(std::string_view text, std::initializer_list<std::string_view> path);

// A JSON string literal, quotes included.
std::string quote(std::string_view text);

}  // namespace llmgw::json_scan
