// Reading a request body member by member, with errors that name the path, and a place for members nobody knows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/model/chat_request.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/result.hpp"

namespace llmgw::wire {

// Where in the body something stands: a chain on the stack, made text only when it is needed.
struct At {
    const At* up = nullptr;
    std::string_view key;  // a member's name; "" for an element
    std::size_t index = 0;

    At member(std::string_view name) const { return {this, name, 0}; }
    At element(std::size_t i) const { return {this, {}, i}; }
    std::string text() const;
};

// The path of a member of the object at `parent` ("" for the body), as At::text() writes it. A key that looks like a
// path itself is put in brackets and quotes.
std::string join_path(std::string_view parent, std::string_view key);

struct ExtraPath {
    std::string parent;
    std::string key;
};
// Undoes join_path.
ExtraPath split_path(std::string_view path);

// The first error stops the reading.
class RequestReading {
public:
    explicit RequestReading(ChatRequest& request) : request_(request) {}

    // Each sets the error when the value is of another type. null counts as not said: false, and no error.
    bool is_object(const json_scan::Value& value, const At& at);
    bool is_array(const json_scan::Value& value, const At& at);
    std::optional<std::string> text(const json_scan::Value& value, const At& at);
    std::optional<std::int64_t> integer(const json_scan::Value& value, const At& at);
    std::optional<bool> boolean(const json_scan::Value& value, const At& at);
    // A number as written, "" when there is none.
    JsonText number(const json_scan::Value& value, const At& at);

    // A member that has no place in the normal form.
    void extra(const json_scan::Value& value, const At& at);
    void wrong(const At& at, std::string_view expected);
    bool failed() const { return error_.has_value(); }
    std::unexpected<Error> error() const { return std::unexpected(*error_); }

    ChatRequest& request() { return request_; }

private:
    bool wants(const json_scan::Value& value, json_scan::Type type, const At& at, std::string_view expected);

    ChatRequest& request_;
    std::optional<Error> error_;
};

// The key with its escapes resolved.
std::string resolved_key(std::string_view written);

// `visit(key, value, at)` for each member until the reading failed.
template <class Visit>
void each_member_at(RequestReading& reading, std::string_view object, const At& at, Visit&& visit) {
    const bool whole = json_scan::each_member(object, [&](std::string_view written, const json_scan::Value& value) {
        if (written.find('\\') == std::string_view::npos) {
            visit(written, value, at.member(written));
        } else {
            const std::string key = resolved_key(written);
            visit(std::string_view(key), value, at.member(key));
        }
        return !reading.failed();
    });
    if (!whole) { reading.wrong(at, "JSON that is not nested that deeply"); }
}

template <class Visit>
void each_element_at(RequestReading& reading, std::string_view array, const At& at, Visit&& visit) {
    std::size_t index = 0;
    const bool whole = json_scan::each_element(array, [&](const json_scan::Value& value) {
        visit(value, at.element(index++));
        return !reading.failed();
    });
    if (!whole) { reading.wrong(at, "JSON that is not nested that deeply"); }
}

}  // namespace llmgw::wire
