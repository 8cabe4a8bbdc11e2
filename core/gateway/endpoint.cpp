#include "core/gateway/endpoint.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/util/url.hpp"

namespace llmgw {
namespace {

struct Row {
    std::string_view method;
    std::string_view path;
    DialectId dialect;
    Operation operation;
};

// Every path with a meaning of its own. What is not here and begins with /v1/ is forwarded as it is.
constexpr std::array<Row, 12> rows{{
    {"POST", "/v1/messages", DialectId::anthropic, Operation::messages},
    {"POST", "/v1/messages/count_tokens", DialectId::anthropic, Operation::count_tokens},
    {"POST", "/v1/chat/completions", DialectId::openai_chat, Operation::chat},
    {"POST", "/v1/responses", DialectId::openai_responses, Operation::responses},
    {"POST", "/v1/responses/compact", DialectId::openai_responses, Operation::responses},
    {"POST", "/v1/responses/input_tokens", DialectId::openai_responses, Operation::count_tokens},
    {"POST", "/v1/embeddings", DialectId::openai_chat, Operation::embeddings},
    {"HEAD", "/api/hello", DialectId::anthropic, Operation::hello},
    {"GET", "/api/hello", DialectId::anthropic, Operation::hello},
    {"GET", "/healthz", DialectId::openai_chat, Operation::health},
    {"GET", "/readyz", DialectId::openai_chat, Operation::ready},
    {"GET", "/metrics", DialectId::openai_chat, Operation::metrics},
}};

struct GeminiVerb {
    std::string_view name;
    Operation operation;
    bool stream;
};
constexpr std::array<GeminiVerb, 6> gemini_verbs{{
    {":generateContent", Operation::generate, false},
    {":streamGenerateContent", Operation::generate, true},
    {":countTokens", Operation::count_tokens, false},
    {":embedContent", Operation::embeddings, false},
    {":batchEmbedContents", Operation::embeddings, false},
    {":asyncBatchEmbedContent", Operation::embeddings, false},
}};

struct NameOf {
    Operation operation;
    std::string_view name;
};
constexpr std::array<NameOf, 13> names{{
    {Operation::messages, "messages"},
    {Operation::chat, "chat"},
    {Operation::responses, "responses"},
    {Operation::generate, "generate"},
    {Operation::count_tokens, "count_tokens"},
    {Operation::embeddings, "embeddings"},
    {Operation::models, "models"},
    {Operation::other, "other"},
    {Operation::hello, "hello"},
    {Operation::health, "health"},
    {Operation::ready, "ready"},
    {Operation::metrics, "metrics"},
    {Operation::replay, "replay"},
}};

// One URL, three dialects: only the headers tell.
DialectId dialect_by_headers(const Headers& headers, const Endpoint& endpoint) {
    if (!find_header(headers, "anthropic-version").empty()) { return DialectId::anthropic; }
    if (!find_header(headers, "x-goog-api-key").empty() || !find_header(headers, "x-goog-api-client").empty() ||
        !endpoint.query_key.empty()) {
        return DialectId::gemini;
    }
    return DialectId::openai_chat;
}

// Dot segments and control characters have no honest use here and mean different things to different parsers.
bool suspicious(std::string_view path) {
    const auto decoded = percent_decode(path);
    if (!decoded) { return true; }
    for (const char c : *decoded) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\') { return true; }
    }
    std::string_view rest = *decoded;
    while (!rest.empty()) {
        const auto slash = rest.find('/');
        const auto segment = rest.substr(0, slash);
        if (segment == "." || segment == "..") { return true; }
        if (slash == std::string_view::npos) { break; }
        rest.remove_prefix(slash + 1);
    }
    return false;
}

// /v1beta/models/{m}:verb, /v1beta/models/{m}, /v1beta/models, and the same under /v1 when the verb says so.
bool match_gemini(std::string_view method, Endpoint& endpoint) {
    std::string_view path = endpoint.path;
    for (const std::string_view prefix : {"/v1beta/models/", "/v1/models/"}) {
        if (!path.starts_with(prefix)) { continue; }
        const auto colon = path.rfind(':');
        const auto verb = colon == std::string_view::npos ? std::string_view() : path.substr(colon);
        for (const auto& row : gemini_verbs) {
            if (method != "POST" || verb != row.name || colon <= prefix.size()) { continue; }
            endpoint.dialect = DialectId::gemini;
            endpoint.operation = row.operation;
            endpoint.stream_by_path = row.stream;
            endpoint.model_in_path = true;
            endpoint.before_model = prefix;
            endpoint.path_model = percent_decode(path.substr(prefix.size(), colon - prefix.size())).value_or("");
            endpoint.after_model = verb;
            return true;
        }
    }
    if (path == "/v1beta/models" || path.starts_with("/v1beta/")) {
        endpoint.dialect = DialectId::gemini;
        const bool listing = method == "GET" && path.starts_with("/v1beta/models");
        endpoint.operation = listing ? Operation::models : Operation::other;
        return true;
    }
    return false;
}

// /llmgw/v1/calls/{id}/stream
bool match_replay(std::string_view method, Endpoint& endpoint) {
    constexpr std::string_view before = "/llmgw/v1/calls/";
    constexpr std::string_view after = "/stream";
    const std::string_view path = endpoint.path;
    if (method != "GET" || !path.starts_with(before) || !path.ends_with(after)) { return false; }
    if (path.size() <= before.size() + after.size()) { return false; }
    endpoint.operation = Operation::replay;
    endpoint.replay_id = path.substr(before.size(), path.size() - before.size() - after.size());
    return true;
}

std::unexpected<Error> no_endpoint(std::string_view method, std::string_view path) {
    return fail(ErrorKind::not_found, "llmgw has no endpoint " + std::string(method) + " " + std::string(path) +
                                          ". Base URLs: /v1 for OpenAI clients, / for Anthropic and Gemini clients");
}

}  // namespace

std::string_view to_string(Operation operation) {
    for (const auto& row : names) {
        if (row.operation == operation) { return row.name; }
    }
    return "other";
}

Result<Endpoint> match_endpoint(std::string_view method, std::string_view target, const Headers& headers) {
    Endpoint endpoint;
    const auto question = target.find('?');
    std::string_view path = target.substr(0, question);
    if (question != std::string_view::npos) { endpoint.query = target.substr(question + 1); }
    if (!path.starts_with('/') || suspicious(path)) {
        return fail(ErrorKind::bad_request, "the request target is not a plain absolute path");
    }
    endpoint.query_key = take_query_value(endpoint.query, "key").value_or("");
    if (path.starts_with("/f/")) {
        const auto end = path.find('/', 3);
        const auto name = percent_decode(path.substr(3, end == std::string_view::npos ? end : end - 3));
        if (end == std::string_view::npos || !name || name->empty()) {
            return fail(ErrorKind::not_found, "a feature prefix is /f/<feature>/ followed by an API path");
        }
        endpoint.feature = *name;
        path.remove_prefix(end);
    }
    endpoint.path = path;

    for (const auto& row : rows) {
        if (row.method == method && row.path == path) {
            endpoint.dialect = row.dialect;
            endpoint.operation = row.operation;
            return endpoint;
        }
    }
    const bool known_path = std::any_of(rows.begin(), rows.end(), [&](const Row& row) { return row.path == path; });
    const bool forwardable = method == "GET" || method == "HEAD" || method == "POST" || method == "DELETE" ||
                             (!known_path && (method == "PUT" || method == "PATCH"));
    if (!forwardable) { return no_endpoint(method, path); }
    if (match_gemini(method, endpoint) || match_replay(method, endpoint)) { return endpoint; }
    if (path.starts_with("/v1/")) {
        endpoint.dialect = dialect_by_headers(headers, endpoint);
        const bool listing = method == "GET" && (path == "/v1/models" || path.starts_with("/v1/models/"));
        endpoint.operation = listing ? Operation::models : Operation::other;
        return endpoint;
    }
    return no_endpoint(method, path);
}

std::string allowed_methods(std::string_view target) {
    auto path = target.substr(0, target.find('?'));
    if (const auto slash = path.find('/', 3); path.starts_with("/f/") && slash != std::string_view::npos) {
        path.remove_prefix(slash);
    }
    std::string methods;
    for (const auto& row : rows) {
        if (row.path == path) { methods += (methods.empty() ? "" : ", ") + std::string(row.method); }
    }
    // What means nothing to llmgw itself below /v1/ is forwarded.
    return !methods.empty() && path.starts_with("/v1/") ? "GET, HEAD, POST, DELETE" : methods;
}

}  // namespace llmgw
