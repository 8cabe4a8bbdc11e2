#include "core/gateway/host_request.hpp"

#include "core/gateway/header_rules.hpp"
#include "core/gateway/reframed_response.hpp"
#include "core/gateway/translation.hpp"
#include "core/provider/host.hpp"

namespace llmgw {
namespace {

Operation conversation_in(DialectId dialect) {
    switch (dialect) {
        case DialectId::anthropic: return Operation::messages;
        case DialectId::openai_chat: return Operation::chat;
        case DialectId::openai_responses: return Operation::responses;
        case DialectId::gemini: return Operation::generate;
        case DialectId::ollama_chat:
        case DialectId::bedrock_converse:
        case DialectId::cohere_chat: break;
    }
    return Operation::other;
}

HostCall call_of(const Exchange& exchange, const Target& target, const PreparedRequest& prepared) {
    const auto* translation = exchange.translation.get();
    const auto operation = exchange.endpoint.operation;
    return {.provider = *target.provider,
            .dialect = target.dialect,
            .operation = translation != nullptr && operation != Operation::count_tokens
                             ? conversation_in(target.dialect)
                             : operation,
            .model = target.model,
            .stream = translation != nullptr ? translation->request.stream : exchange.row.stream,
            .method = prepared.request.method,
            .path = prepared.path,
            .query = prepared.query};
}

}  // namespace

Result<> ask_host(const Exchange& exchange, const Target& target, const std::string& key, PreparedRequest& out) {
    const auto& provider = *target.provider;
    const auto* host = provider.host;
    if (host == nullptr) { return {}; }
    auto& request = out.request;
    const auto call = call_of(exchange, target, out);
    auto url = host->url(call);
    if (!url) { return std::unexpected(url.error()); }
    request.url = std::move(*url);
    if (host->body != nullptr && request.has_body) {
        auto body = host->body(call, request.headers, request.body);
        if (!body) { return std::unexpected(body.error()); }
        out.edited = std::move(*body);
        request.body = out.edited;
    }
    if (key.empty()) { return {}; }
    if (host->authorise != nullptr) {
        return host->authorise(provider, key, exchange.services.clock.now_ms(), request);
    }
    attach_key(request.headers, provider.auth, key);
    return {};
}

std::unique_ptr<UpstreamResponse> reframed(const Exchange& exchange, std::unique_ptr<UpstreamResponse> upstream) {
    const auto* host = exchange.provider->host;
    if (host == nullptr || host->framing == nullptr || upstream->status() >= 300) { return upstream; }
    auto framing = host->framing(exchange.provider_dialect, find_header(upstream->headers(), "content-type"));
    if (!framing) { return upstream; }
    return std::make_unique<ReframedResponse>(std::move(upstream), std::move(framing));
}

std::optional<ApiError> foreign_error(const Exchange& exchange, int status, const Headers& headers,
                                      std::string_view body) {
    const auto* host = exchange.provider == nullptr ? nullptr : exchange.provider->host;
    if (host == nullptr || host->error == nullptr) { return std::nullopt; }
    return host->error(exchange.provider_dialect, status, headers, body);
}

ApiError upstream_error(const Exchange& exchange, int status, const Headers& headers, std::string_view body) {
    auto foreign = foreign_error(exchange, status, headers, body);
    return foreign ? std::move(*foreign) : exchange.upstream_dialect().decode_error(status, body);
}

}  // namespace llmgw
