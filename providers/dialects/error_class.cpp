// The tables by which errors are classified. Rows are facts seen on the wire or documented by a provider; the
// first row that fits decides, so the more specific classes stand first.
#include <algorithm>
#include <array>
#include <string>

#include "core/util/text.hpp"
#include "providers/dialects/error_body.hpp"

namespace llmgw::wire {

namespace {

struct WordRow {
    std::string_view word;  // compared whole, ASCII case ignored
    ErrorClass error_class;
};

constexpr WordRow word_table[] = {
    {"context_length_exceeded", ErrorClass::context_length},
    {"exceed_context_size_error", ErrorClass::context_length},  // llama.cpp
    {"model_context_window_exceeded", ErrorClass::context_length},
    {"insufficient_quota", ErrorClass::billing},
    {"billing_error", ErrorClass::billing},
    {"billing_hard_limit_reached", ErrorClass::billing},
    {"billing_not_active", ErrorClass::billing},
    {"insufficient_balance", ErrorClass::billing},
    {"exceeded_current_quota_error", ErrorClass::billing},  // Moonshot
    {"payment_required", ErrorClass::billing},
    {"content_filter", ErrorClass::content_filter},
    {"content_policy_violation", ErrorClass::content_filter},
    {"ResponsibleAIPolicyViolation", ErrorClass::content_filter},
    {"invalid_prompt", ErrorClass::content_filter},  // OpenAI's usage policy check
    {"invalid_api_key", ErrorClass::authentication},
    {"authentication_error", ErrorClass::authentication},
    {"invalid_authentication_error", ErrorClass::authentication},
    {"API_KEY_INVALID", ErrorClass::authentication},
    {"UNAUTHENTICATED", ErrorClass::authentication},
    {"permission_error", ErrorClass::permission},
    {"permission_denied", ErrorClass::permission},
    {"not_found_error", ErrorClass::not_found},
    {"not_found", ErrorClass::not_found},
    {"model_not_found", ErrorClass::not_found},
    {"unknown_model", ErrorClass::not_found},  // Mistral
    {"request_too_large", ErrorClass::too_large},
    {"rate_limit_error", ErrorClass::rate_limit},
    {"rate_limit_exceeded", ErrorClass::rate_limit},
    {"rate_limit_reached_error", ErrorClass::rate_limit},  // Moonshot
    {"too_many_requests", ErrorClass::rate_limit},
    {"RESOURCE_EXHAUSTED", ErrorClass::rate_limit},
    {"throttlingException", ErrorClass::rate_limit},  // this and the next ones: AWS
    {"serviceQuotaExceededException", ErrorClass::rate_limit},
    {"serviceUnavailableException", ErrorClass::overloaded},
    {"modelNotReadyException", ErrorClass::overloaded},
    {"modelTimeoutException", ErrorClass::timeout},
    {"modelErrorException", ErrorClass::server},
    {"modelStreamErrorException", ErrorClass::server},
    {"internalServerException", ErrorClass::server},
    {"accessDeniedException", ErrorClass::permission},
    {"resourceNotFoundException", ErrorClass::not_found},
    {"unrecognizedClientException", ErrorClass::authentication},
    {"expiredTokenException", ErrorClass::authentication},
    {"invalidSignatureException", ErrorClass::authentication},
    {"incompleteSignatureException", ErrorClass::authentication},
    {"missingAuthenticationTokenException", ErrorClass::authentication},
    {"overloaded_error", ErrorClass::overloaded},
    {"engine_overloaded_error", ErrorClass::overloaded},
    {"server_is_overloaded", ErrorClass::overloaded},
    {"slow_down", ErrorClass::overloaded},
    {"UNAVAILABLE", ErrorClass::overloaded},
    {"service_unavailable_error", ErrorClass::overloaded},
    {"provider_unavailable", ErrorClass::overloaded},  // OpenRouter
    {"timeout_error", ErrorClass::timeout},
    {"DEADLINE_EXCEEDED", ErrorClass::timeout},
};

// Words that say less than a status does: looked at only when there is no status.
constexpr WordRow weak_word_table[] = {
    {"invalid_request_error", ErrorClass::bad_request},
    {"validationException", ErrorClass::bad_request},
    {"BadRequestError", ErrorClass::bad_request},  // vLLM
    {"INVALID_ARGUMENT", ErrorClass::bad_request},
    {"FAILED_PRECONDITION", ErrorClass::bad_request},
    {"api_error", ErrorClass::server},
    {"server_error", ErrorClass::server},
    {"INTERNAL", ErrorClass::server},
};

struct PhraseRow {
    std::string_view phrase;  // anywhere in the message, ASCII case ignored; written in lower case
    ErrorClass error_class;
};

constexpr PhraseRow phrase_table[] = {
    {"too many tokens: max tokens must be", ErrorClass::bad_request},              // Cohere: too long an answer wished
    {"prompt is too long", ErrorClass::context_length},                            // Anthropic
    {"input is too long", ErrorClass::context_length},                             // Bedrock
    {"input tokens exceeded", ErrorClass::context_length},                         // Bedrock
    {"maximum context length", ErrorClass::context_length},                        // OpenAI, vLLM, DeepSeek
    {"exceeds the context window", ErrorClass::context_length},                    // OpenAI Responses
    {"exceed context limit", ErrorClass::context_length},                          // Anthropic, with max_tokens
    {"exceeds the available context size", ErrorClass::context_length},            // llama.cpp
    {"exceeds the maximum number of tokens allowed", ErrorClass::context_length},  // Gemini
    {"exceeds the context length", ErrorClass::context_length},                    // Ollama
    {"longer than the context length", ErrorClass::context_length},                // Ollama
    {"reduce the length of the messages", ErrorClass::context_length},             // Groq
    {"maximum prompt length is", ErrorClass::context_length},                      // xAI
    {"too many tokens: ", ErrorClass::context_length},                             // Cohere
    {"credit balance is too low", ErrorClass::billing},                            // Anthropic, as a 400
    {"insufficient balance", ErrorClass::billing},                                 // DeepSeek
    {"insufficient credits", ErrorClass::billing},                                 // OpenRouter
    {"monthly spending limit", ErrorClass::billing},                               // xAI, as a 403
    {"invalid_payment_instrument", ErrorClass::billing},                           // Bedrock, as a 403
    {"api key not valid", ErrorClass::authentication},                             // Gemini, as a 400
    {"flagged as potentially violating", ErrorClass::content_filter},              // OpenAI
    {"provided model identifier is invalid", ErrorClass::not_found},               // Bedrock
    {"request blocked:", ErrorClass::content_filter},                              // OpenRouter guardrails, as a 403
};

struct StatusRow {
    int status;
    ErrorClass error_class;
};

constexpr StatusRow status_table[] = {
    {401, ErrorClass::authentication}, {402, ErrorClass::billing},    {403, ErrorClass::permission},
    {404, ErrorClass::not_found},      {408, ErrorClass::timeout},    {413, ErrorClass::too_large},
    {429, ErrorClass::rate_limit},     {498, ErrorClass::overloaded},  // Groq's flex tier has no room
    {503, ErrorClass::overloaded},     {504, ErrorClass::timeout},    {529, ErrorClass::overloaded},
    {524, ErrorClass::timeout},  // a CDN gave up waiting
};

template <std::size_t N>
ErrorClass class_by_words(const WordRow (&table)[N], const std::vector<std::string>& words) {
    for (const auto& row : table) {
        for (const auto& word : words) {
            if (word.size() == row.word.size() && lower(word) == lower(row.word)) { return row.error_class; }
        }
    }
    return ErrorClass::none;
}

// A rate limit's message may advise to shorten the prompt: the status says which it is.
ErrorClass class_by_phrase(std::string_view message, int status) {
    if (status == 429) { return ErrorClass::none; }
    const std::string text = lower(message);
    for (const auto& row : phrase_table) {
        if (text.find(row.phrase) != std::string::npos) { return row.error_class; }
    }
    return ErrorClass::none;
}

ErrorClass class_by_status(int status) {
    for (const auto& row : status_table) {
        if (row.status == status) { return row.error_class; }
    }
    if (status >= 500) { return ErrorClass::server; }
    if (status >= 400) { return ErrorClass::bad_request; }
    return ErrorClass::none;
}

ErrorClass class_of(int status, const ErrorFacts& facts) {
    const ErrorClass by_words = class_by_words(word_table, facts.words);
    // Only these two are told apart from their neighbours by the message alone, and are acted on differently.
    const ErrorClass by_phrase = class_by_phrase(facts.message, status);
    if (by_phrase == ErrorClass::context_length || by_phrase == ErrorClass::billing) { return by_phrase; }
    if (by_words != ErrorClass::none) { return by_words; }
    if (by_phrase != ErrorClass::none) { return by_phrase; }
    if (const ErrorClass by_status = class_by_status(status); by_status != ErrorClass::none) { return by_status; }
    const ErrorClass weak = class_by_words(weak_word_table, facts.words);
    return weak == ErrorClass::none ? ErrorClass::server : weak;
}

}  // namespace

int default_status(ErrorClass error_class) {
    switch (error_class) {
        case ErrorClass::none: return 200;
        case ErrorClass::bad_request:
        case ErrorClass::context_length:
        case ErrorClass::unknown_turn:
        case ErrorClass::content_filter: return 400;
        case ErrorClass::authentication: return 401;
        case ErrorClass::billing: return 402;
        case ErrorClass::permission: return 403;
        case ErrorClass::not_found:
        case ErrorClass::no_endpoint: return 404;
        case ErrorClass::too_large: return 413;
        case ErrorClass::rate_limit: return 429;
        case ErrorClass::cancelled: return 499;
        case ErrorClass::server: return 500;
        case ErrorClass::connect:
        case ErrorClass::truncated: return 502;
        case ErrorClass::overloaded: return 503;
        case ErrorClass::timeout: return 504;
    }
    return 500;
}

ApiError classify_error(int http_status, ErrorFacts facts) {
    const int status = http_status >= 400 ? http_status : facts.status;
    ApiError error;
    error.error_class = class_of(status, facts);
    error.status = status != 0 ? status : default_status(error.error_class);
    error.retry_after_s = facts.retry_after_s;
    error.request_id = std::move(facts.request_id);
    error.message = redact_message(facts.message);
    if (error.message.empty()) {
        error.message = "The provider answered with HTTP status " + std::to_string(error.status) + " and no message.";
    }
    return error;
}

}  // namespace llmgw::wire
