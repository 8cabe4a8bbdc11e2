#include <array>

#include <fmt/format.h>

#include "providers/dialects/error_body.hpp"
#include "providers/dialects/gemini/gemini.hpp"

namespace llmgw::wire {

namespace {

constexpr std::array<ErrorWords, 15> words{{
    {ErrorClass::bad_request, "INVALID_ARGUMENT", ""},
    {ErrorClass::context_length, "INVALID_ARGUMENT", ""},
    {ErrorClass::content_filter, "INVALID_ARGUMENT", ""},
    {ErrorClass::too_large, "INVALID_ARGUMENT", ""},
    {ErrorClass::authentication, "UNAUTHENTICATED", ""},
    {ErrorClass::billing, "RESOURCE_EXHAUSTED", ""},
    {ErrorClass::permission, "PERMISSION_DENIED", ""},
    {ErrorClass::not_found, "NOT_FOUND", ""},
    {ErrorClass::no_endpoint, "NOT_FOUND", ""},
    {ErrorClass::rate_limit, "RESOURCE_EXHAUSTED", ""},
    {ErrorClass::overloaded, "UNAVAILABLE", ""},
    {ErrorClass::connect, "UNAVAILABLE", ""},
    {ErrorClass::timeout, "DEADLINE_EXCEEDED", ""},
    {ErrorClass::cancelled, "CANCELLED", ""},
    {ErrorClass::server, "INTERNAL", ""},  // and all others
}};

}  // namespace

ApiError Gemini::decode_error(int status, std::string_view body) const {
    return classify_error(status, read_error_body(body));
}

// Gemini's clients read the time to wait in the body: the dialect has no header for it.
std::string Gemini::encode_error(const ApiError& error) const {
    std::string details;
    if (error.retry_after_s) {
        details =
            fmt::format(R"(,"details":[{{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"{}s"}}])",
                        *error.retry_after_s);
    }
    return fmt::format(R"({{"error":{{"code":{},"message":{},"status":"{}"{}}}}})", error.status,
                       json_scan::quote(error.message), words_for(words, error.error_class).type, details);
}

std::string Gemini::encode_stream_error(const ApiError& error, const StreamState&) const {
    return "data: " + encode_error(error) + "\r\n\r\n";
}

std::string_view Gemini::ping(bool) const {
    return "";
}

}  // namespace llmgw::wire
