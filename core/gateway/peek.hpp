// What routing needs of a request body, found without parsing it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/util/result.hpp"

namespace llmgw {

// A value's place in the body, for splices.
struct Span {
    std::size_t at = 0;
    std::size_t size = 0;
};

struct Peek {
    std::optional<std::string> model;  // unescaped
    Span model_span;                   // of the JSON string, quotes included
    bool stream = false;
    bool messages = false;  // it has a member of this name
    std::optional<std::int64_t> max_tokens;
    std::size_t object_at = 0;  // just behind the opening brace
    bool object_empty = true;
    std::optional<Span> stream_options;  // an object, or null
    bool stream_options_null = false;
    std::optional<Span> include_usage;  // its member's value
    bool wants_usage = false;           // include_usage is true
};

// When a key comes twice the last one counts, as in every provider's parser, so that what llmgw decides on
// is what the provider reads. Error: bad_request when the body is no JSON object.
Result<Peek> peek_body(std::string_view body);

// The body with `with` in place of what `span` covers.
std::string splice(std::string_view body, Span span, std::string_view with);

}  // namespace llmgw
