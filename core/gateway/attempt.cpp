#include "core/gateway/attempt.hpp"

#include <algorithm>
#include <utility>

#include "core/dialect/envelope.hpp"
#include "core/gateway/header_rules.hpp"
#include "core/gateway/held_beginning.hpp"
#include "core/gateway/host_request.hpp"
#include "core/gateway/translation.hpp"
#include "core/gateway/upstream_request.hpp"
#include "core/util/find_text.hpp"

namespace llmgw {
namespace {

using std::chrono::milliseconds;

// A session that has come back from a provider of another dialect carries that one's signatures in our envelopes.
// Sent as they are they would be refused; read and written once, they are taken out (T3d).
bool holds_foreign_seals(const Exchange& exchange) {
    return exchange.endpoint.conversation() && contains_text(exchange.body, envelope_mark);
}

void begin_attempt(Exchange& exchange, const Target& target) {
    auto& attempt = exchange.attempts.emplace_back();
    attempt.number = static_cast<int>(exchange.attempts.size());
    attempt.started_ms = exchange.services.clock.now_ms();
    attempt.provider = target.provider->name;
    attempt.dialect = to_string(target.dialect);
    attempt.model = target.model;
    exchange.attempt_open = true;
    exchange.attempt_started_us = exchange.services.clock.steady_us();
    exchange.health_told = false;
}

Result<> prepare(Exchange& exchange, const Target& target, const std::string& key, PreparedRequest& prepared) {
    exchange.translation.reset();
    Result<> made;
    if (!exchange.passes_as_it_is(target.dialect)) {
        made = prepare_translation(exchange, target, key, prepared);
    } else {
        prepare_upstream(exchange, target, key, prepared);
        if (holds_foreign_seals(exchange)) { made = take_out_foreign_seals(exchange, target, prepared); }
    }
    return made ? ask_host(exchange, target, key, prepared) : made;
}

void set_limits(const Exchange& exchange, const Looking& looking, UpstreamRequest& request) {
    if (looking.silence_max && *looking.silence_max < request.first_byte_timeout) {
        request.first_byte_timeout = *looking.silence_max;
        request.first_byte_setting = "while another target is left";
    }
    const auto left = exchange.time_left();
    if (!left) { return; }
    const auto rest = std::max(*left, milliseconds(1));
    request.connect_timeout = std::min(request.connect_timeout, rest);
    if (rest < request.first_byte_timeout) {
        request.first_byte_timeout = rest;
        request.first_byte_setting = "[timeouts] total_s";
    }
}

void failed(Attempted& attempted, Error error, AttemptFailure failure) {
    attempted.message = error.message;
    attempted.error = std::move(error);
    attempted.failure = failure;
}

AttemptFailure failure_of(const Error& error) {
    AttemptFailure failure;
    switch (error.kind) {
        case ErrorKind::connect: failure.error_class = ErrorClass::connect; break;
        case ErrorKind::timeout: failure.error_class = ErrorClass::timeout; break;
        case ErrorKind::upstream: failure.error_class = ErrorClass::truncated; break;
        case ErrorKind::cancelled:
        case ErrorKind::unavailable: failure.error_class = ErrorClass::cancelled; break;
        default: failure.error_class = ErrorClass::bad_request; break;
    }
    return failure;
}

// Whoever counts no tokens says so in one of these ways, and is estimated for.
bool counts_not(const Exchange& exchange, int status) {
    return exchange.endpoint.operation == Operation::count_tokens && (status == 404 || status == 405 || status == 501);
}

void note_head(Exchange& exchange, const UpstreamResponse& upstream) {
    auto& attempt = exchange.attempts.back();
    attempt.http_status = upstream.status();
    attempt.connection_reused = upstream.connection_reused();
    for (const auto name : {"request-id", "x-request-id", "x-goog-request-id", "x-amzn-requestid", "cf-ray"}) {
        if (attempt.upstream_request_id.empty()) {
            attempt.upstream_request_id = find_header(upstream.headers(), name);
        }
    }
}

// Whether another of the provider's keys may do better.
bool report_key(const Exchange& exchange, const UpstreamResponse& upstream, const Provider& provider,
                const ProviderKey& used) {
    const int status = upstream.status();
    std::optional<milliseconds> asked;
    if (status == 429) { asked = retry_after_of(upstream.headers(), exchange.services.clock.now_ms()); }
    return exchange.snapshot->keys->report(provider, used.name, status, asked, used.value);
}

Answer answer_of(const Exchange& exchange, std::unique_ptr<UpstreamResponse> upstream, const Target& target,
                 const std::string& key, std::shared_ptr<PreparedRequest> prepared) {
    Answer answer;
    answer.headers = screened_answer_headers(upstream->headers(), key);
    // Clients look for it under their own dialect's name.
    if (target.provider->host != nullptr) { name_request_id(exchange.endpoint.dialect, answer.headers); }
    answer.headers.emplace_back("x-llmgw-call-id", exchange.call_id());
    answer.headers.emplace_back("x-llmgw-provider", target.provider->name);
    if (!target.model.empty()) { answer.headers.emplace_back("x-llmgw-model", target.model); }
    answer.headers.emplace_back("x-llmgw-cache", "off");
    if (exchange.translation) { set_dropped(*exchange.translation, answer.headers); }
    // To an agent 401 says that its own key is bad: it retries for minutes or asks its user for another one. That is
    // true of a credential the client brought itself, and of no other.
    answer.status = upstream->status();
    if (answer.status == 401 && !target.provider->passthrough()) {
        answer.status = 403;
        answer.headers.emplace_back("x-llmgw-upstream-status", "401");
    }
    answer.hide_usage = prepared->hide_usage;
    answer.upstream = std::move(upstream);
    answer.keep = std::move(prepared);
    return answer;
}

// Reads as much as it takes to know what to think of the answer; all of that is passed on later if nothing better
// comes.
void look(Exchange& exchange, const Looking& looking, const Provider& provider, bool other_key, Attempted& attempted) {
    auto& upstream = attempted.answer->upstream;
    const int status = upstream->status();
    const auto asked = retry_after_of(upstream->headers(), exchange.services.clock.now_ms());
    const auto should_retry = should_retry_of(upstream->headers());
    if (status >= 400) {
        const bool for_the_key = other_key && looking.one_more;
        if ((!looking.at_errors && !for_the_key) || counts_not(exchange, status)) { return; }
        // A credential of the client's own is the client's business: no other target is paid for instead.
        if (provider.passthrough() && (status == 401 || status == 402 || status == 403)) { return; }
        auto body = read_error_body(exchange, upstream);
        const auto error = upstream_error(exchange, status, upstream->headers(), body);
        attempted.failure = AttemptFailure{error.error_class, status, true, asked, should_retry};
        if (!asked && error.retry_after_s) {
            attempted.failure->retry_after = std::chrono::seconds(*error.retry_after_s);
        }
        attempted.message = error.message;
        return;
    }
    if (!looking.at_beginning || !exchange.endpoint.billable()) { return; }
    auto seen = hold_beginning(exchange, upstream, looking.silence_max);
    attempted.facts = std::move(seen.facts);
    if (!seen.error && !seen.told) {
        // A probe need not wait for the end of a long stream.
        const auto& target = attempted.target->target;
        exchange.services.health.succeeded(target.provider->name, target.model);
        exchange.health_told = true;
        return;
    }
    attempted.ending = seen.error ? Ending::truncated : Ending::failed;
    if (seen.error) {
        attempted.answer.reset();
        auto failure = failure_of(*seen.error);
        failure.status = status;
        failed(attempted, std::move(*seen.error), failure);
        return;
    }
    attempted.message = seen.told->message;
    attempted.failure = AttemptFailure{seen.told->error_class, status, true, asked, should_retry};
    if (!asked && seen.told->retry_after_s) {
        attempted.failure->retry_after = std::chrono::seconds(*seen.told->retry_after_s);
    }
}

}  // namespace

Attempted try_target(Exchange& exchange, const PlannedTarget& planned, const Looking& looking) {
    const auto& target = planned.target;
    auto& row = exchange.row;
    row.provider = target.provider->name;
    row.provider_dialect = to_string(target.dialect);
    exchange.provider_dialect = target.dialect;
    exchange.provider = target.provider;
    exchange.target_model = target.model;
    Attempted attempted;
    attempted.target = &planned;
    attempted.dialect = target.dialect;

    const auto taken = exchange.snapshot->keys->take(*target.provider, row.session_id);
    if (!taken) {
        failed(attempted, taken.error(), {.error_class = ErrorClass::authentication, .sent = false});
        return attempted;
    }
    auto prepared = std::make_shared<PreparedRequest>();
    if (auto made = prepare(exchange, target, taken->value, *prepared); !made) {
        failed(attempted, made.error(), {.error_class = ErrorClass::bad_request, .sent = false});
        return attempted;
    }
    attempted.translation = exchange.translation;
    set_limits(exchange, looking, prepared->request);

    begin_attempt(exchange, target);
    auto opened = exchange.services.transport.open(prepared->request, exchange.watch);
    if (!opened) {
        const auto failure = failure_of(opened.error());
        // It has the request and has not said that it does nothing about it.
        if (failure.error_class == ErrorClass::timeout) { attempted.ending = Ending::truncated; }
        failed(attempted, std::move(opened.error()), failure);
        return attempted;
    }
    *opened = reframed(exchange, std::move(*opened));
    note_head(exchange, **opened);
    const bool other_key = report_key(exchange, **opened, *target.provider, *taken);
    attempted.answer = answer_of(exchange, std::move(*opened), target, taken->value, std::move(prepared));
    look(exchange, looking, *target.provider, other_key, attempted);
    if (attempted.failure) { attempted.failure->other_key = other_key; }
    return attempted;
}

}  // namespace llmgw
