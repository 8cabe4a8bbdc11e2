// Errors as providers send them. Hosts mix each other's shapes (a Chat host answers in Anthropic's, a proxy in
// HTML), so reading and classifying is one thing for all dialects; only writing differs.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/api_error.hpp"
#include "core/util/json_scan.hpp"

namespace llmgw::wire {

// What an error body says, before anything is concluded from it.
struct ErrorFacts {
    std::string message;
    std::vector<std::string> words;  // type, code, status, reason: whatever the shape has for machines
    int status = 0;                  // an HTTP status stated inside the body, 0 when none
    std::optional<int> retry_after_s;
    std::string request_id;
};

// A whole HTTP error body: any JSON shape, HTML, text or nothing.
ErrorFacts read_error_body(std::string_view body);

// The value of an `error` member: an object in any host's shape, or a string.
ErrorFacts read_error_value(const json_scan::Value& error);

// Decides the class by words, message and status together. `http_status` is 0 or 2xx for an error inside an
// answer that began well; the result's status is then the one it would have had. Keys and organisation ids
// that providers echo in messages are taken out.
ApiError classify_error(int http_status, ErrorFacts facts);

// Error in a 200 answer or stream, from the value of its `error` member.
inline ApiError error_inside(const json_scan::Value& error) {
    return classify_error(0, read_error_value(error));
}

// The HTTP status a class has by default.
int default_status(ErrorClass error_class);

// The message without what looks like a credential or names an account.
std::string redact_message(std::string_view message);

// A dialect's words for a class, in tables that end with the words for all others.
struct ErrorWords {
    ErrorClass error_class;
    std::string_view type;  // anthropic error.type, openai error.type, gemini error.status
    std::string_view code;  // openai error.code, "" for null
};

template <std::size_t N>
constexpr const ErrorWords& words_for(const std::array<ErrorWords, N>& table, ErrorClass error_class) {
    for (const auto& row : table) {
        if (row.error_class == error_class) { return row; }
    }
    return table.back();
}

}  // namespace llmgw::wire
