#include "core/gateway/peek.hpp"

#include "core/util/json_scan.hpp"

namespace llmgw {
namespace {

Span span_in(std::string_view body, std::string_view part) {
    return {static_cast<std::size_t>(part.data() - body.data()), part.size()};
}

// Keys are compared as a parser would see them: "mod\u0065l" is model.
std::string plain_key(std::string_view key) {
    if (key.find('\\') == std::string_view::npos) { return std::string(key); }
    const std::string quoted = "\"" + std::string(key) + "\"";
    return json_scan::Value{json_scan::Type::string, quoted}.as_string().value_or(std::string(key));
}

void peek_stream_options(std::string_view body, std::string_view text, Peek& peek) {
    peek.stream_options = span_in(body, text);
    peek.stream_options_null = false;
    peek.include_usage.reset();
    peek.wants_usage = false;
    json_scan::each_member(text, [&](std::string_view key, const json_scan::Value& value) {
        if (plain_key(key) == "include_usage") {
            peek.include_usage = span_in(body, value.text);
            peek.wants_usage = value.as_bool().value_or(false);
        }
        return true;
    });
}

}  // namespace

Result<Peek> peek_body(std::string_view body) {
    Peek peek;
    const auto brace = body.find('{');
    peek.object_at = brace == std::string_view::npos ? 0 : brace + 1;
    const bool whole = json_scan::each_member(body, [&](std::string_view key, const json_scan::Value& value) {
        peek.object_empty = false;
        // First letters first: most members are none of these.
        if (key.empty() || (key[0] != 'm' && key[0] != 's' && key[0] != '\\' && key.find('\\') == key.npos)) {
            return true;
        }
        const auto name = plain_key(key);
        if (name == "model") {
            peek.model = value.as_string();
            peek.model_span = span_in(body, value.text);
        } else if (name == "messages") {
            peek.messages = value.type != json_scan::Type::null;
        } else if (name == "stream") {
            peek.stream = value.as_bool().value_or(false);
        } else if (name == "max_tokens" || name == "max_completion_tokens" || name == "max_output_tokens") {
            peek.max_tokens = value.as_int();
        } else if (name == "stream_options" && value.type == json_scan::Type::object) {
            peek_stream_options(body, value.text, peek);
        } else if (name == "stream_options") {
            peek.stream_options = span_in(body, value.text);
            peek.stream_options_null = true;
            peek.include_usage.reset();
            peek.wants_usage = false;
        }
        return true;
    });
    if (!whole) { return fail(ErrorKind::bad_request, "the request body is not a JSON object"); }
    return peek;
}

std::string splice(std::string_view body, Span span, std::string_view with) {
    std::string out;
    out.reserve(body.size() - span.size + with.size());
    out.append(body.substr(0, span.at)).append(with).append(body.substr(span.at + span.size));
    return out;
}

}  // namespace llmgw
