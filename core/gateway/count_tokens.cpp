#include "core/gateway/count_tokens.hpp"

#include "core/gateway/dispatch.hpp"
#include "core/gateway/held_response.hpp"
#include "core/gateway/host_request.hpp"
#include "core/gateway/settle.hpp"
#include "core/gateway/token_estimate.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/json_writer.hpp"

namespace llmgw {
namespace {

constexpr std::size_t answer_bytes_max = 1 << 20;

std::string_view count_member(DialectId client) {
    return client == DialectId::gemini ? "totalTokens" : "input_tokens";
}

// What the upstream says of itself says nothing about the answer made of it.
Headers own_headers(const Headers& all) {
    Headers out;
    for (const auto& header : all) {
        if (header.first.starts_with("x-llmgw-")) { out.push_back(header); }
    }
    return out;
}

HttpReply count_reply(Exchange& exchange, Headers headers, std::int64_t tokens) {
    HttpReply reply;
    reply.headers = std::move(headers);
    reply.headers.emplace_back("Content-Type", "application/json");
    reply.body = encode_count(exchange.endpoint.dialect, tokens);
    exchange.row.response_bytes = static_cast<std::int64_t>(reply.body.size());
    settle(exchange, {Ending::done, reply.status, ErrorClass::none, {}}, nullptr);
    return reply;
}

HttpReply refused(Exchange& exchange, const Error& why) {
    const auto error = to_api_error(why, exchange.call_id());
    settle(exchange, {Ending::refused, error.status, error.error_class, error.message}, nullptr);
    return error_reply(exchange, error);
}

}  // namespace

std::optional<std::int64_t> read_count(std::string_view body) {
    for (const auto* key : {"input_tokens", "totalTokens", "inputTokens"}) {
        const auto number = json_scan::member(body, key);
        const auto count = number ? number->as_int() : std::nullopt;
        if (count && *count >= 0) { return count; }
    }
    return std::nullopt;
}

std::string encode_count(DialectId client, std::int64_t tokens) {
    JsonWriter json;
    json.begin_object();
    if (client == DialectId::openai_responses) { json.member("object", "response.input_tokens"); }
    json.member(count_member(client), tokens);
    return json.end_object().take();
}

HttpReply counted(const std::shared_ptr<Exchange>& exchange, Answer answer, const Target& target) {
    const int status = answer.upstream->status();
    const bool perhaps_none = status == 404 || status == 405 || status == 501;
    const bool translated = exchange->translation != nullptr && status < 300;
    const bool by_host = exchange->translation == nullptr && target.provider->host != nullptr && status < 300;
    if (!perhaps_none && !translated && !by_host) { return pass_through(exchange, std::move(answer)); }
    auto body = read_body(*exchange, answer, answer_bytes_max);
    if (!body) { return std::move(body.error()); }
    if (by_host && json_scan::member(*body, count_member(exchange->endpoint.dialect))) {
        answer.upstream = std::make_unique<HeldResponse>(std::move(answer.upstream), std::move(*body), true);
        return pass_through(exchange, std::move(answer));
    }
    if (translated || by_host) {
        if (const auto count = read_count(*body)) {
            return count_reply(*exchange, own_headers(answer.headers), *count);
        }
    } else if (upstream_error(*exchange, status, answer.upstream->headers(), *body).message.contains(target.model)) {
        answer.upstream = std::make_unique<HeldResponse>(std::move(answer.upstream), std::move(*body), true);
        return pass_through(exchange, std::move(answer));
    }
    return estimated_count(*exchange, target);
}

HttpReply estimated_count(Exchange& exchange, const Target& target) {
    auto request = exchange.dialect().codec()->decode_request(exchange.body);
    if (!request) { return refused(exchange, request.error()); }
    const auto tokens = estimate_tokens(*request);
    if (!tokens) {
        return refused(exchange, {ErrorKind::not_found, "llmgw: provider \"" + target.provider->name +
                                                            "\" counts no tokens, and this prompt holds what cannot "
                                                            "be estimated"});
    }
    Headers headers{{"x-llmgw-call-id", exchange.call_id()},
                    {"x-llmgw-provider", target.provider->name},
                    {"x-llmgw-model", target.model},
                    {"x-llmgw-attempts", std::to_string(exchange.attempts.size())},
                    {"x-llmgw-token-count", "estimate"}};
    return count_reply(exchange, std::move(headers), *tokens);
}

}  // namespace llmgw
