#include "core/gateway/dispatch.hpp"

#include <array>

#include "core/dialect/envelope.hpp"
#include "core/gateway/count_tokens.hpp"
#include "core/gateway/header_rules.hpp"
#include "core/gateway/host_request.hpp"
#include "core/gateway/passthrough.hpp"
#include "core/gateway/settle.hpp"
#include "core/gateway/translation.hpp"
#include "core/gateway/upstream_request.hpp"
#include "core/telemetry/log.hpp"
#include "core/telemetry/redact.hpp"
#include "core/util/find_text.hpp"

namespace llmgw {
namespace {

struct KindRow {
    ErrorKind kind;
    int status;
    ErrorClass error_class;
    Ending ending;
};

// How an error of llmgw's own is told to the client and to the log.
constexpr std::array<KindRow, 13> kinds{{
    {ErrorKind::bad_request, 400, ErrorClass::bad_request, Ending::refused},
    {ErrorKind::unknown_turn, 400, ErrorClass::unknown_turn, Ending::refused},
    {ErrorKind::unauthorized, 401, ErrorClass::authentication, Ending::refused},
    {ErrorKind::forbidden, 403, ErrorClass::permission, Ending::refused},
    {ErrorKind::not_found, 404, ErrorClass::not_found, Ending::refused},
    {ErrorKind::too_large, 413, ErrorClass::too_large, Ending::refused},
    // The provider's key is the operator's business: 401 would make agents think their own key is bad.
    {ErrorKind::credential, 502, ErrorClass::authentication, Ending::refused},
    {ErrorKind::unavailable, 503, ErrorClass::overloaded, Ending::failed},
    {ErrorKind::connect, 502, ErrorClass::connect, Ending::failed},
    {ErrorKind::timeout, 504, ErrorClass::timeout, Ending::failed},
    {ErrorKind::upstream, 502, ErrorClass::truncated, Ending::failed},
    {ErrorKind::cancelled, 499, ErrorClass::cancelled, Ending::cancelled},
    {ErrorKind::internal, 500, ErrorClass::server, Ending::failed},
}};

const KindRow& row_of(ErrorKind kind) {
    for (const auto& row : kinds) {
        if (row.kind == kind) { return row; }
    }
    return kinds.back();
}

HttpReply give_up(Exchange& exchange, const Error& error) {
    const auto& row = row_of(error.kind);
    log_warn("call failed",
             {{"call", exchange.call_id()}, {"provider", exchange.row.provider}, {"why", error.message}});
    settle(exchange, {row.ending, row.ending == Ending::cancelled ? 0 : row.status, row.error_class, error.message},
           nullptr);
    return error_reply(exchange, to_api_error(error, exchange.call_id()));
}

// A session that has come back from a provider of another dialect carries that one's signatures in our envelopes.
// Sent as they are they would be refused; read and written once, they are taken out (T3d).
bool holds_foreign_seals(const Exchange& exchange) {
    return exchange.endpoint.conversation() && contains_text(exchange.body, envelope_mark);
}

AttemptRow begin_attempt(const Exchange& exchange, const Target& target) {
    AttemptRow attempt;
    attempt.number = static_cast<int>(exchange.attempts.size()) + 1;
    attempt.started_ms = exchange.services.clock.now_ms();
    attempt.provider = target.provider->name;
    attempt.dialect = to_string(target.dialect);
    attempt.model = target.model;
    return attempt;
}

}  // namespace

ApiError to_api_error(const Error& error, const std::string& call_id) {
    const auto& row = row_of(error.kind);
    std::string text = redact(error.message);
    // Clients know this one by OpenAI's words.
    if (!text.starts_with("llmgw") && error.kind != ErrorKind::unknown_turn) { text = "llmgw: " + text; }
    // A pause before the retry that agents make on their own.
    std::optional<int> retry_after;
    if (row.status == 503) { retry_after = 1; }
    return ApiError{row.status, row.error_class, std::move(text), retry_after, call_id};
}

HttpReply error_reply(const Exchange& exchange, const ApiError& error) {
    HttpReply reply;
    reply.status = error.status;
    reply.headers = {{"Content-Type", "application/json"}, {"x-llmgw-call-id", exchange.call_id()}};
    if (error.retry_after_s) { reply.headers.emplace_back("retry-after", std::to_string(*error.retry_after_s)); }
    reply.body = exchange.dialect().encode_error(error);
    return reply;
}

HttpReply dispatch(const std::shared_ptr<Exchange>& exchange, const Plan& plan) {
    const auto& target = plan.targets.front().target;
    auto& row = exchange->row;
    row.provider = target.provider->name;
    row.provider_dialect = to_string(target.dialect);
    exchange->provider_dialect = target.dialect;
    exchange->provider = target.provider;
    const auto taken = exchange->snapshot->keys->take(*target.provider, row.session_id);
    if (!taken) { return give_up(*exchange, taken.error()); }
    const auto* key = &taken->value;

    const bool counting = exchange->endpoint.operation == Operation::count_tokens;
    auto prepared = std::make_shared<PreparedRequest>();
    if (exchange->passes_as_it_is(target.dialect)) {
        prepare_upstream(*exchange, target, *key, *prepared);
        if (holds_foreign_seals(*exchange)) {
            if (auto made = take_out_foreign_seals(*exchange, target, *prepared); !made) {
                return give_up(*exchange, made.error());
            }
        }
    } else if (auto made = prepare_translation(*exchange, target, *key, *prepared); !made) {
        if (counting && made.error().kind == ErrorKind::not_found) { return estimated_count(*exchange, target); }
        return give_up(*exchange, made.error());
    }
    if (auto asked = ask_host(*exchange, target, *key, *prepared); !asked) {
        if (counting && asked.error().kind == ErrorKind::not_found) { return estimated_count(*exchange, target); }
        return give_up(*exchange, asked.error());
    }
    exchange->attempts.push_back(begin_attempt(*exchange, target));
    auto opened = exchange->services.transport.open(prepared->request, exchange->watch);
    if (!opened) { return give_up(*exchange, opened.error()); }

    *opened = reframed(*exchange, std::move(*opened));
    auto& upstream = **opened;
    auto& attempt = exchange->attempts.back();
    attempt.http_status = upstream.status();
    attempt.connection_reused = upstream.connection_reused();
    for (const auto name : {"request-id", "x-request-id", "x-goog-request-id", "x-amzn-requestid", "cf-ray"}) {
        if (attempt.upstream_request_id.empty()) {
            attempt.upstream_request_id = find_header(upstream.headers(), name);
        }
    }
    exchange->snapshot->keys->report(*target.provider, taken->name, upstream.status());

    Answer answer;
    answer.headers = screened_answer_headers(upstream.headers(), *key);
    // Clients look for it under their own dialect's name.
    if (target.provider->host != nullptr) { name_request_id(exchange->endpoint.dialect, answer.headers); }
    answer.headers.emplace_back("x-llmgw-call-id", exchange->call_id());
    answer.headers.emplace_back("x-llmgw-provider", target.provider->name);
    if (!target.model.empty()) { answer.headers.emplace_back("x-llmgw-model", target.model); }
    answer.headers.emplace_back("x-llmgw-attempts", std::to_string(exchange->attempts.size()));
    answer.headers.emplace_back("x-llmgw-cache", "off");
    if (exchange->translation) { set_dropped(*exchange->translation, answer.headers); }
    // To an agent 401 says that its own key is bad: it retries for minutes or asks its user for another one. That is
    // true of a credential the client brought itself, and of no other.
    answer.status = upstream.status();
    if (answer.status == 401 && !target.provider->passthrough()) {
        answer.status = 403;
        answer.headers.emplace_back("x-llmgw-upstream-status", "401");
    }
    answer.hide_usage = prepared->hide_usage;
    answer.upstream = std::move(*opened);
    answer.keep = prepared;
    return counting ? counted(exchange, std::move(answer), target) : pass_through(exchange, std::move(answer));
}

}  // namespace llmgw
