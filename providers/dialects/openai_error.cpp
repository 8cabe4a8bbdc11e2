#include "providers/dialects/openai_error.hpp"

#include <fmt/format.h>

namespace llmgw::wire {

namespace {

constexpr std::array<ErrorWords, 14> words{{
    {ErrorClass::bad_request, "invalid_request_error", ""},
    {ErrorClass::context_length, "invalid_request_error", "context_length_exceeded"},
    {ErrorClass::content_filter, "invalid_request_error", "content_filter"},
    {ErrorClass::unknown_turn, "invalid_request_error", "previous_response_not_found"},
    {ErrorClass::authentication, "invalid_request_error", "invalid_api_key"},
    {ErrorClass::billing, "insufficient_quota", "insufficient_quota"},
    {ErrorClass::permission, "invalid_request_error", "permission_denied"},
    {ErrorClass::not_found, "invalid_request_error", "model_not_found"},
    {ErrorClass::no_endpoint, "invalid_request_error", ""},
    {ErrorClass::too_large, "invalid_request_error", "request_too_large"},
    {ErrorClass::rate_limit, "requests", "rate_limit_exceeded"},
    {ErrorClass::overloaded, "server_error", "server_error"},
    {ErrorClass::timeout, "server_error", "timeout"},
    {ErrorClass::server, "server_error", "server_error"},  // and all others
}};

}  // namespace

std::string_view openai_error_code(ErrorClass error_class) {
    return words_for(words, error_class).code;
}

std::string openai_error_body(const ApiError& error) {
    const auto& row = words_for(words, error.error_class);
    const std::string code = row.code.empty() ? "null" : json_scan::quote(row.code);
    const std::string_view param = error.error_class == ErrorClass::unknown_turn ? R"("previous_response_id")" : "null";
    return fmt::format(R"({{"error":{{"message":{},"type":"{}","param":{},"code":{}}}}})",
                       json_scan::quote(error.message), row.type, param, code);
}

}  // namespace llmgw::wire
