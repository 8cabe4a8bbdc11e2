// An error as it is told to a client, before a dialect gives it a shape.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace llmgw {

// What went wrong, as far as anyone acts on it (retry, failover, exit code, the log's error_class).
enum class ErrorClass {
    none,
    bad_request,     // 400
    context_length,  // 400, the prompt is too long
    unknown_turn,    // 400, the answer that the request goes on from is not kept (openai-responses)
    authentication,  // 401: a bad key (the client's, or the provider's when it comes from upstream)
    billing,         // 402, or a provider's "no credit" under another status
    permission,      // 403
    not_found,       // 404: no such model
    no_endpoint,     // 404, 405: no such path, or nothing kept under that id
    too_large,       // 413
    rate_limit,      // 429
    server,          // 500, 502
    overloaded,      // 503, 529
    timeout,         // 408, 504
    connect,         // the upstream could not be reached
    truncated,       // the upstream's answer ended before its terminal event
    cancelled,       // the client went away
    content_filter,  // refused by the provider's filter
};

// Whose doing an error is, for whoever decides what to ask next and whom to trust.
enum class Blame {
    target,   // it may pass, or another one may do better
    account,  // ours with this provider: asking again changes nothing, asking another one may
    request,  // the same everywhere; the target works
    client,   // it has left
};

constexpr Blame blame_of(ErrorClass error_class) {
    switch (error_class) {
        case ErrorClass::rate_limit:
        case ErrorClass::server:
        case ErrorClass::overloaded:
        case ErrorClass::timeout:
        case ErrorClass::connect:
        case ErrorClass::truncated: return Blame::target;
        case ErrorClass::authentication:
        case ErrorClass::billing:
        case ErrorClass::permission: return Blame::account;
        case ErrorClass::cancelled: return Blame::client;
        default: return Blame::request;
    }
}

struct ErrorClassName {
    ErrorClass value;
    std::string_view name;  // as written to the log
};

inline constexpr std::array<ErrorClassName, 18> error_class_names{{
    {ErrorClass::none, ""},
    {ErrorClass::bad_request, "bad_request"},
    {ErrorClass::context_length, "context_length"},
    {ErrorClass::unknown_turn, "unknown_turn"},
    {ErrorClass::authentication, "authentication"},
    {ErrorClass::billing, "billing"},
    {ErrorClass::permission, "permission"},
    {ErrorClass::not_found, "not_found"},
    {ErrorClass::no_endpoint, "no_endpoint"},
    {ErrorClass::too_large, "too_large"},
    {ErrorClass::rate_limit, "rate_limit"},
    {ErrorClass::server, "server"},
    {ErrorClass::overloaded, "overloaded"},
    {ErrorClass::timeout, "timeout"},
    {ErrorClass::connect, "connect"},
    {ErrorClass::truncated, "truncated"},
    {ErrorClass::cancelled, "cancelled"},
    {ErrorClass::content_filter, "content_filter"},
}};

constexpr std::string_view to_string(ErrorClass value) {
    for (const auto& row : error_class_names) {
        if (row.value == value) { return row.name; }
    }
    return "";
}

struct ApiError {
    int status = 500;  // the HTTP status it has, or would have had
    ErrorClass error_class = ErrorClass::server;
    std::string message;               // for people; printed verbatim by Codex and Cline
    std::optional<int> retry_after_s;  // required on llmgw's own 429
    std::string request_id;            // llmgw's call id, or the upstream's
};

}  // namespace llmgw
