#include <array>

#include <fmt/format.h>

#include "providers/dialects/anthropic/anthropic.hpp"
#include "providers/dialects/error_body.hpp"

namespace llmgw::wire {

using json_scan::quote;

namespace {

constexpr std::array<ErrorWords, 13> words{{
    {ErrorClass::bad_request, "invalid_request_error", ""},
    {ErrorClass::context_length, "invalid_request_error", ""},
    {ErrorClass::content_filter, "invalid_request_error", ""},
    {ErrorClass::authentication, "authentication_error", ""},
    {ErrorClass::billing, "billing_error", ""},
    {ErrorClass::permission, "permission_error", ""},
    {ErrorClass::not_found, "not_found_error", ""},
    {ErrorClass::no_endpoint, "not_found_error", ""},
    {ErrorClass::too_large, "request_too_large", ""},
    {ErrorClass::rate_limit, "rate_limit_error", ""},
    {ErrorClass::overloaded, "overloaded_error", ""},
    {ErrorClass::timeout, "timeout_error", ""},
    {ErrorClass::server, "api_error", ""},  // and all others
}};

// Claude Code compacts the conversation when it reads these words, and gives up otherwise.
std::string message_of(const ApiError& error) {
    constexpr std::string_view too_long = "prompt is too long";
    if (error.error_class != ErrorClass::context_length || error.message.find(too_long) != std::string::npos) {
        return error.message;
    }
    return std::string(too_long) + ": " + error.message;
}

std::string body_of(const ApiError& error, const std::string& request_id) {
    const std::string id = request_id.empty() ? "" : ",\"request_id\":" + quote(request_id);
    return fmt::format(R"({{"type":"error","error":{{"type":"{}","message":{}}}{}}})",
                       words_for(words, error.error_class).type, quote(message_of(error)), id);
}

}  // namespace

ApiError Anthropic::decode_error(int status, std::string_view body) const {
    return classify_error(status, read_error_body(body));
}

std::string Anthropic::encode_error(const ApiError& error) const {
    return body_of(error, error.request_id);
}

std::string Anthropic::encode_stream_error(const ApiError& error, const StreamState&) const {
    return "event: error\ndata: " + body_of(error, "") + "\n\n";
}

std::string_view Anthropic::ping(bool started) const {
    return started ? "event: ping\ndata: {\"type\": \"ping\"}\n\n" : ": keep-alive\n\n";
}

}  // namespace llmgw::wire
