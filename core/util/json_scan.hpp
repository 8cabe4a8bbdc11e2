// Finding members in JSON text without parsing it into a tree, so that a large body is read once and
// can be forwarded, or edited by a splice, with all its other bytes untouched.
//
// What is promised: nothing is read past the view, nothing recurses, nothing is allocated while scanning. The
// object or array that is walked is checked strictly (quotes, colons, commas, literals); a value nested in it
// is skipped by matching quotes and counting brackets, and is checked only when it is walked itself. Garbage
// makes a function return false or nullopt. Text after the value that was asked for is not looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
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
    // The string between its quotes as written, escapes left alone; "" when this is not a string.
    std::string_view raw_string() const {
        return type == Type::string ? text.substr(1, text.size() - 2) : std::string_view{};
    }
    // Whole numbers that fit, 12.0 and 1e3 included; nullopt for the rest.
    std::optional<std::int64_t> as_int() const;
    std::optional<bool> as_bool() const;
    bool is_object() const { return type == Type::object; }
    bool is_array() const { return type == Type::array; }
};

// Deeper nesting than this ends a scan as garbage.
inline constexpr int depth_max = 512;

// Pulls the members of one object, or the elements of one array, in order. The text must outlive the reader.
class Reader {
public:
    // Leading white space and a byte order mark are skipped. `open` is '{' or '['.
    Reader(std::string_view text, char open);

    // Moves to the next member and stops before its value. The key is as written (escapes not resolved).
    // Returns false at the end, and on garbage.
    bool next_key(std::string_view& key);
    // The text from the value's first byte on, its end not yet looked for: to descend into it cheaply.
    std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }
    // Reads the value that next_key() stopped before. Returns false on garbage.
    bool read_value(Value& value);

    // next_key() and read_value() in one.
    bool next_member(std::string_view& key, Value& value) { return next_key(key) && read_value(value); }
    bool next_element(Value& value);

    // The closing bracket was reached, with nothing wrong before it.
    bool complete() const { return state_ == State::complete; }

private:
    enum class State { first, before_value, after_value, complete, broken };
    bool broken();
    bool skip_space();
    bool separator();

    const char* at_;
    const char* end_;
    char close_;
    State state_ = State::first;
};

// Calls `visit(key, value)` for each member of the object that `text` holds, in order, keys as written
// (escapes not resolved). Stops when `visit` returns false. Returns false when the text is not an object
// or ends early; members seen before that were visited all the same.
template <class Visit>
bool each_member(std::string_view text, Visit&& visit) {
    Reader reader(text, '{');
    std::string_view key;
    Value value;
    while (reader.next_member(key, value)) {
        if (!visit(key, value)) { return true; }
    }
    return reader.complete();
}

// Same for the elements of an array.
template <class Visit>
bool each_element(std::string_view text, Visit&& visit) {
    Reader reader(text, '[');
    Value value;
    while (reader.next_element(value)) {
        if (!visit(value)) { return true; }
    }
    return reader.complete();
}

// The first member with this key, as written.
std::optional<Value> member(std::string_view object_text, std::string_view key);

// member(member(...)): a path of keys through nested objects. Values before the path are skipped, the objects
// on the path are entered without looking for their ends.
std::optional<Value> at(std::string_view text, std::initializer_list<std::string_view> path);

// What a request's "model" is depends on who parses it. Of duplicate keys most parsers take the last, some the
// first, some refuse; an escaped key ("mod\u0065l") is the same key to all of them; Go's encoding/json takes
// "MODEL" for "model". A gateway that authorises one and has another served would be fooled, so:
//   value    the last member whose key, escapes resolved, is exactly `key`: what most upstreams will read
//   matches  how many members have that key when escapes are resolved and ASCII case is ignored
//   whole    the object was read to its end without finding it broken
// Authorise only when `whole` and `matches == 1` with a value. Anything else is ambiguous: refuse it.
struct Lookup {
    std::optional<Value> value;
    std::size_t matches = 0;
    bool whole = false;

    bool unambiguous() const { return whole && matches == 1 && value.has_value(); }
};
Lookup lookup(std::string_view object_text, std::string_view key);

// lookup(...).value
std::optional<Value> last_member(std::string_view object_text, std::string_view key);

// A JSON string literal, quotes included. Bytes that are not UTF-8 become U+FFFD, so the result is always valid.
std::string quote(std::string_view text);

}  // namespace llmgw::json_scan
