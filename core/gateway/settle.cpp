#include "core/gateway/settle.hpp"

#include <algorithm>
#include <chrono>

#include "core/policy/policy.hpp"
#include "core/provider/host.hpp"
#include "core/telemetry/redact.hpp"

namespace llmgw {
namespace {

constexpr std::int64_t bytes_per_token = 4;
constexpr std::size_t message_size_max = 500;
// Fewer say nothing of how fast a target speaks.
constexpr std::int64_t few_tokens = 16;

struct Billed {
    Usage usage;
    Cost cost;
};

bool ended_well(Ending ending) {
    return ending == Ending::done;
}

// What was used and what it costs. A call that no model worked for costs nothing; one that a model may have
// worked for is estimated rather than called free.
Billed bill(const Exchange& exchange, const Provider& provider, const std::string& model, const Outcome& outcome,
            const TapFacts* facts) {
    Billed billed;
    const bool answered = facts != nullptr && (facts->usage.has_value() || facts->content_seen);
    const bool maybe_worked = outcome.ending == Ending::cancelled || outcome.ending == Ending::truncated ||
                              (outcome.ending == Ending::done && exchange.endpoint.operation != Operation::other);
    if (!exchange.endpoint.billable() || (!answered && !maybe_worked)) {
        const bool unknown = outcome.ending == Ending::done && exchange.endpoint.operation == Operation::other &&
                             exchange.request.method != "GET";
        if (!unknown) { billed.cost.nano = 0; }
        return billed;
    }
    if (facts != nullptr && facts->usage) {
        billed.usage = *facts->usage;
        billed.cost.basis = ended_well(outcome.ending) ? CostBasis::reported : CostBasis::partial;
        if (!ended_well(outcome.ending)) {
            // An answer cut short reported its prompt at most; what was generated so far was streamed past us.
            auto& output = billed.usage.counts.output;
            const auto streamed =
                (static_cast<std::int64_t>(facts->content_bytes) + bytes_per_token - 1) / bytes_per_token;
            output = std::max(output.value_or(0), streamed);
        }
    } else {
        billed.usage = estimated_usage(exchange.row.request_bytes,
                                       facts != nullptr ? static_cast<std::int64_t>(facts->content_bytes) : 0);
        billed.cost.basis = CostBasis::estimated;
    }
    const auto basis = billed.cost.basis;
    if (provider.local) {
        billed.cost.nano = 0;
        billed.cost.price_source = "local";
        return billed;
    }
    const auto& prices = exchange.services.prices;
    const std::string& served = facts != nullptr && !facts->model.empty() ? facts->model : model;
    billed.cost = prices.cost(provider.price_list, served, billed.usage);
    const bool named = provider.host == nullptr || !provider.host->models_are_owners_names;
    if (!billed.cost.nano && served != model && named) {
        billed.cost = prices.cost(provider.price_list, model, billed.usage);
    }
    billed.cost.basis = basis;
    return billed;
}

// Strangers write these: the client its names, the provider its ids. None may carry a key into the log.
void scrub(Exchange& exchange) {
    auto& row = exchange.row;
    for (auto* text : {&row.client, &row.session_id, &row.feature, &row.user, &row.metadata, &row.requested_model,
                       &row.served_model, &row.finish_reason}) {
        scrub_known_secrets(*text);
        const auto& key = exchange.client_key_used;
        if (!key.empty() && text->find(key) != std::string::npos) { *text = redacted_mark; }
    }
    for (auto& attempt : exchange.attempts) {
        scrub_known_secrets(attempt.upstream_request_id);
        scrub_known_secrets(attempt.model);
        scrub_known_secrets(attempt.served_model);
    }
}

std::string short_message(std::string_view message) {
    if (message.empty()) { return {}; }
    auto text = redact(message);
    if (text.size() > message_size_max) { text.resize(message_size_max); }
    return text;
}

void tell_health(Exchange& exchange, const AttemptRow& attempt, const Outcome& outcome) {
    if (attempt.model.empty()) { return; }
    auto& health = exchange.services.health;
    // A call that no model answers says little of it, and must not keep the probe it may have been given.
    if (!exchange.endpoint.billable()) { return health.released(attempt.provider, attempt.model); }
    // The limit is that of the credential, which is the client's: others' may be good.
    const bool clients_own = outcome.error_class == ErrorClass::rate_limit && exchange.provider->passthrough();
    switch (clients_own ? Blame::account : blame_of(outcome.error_class)) {
        case Blame::target: {
            const auto& config = exchange.snapshot->config.breaker;
            health.failed(attempt.provider, attempt.model, {config.failures, std::chrono::seconds(config.open_s)});
            return;
        }
        case Blame::account:
        case Blame::client: health.released(attempt.provider, attempt.model); return;
        case Blame::request: break;
    }
    AnswerSpeed speed;
    if (exchange.row.first_token_ms && outcome.ending == Ending::done) {
        const auto began_ms = (exchange.attempt_started_us - exchange.started_us) / 1000;
        const auto first_ms = *exchange.row.first_token_ms - began_ms;
        speed.first_token_ms = static_cast<double>(first_ms);
        const auto output = attempt.usage.counts.output.value_or(0);
        const auto rest_ms = attempt.duration_ms - first_ms;
        if (output >= few_tokens && rest_ms > 0) {
            speed.tokens_per_s = static_cast<double>(output) * 1000 / static_cast<double>(rest_ms);
        }
    }
    if (exchange.health_told) {
        health.spoke(attempt.provider, attempt.model, speed);
    } else {
        health.succeeded(attempt.provider, attempt.model, speed);
    }
}

void add(Tokens& into, const Tokens& more) {
    if (more) { into = into.value_or(0) + *more; }
}

// What all attempts used and cost. A cost that is unknown for one is unknown for the sum.
void sum_attempts(Exchange& exchange) {
    auto& row = exchange.row;
    if (exchange.attempts.empty()) {
        row.cost.nano = 0;
        return;
    }
    row.usage = exchange.attempts.back().usage;
    row.cost = exchange.attempts.back().cost;
    for (auto it = exchange.attempts.begin(); it + 1 != exchange.attempts.end(); ++it) {
        const auto& more = it->usage.counts;
        auto& sum = row.usage.counts;
        for (const auto member :
             {&TokenCounts::input, &TokenCounts::cache_read, &TokenCounts::cache_write_5m, &TokenCounts::cache_write_1h,
              &TokenCounts::output, &TokenCounts::reasoning, &TokenCounts::audio_input, &TokenCounts::audio_output}) {
            add(sum.*member, more.*member);
        }
        auto& cost = row.cost;
        if (cost.nano && it->cost.nano) {
            *cost.nano += *it->cost.nano;
        } else {
            cost.nano.reset();
        }
        if (it->cost.cache_saved_nano) { add(cost.cache_saved_nano, it->cost.cache_saved_nano); }
        // The least certain one says how certain the sum is.
        cost.basis = std::max(cost.basis, it->cost.basis);
        if (cost.price_source.empty()) {
            cost.price_source = it->cost.price_source;
            cost.price_date = it->cost.price_date;
        }
    }
}

// The model that answered. Some providers name none; the one that was asked is more than what the client typed, which
// may be a route's name.
std::string served_model(const AttemptRow& attempt, const Outcome& outcome, const TapFacts& facts) {
    const bool answered = ended_well(outcome.ending) || facts.usage || facts.content_seen;
    return facts.model.empty() && answered ? attempt.model : facts.model;
}

}  // namespace

Usage estimated_usage(std::int64_t request_bytes, std::int64_t content_bytes) {
    Usage usage;
    usage.counts.input = (request_bytes + bytes_per_token - 1) / bytes_per_token;
    usage.counts.output = (content_bytes + bytes_per_token - 1) / bytes_per_token;
    return usage;
}

ErrorClass class_of_break(const Error& error) {
    switch (error.kind) {
        case ErrorKind::cancelled:
        case ErrorKind::unavailable: return ErrorClass::cancelled;
        case ErrorKind::timeout: return ErrorClass::timeout;
        default: return ErrorClass::truncated;
    }
}

void close_attempt(Exchange& exchange, const Outcome& outcome, const TapFacts* facts) {
    if (!exchange.attempt_open) { return; }
    exchange.attempt_open = false;
    auto& attempt = exchange.attempts.back();
    const Provider* provider = nullptr;
    for (const auto& candidate : exchange.snapshot->providers) {
        if (candidate.name == attempt.provider) { provider = &candidate; }
    }
    auto billed = provider != nullptr ? bill(exchange, *provider, attempt.model, outcome, facts) : Billed{};
    attempt.duration_ms = exchange.services.clock.now_ms() - attempt.started_ms;
    attempt.ending = outcome.ending;
    attempt.error_class = to_string(outcome.error_class);
    attempt.error_message = short_message(outcome.error_message);
    if (facts != nullptr) { attempt.served_model = served_model(attempt, outcome, *facts); }
    attempt.usage = std::move(billed.usage);
    attempt.cost = std::move(billed.cost);
    tell_health(exchange, attempt, outcome);
}

void settle(Exchange& exchange, const Outcome& outcome, const TapFacts* facts) {
    if (exchange.settled) { return; }
    exchange.settled = true;
    auto& row = exchange.row;
    row.duration_ms = (exchange.services.clock.steady_us() - exchange.started_us) / 1000;
    row.ending = outcome.ending;
    row.http_status = outcome.http_status;
    row.error_class = to_string(outcome.error_class);
    row.error_message = short_message(outcome.error_message);
    if (facts != nullptr) {
        row.finish_reason = facts->finish_reason;
        row.served_model = facts->model;
    }
    close_attempt(exchange, outcome, facts);
    sum_attempts(exchange);
    // Nobody said which model it was: what was asked of the provider, rather than what the client called it.
    if (row.served_model.empty()) { row.served_model = exchange.target_model; }
    scrub(exchange);
    exchange.services.ledger.record(CallRecord{row, exchange.attempts});
    close_policies(policies(), exchange.policies_ran, exchange);
}

}  // namespace llmgw
