// Writes JSON text piece by piece: no tree, no re-reading of what is already JSON. The caller keeps the grammar
// (an object's members have keys); commas are the writer's business.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace llmgw {

class JsonWriter {
public:
    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    // `name` is written as a JSON string.
    JsonWriter& key(std::string_view name);

    JsonWriter& string(std::string_view text);
    JsonWriter& integer(std::int64_t number);
    JsonWriter& boolean(bool value);
    JsonWriter& null();
    // A value that is JSON text already.
    JsonWriter& raw(std::string_view json);

    // key() and a value in one.
    JsonWriter& member(std::string_view name, std::string_view text) { return key(name).string(text); }
    JsonWriter& member(std::string_view name, const char* text) { return key(name).string(text); }
    JsonWriter& member(std::string_view name, std::int64_t number) { return key(name).integer(number); }
    JsonWriter& member(std::string_view name, int number) { return key(name).integer(number); }
    JsonWriter& member(std::string_view name, bool value) { return key(name).boolean(value); }
    JsonWriter& raw_member(std::string_view name, std::string_view json) { return key(name).raw(json); }
    // Only when there is something to say.
    JsonWriter& member_if(std::string_view name, std::string_view text) {
        return text.empty() ? *this : member(name, text);
    }
    JsonWriter& raw_member_if(std::string_view name, std::string_view json) {
        return json.empty() ? *this : raw_member(name, json);
    }

    const std::string& text() const { return text_; }
    std::string take() { return std::move(text_); }

private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void before_value();

    std::string text_;
    bool comma_due_ = false;
};

}  // namespace llmgw
