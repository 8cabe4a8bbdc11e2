#include "core/gateway/settle.hpp"

#include <algorithm>

#include "core/policy/policy.hpp"
#include "core/telemetry/redact.hpp"

namespace llmgw {
namespace {

constexpr std::int64_t bytes_per_token = 4;
constexpr std::size_t message_size_max = 500;

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
    if (!billed.cost.nano && served != model) { billed.cost = prices.cost(provider.price_list, model, billed.usage); }
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
    }
}

std::string short_message(std::string_view message) {
    auto text = redact(message);
    if (text.size() > message_size_max) { text.resize(message_size_max); }
    return text;
}

}  // namespace

Usage estimated_usage(std::int64_t request_bytes, std::int64_t content_bytes) {
    Usage usage;
    usage.counts.input = (request_bytes + bytes_per_token - 1) / bytes_per_token;
    usage.counts.output = (content_bytes + bytes_per_token - 1) / bytes_per_token;
    return usage;
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
    scrub(exchange);
    if (exchange.attempts.empty()) {
        row.cost.nano = 0;
    } else {
        auto& attempt = exchange.attempts.back();
        const Provider* provider = nullptr;
        for (const auto& candidate : exchange.snapshot->providers) {
            if (candidate.name == attempt.provider) { provider = &candidate; }
        }
        auto billed = provider != nullptr ? bill(exchange, *provider, attempt.model, outcome, facts) : Billed{};
        attempt.duration_ms = exchange.services.clock.now_ms() - attempt.started_ms;
        attempt.ending = outcome.ending;
        attempt.error_class = row.error_class;
        attempt.error_message = row.error_message;
        attempt.served_model = row.served_model;
        attempt.usage = billed.usage;
        attempt.cost = billed.cost;
        // With one attempt the call's bill is the attempt's. Several attempts are summed where they are made.
        row.usage = std::move(billed.usage);
        row.cost = std::move(billed.cost);
    }
    exchange.services.ledger.record(CallRecord{row, exchange.attempts});
    close_policies(policies(), exchange.policies_ran, exchange);
}

}  // namespace llmgw
