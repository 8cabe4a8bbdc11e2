// From a request's method, target and headers to what is asked for. The same parsed value decides about
// authorisation, routing and forwarding.
#pragma once

#include <string>
#include <string_view>

#include "core/model/dialect_id.hpp"
#include "core/net/http.hpp"
#include "core/util/result.hpp"

namespace llmgw {

enum class Operation {
    messages,      // Anthropic Messages
    chat,          // OpenAI Chat Completions
    responses,     // OpenAI Responses
    generate,      // Gemini generateContent and streamGenerateContent
    count_tokens,  // costs nothing
    embeddings,
    models,   // costs nothing
    other,    // forwarded as it is
    hello,    // answered by llmgw: HEAD /api/hello
    health,   // answered by llmgw: /healthz
    ready,    // answered by llmgw: /readyz
    metrics,  // answered by llmgw: /metrics
    replay,   // answered by llmgw: a kept stream
};

std::string_view to_string(Operation operation);

struct Endpoint {
    Operation operation = Operation::other;
    DialectId dialect = DialectId::openai_chat;
    std::string path;     // as sent, after the feature prefix, without the query
    std::string query;    // as sent, without a key= of the client
    std::string feature;  // from /f/<feature>/, "" when there is none
    std::string query_key;
    // Gemini names the model in the path: path is before_model + model + after_model.
    bool model_in_path = false;
    std::string before_model;
    std::string path_model;  // decoded
    std::string after_model;
    bool stream_by_path = false;
    std::string replay_id;  // whose stream is asked for, as sent

    // A call that a model works for, and that someone pays for.
    bool billable() const { return operation != Operation::count_tokens && operation != Operation::models && !local(); }
    // Answered by llmgw itself.
    bool local() const {
        return operation == Operation::hello || operation == Operation::health || operation == Operation::ready ||
               operation == Operation::metrics || operation == Operation::replay;
    }
    // A conversation with a model.
    bool conversation() const {
        return operation == Operation::messages || operation == Operation::chat || operation == Operation::responses ||
               operation == Operation::generate;
    }
    // What is said in another dialect where the provider speaks another one.
    bool translatable() const { return conversation() || operation == Operation::count_tokens; }
    // Its body names a model.
    bool model_in_body() const {
        return !model_in_path && operation != Operation::models && operation != Operation::other && !local();
    }
};

// Errors: bad_request (a target no client sends in good faith), not_found.
Result<Endpoint> match_endpoint(std::string_view method, std::string_view target, const Headers& headers);

// The methods that a path of llmgw's own takes, as Allow names them; "" for a path that has no meaning of its own.
std::string allowed_methods(std::string_view target);

}  // namespace llmgw
