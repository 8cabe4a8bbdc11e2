#include "core/gateway/dispatch.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "core/gateway/attempt.hpp"
#include "core/gateway/count_tokens.hpp"
#include "core/gateway/settle.hpp"
#include "core/net/pause.hpp"
#include "core/route/retry.hpp"
#include "core/telemetry/log.hpp"
#include "core/telemetry/redact.hpp"

namespace llmgw {
namespace {

struct KindRow {
    ErrorKind kind;
    int status;
    ErrorClass told;
    ErrorClass logged;
    Ending ending;
};

// How an error of llmgw's own is told to the client and to the log.
constexpr std::array<KindRow, 13> kinds{{
    {ErrorKind::bad_request, 400, ErrorClass::bad_request, ErrorClass::bad_request, Ending::refused},
    {ErrorKind::unknown_turn, 400, ErrorClass::unknown_turn, ErrorClass::unknown_turn, Ending::refused},
    {ErrorKind::unauthorized, 401, ErrorClass::authentication, ErrorClass::authentication, Ending::refused},
    {ErrorKind::forbidden, 403, ErrorClass::permission, ErrorClass::permission, Ending::refused},
    {ErrorKind::not_found, 404, ErrorClass::not_found, ErrorClass::not_found, Ending::refused},
    {ErrorKind::too_large, 413, ErrorClass::too_large, ErrorClass::too_large, Ending::refused},
    // The provider's key is the operator's business, and asking again brings none: 401 would make agents think that
    // their own is bad, and what looks like an outage is tried again for minutes. A provider that refuses the key is a
    // 403 too.
    {ErrorKind::credential, 403, ErrorClass::permission, ErrorClass::authentication, Ending::refused},
    // llmgw stops. Clients take it for a passing trouble and come back; the log knows better.
    {ErrorKind::unavailable, 503, ErrorClass::overloaded, ErrorClass::cancelled, Ending::cancelled},
    {ErrorKind::connect, 502, ErrorClass::connect, ErrorClass::connect, Ending::failed},
    {ErrorKind::timeout, 504, ErrorClass::timeout, ErrorClass::timeout, Ending::failed},
    {ErrorKind::upstream, 502, ErrorClass::truncated, ErrorClass::truncated, Ending::failed},
    {ErrorKind::cancelled, 499, ErrorClass::cancelled, ErrorClass::cancelled, Ending::cancelled},
    {ErrorKind::internal, 500, ErrorClass::server, ErrorClass::server, Ending::failed},
}};

const KindRow& row_of(ErrorKind kind) {
    for (const auto& row : kinds) {
        if (row.kind == kind) { return row; }
    }
    return kinds.back();
}

// A target that asks for more rest than this is asked again all the same.
constexpr std::chrono::milliseconds longest_rest = std::chrono::hours(1);

// Agents and the official SDKs do: asking the same target again for them would multiply their attempts with ours (T20).
bool retries_by_itself(const Exchange& exchange) {
    const auto& headers = exchange.request.headers;
    return !exchange.row.agent.empty() || !find_header(headers, "x-stainless-retry-count").empty() ||
           find_header(headers, "user-agent").contains("ai-sdk/");
}

HttpReply give_up(Exchange& exchange, const Error& error) {
    const auto& row = row_of(error.kind);
    log_warn("call failed",
             {{"call", exchange.call_id()}, {"provider", exchange.row.provider}, {"why", error.message}});
    settle(exchange, {row.ending, error.kind == ErrorKind::cancelled ? 0 : row.status, row.logged, error.message},
           nullptr);
    auto reply = error_reply(exchange, to_api_error(error, exchange.call_id()));
    reply.headers.emplace_back("x-llmgw-attempts", std::to_string(exchange.attempts.size()));
    if (error.kind == ErrorKind::credential) { reply.headers.emplace_back("x-should-retry", "false"); }
    return reply;
}

RetryPolicy policy_of(const Exchange& exchange) {
    const auto& config = exchange.snapshot->config.retries;
    RetryPolicy policy;
    const auto& endpoint = exchange.endpoint;
    // What llmgw does not know may have effects; asking twice could have them twice.
    const bool harmless = endpoint.operation != Operation::other || exchange.request.method == "GET";
    policy.attempts_max = harmless ? static_cast<int>(config.max) + 1 : 1;
    policy.same_target =
        config.same_target == "always" || (config.same_target == "auto" && !retries_by_itself(exchange));
    policy.backoff = std::chrono::milliseconds(config.backoff_ms);
    policy.backoff_max = std::chrono::milliseconds(config.backoff_max_ms);
    policy.retry_after_max = std::chrono::seconds(config.retry_after_max_s);
    return policy;
}

// The plan's targets in the order they are tried: those whose breaker lets them, then the others, since an answer that
// is not likely is better than none.
class Order {
public:
    Order(Exchange& exchange, const Plan& plan) : exchange_(exchange), plan_(plan), tried_(plan.targets.size()) {}

    bool more() const { return left_ > 0; }
    // Null when each has been tried.
    const PlannedTarget* next() {
        if (!more()) { return nullptr; }
        // With nothing to choose from there is nothing to ask the breaker for.
        for (std::size_t i = 0; i < tried_.size() && left_ > 1; ++i) {
            if (!tried_[i] && admitted(plan_.targets[i].target)) { return take(i); }
        }
        return take(static_cast<std::size_t>(std::ranges::find(tried_, false) - tried_.begin()));
    }

private:
    bool admitted(const Target& target) const {
        const auto& config = exchange_.snapshot->config.breaker;
        const BreakerPolicy policy{config.failures, std::chrono::seconds(config.open_s)};
        if (exchange_.services.health.admit(target.provider->name, target.model, policy) != Health::Admission::no) {
            return true;
        }
        log_debug("left alone", {{"call", exchange_.call_id()},
                                 {"provider", target.provider->name},
                                 {"model", target.model},
                                 {"why", "its breaker is open"}});
        return false;
    }
    const PlannedTarget* take(std::size_t index) {
        tried_[index] = true;
        --left_;
        return &plan_.targets[index];
    }

    Exchange& exchange_;
    const Plan& plan_;
    std::vector<bool> tried_;
    std::size_t left_ = tried_.size();
};

Looking looking_for(const Exchange& exchange, const RetryPolicy& policy, const Order& order,
                    const PlannedTarget& planned, bool failed_before) {
    const auto& config = exchange.snapshot->config;
    Looking looking;
    looking.silence_max = planned.first_byte_timeout;
    looking.at_errors = failed_before;  // to choose between them
    looking.one_more = static_cast<int>(exchange.attempts.size()) + 1 < policy.attempts_max;
    if (!looking.one_more) { return looking; }
    looking.at_errors |= order.more() || policy.same_target;
    // A stream's beginning waits for its content, so only where something can be gained by it for certain.
    looking.at_beginning = order.more() || config.retries.same_target == "always";
    if (order.more() && exchange.row.stream && !looking.silence_max) {
        looking.silence_max = std::chrono::seconds(config.timeouts.failover_s);
    }
    return looking;
}

// How much an error tells the client. Nothing is as good as the provider's own word on the request, which ends the
// call anyway; an account's trouble at one provider says less than that another one is busy.
int use_of(const Attempted& attempted) {
    if (!attempted.answer) { return 0; }
    return asked_again(*attempted.failure) == Again::another ? 1 : 2;
}

void close(Exchange& exchange, const Attempted& attempted) {
    Outcome outcome{attempted.ending, attempted.failure->status, attempted.failure->error_class, attempted.message};
    close_attempt(exchange, outcome, &attempted.facts);
}

// A target that asks to be left alone is, by all calls that have another one.
void let_rest(Exchange& exchange, const Attempted& attempted) {
    const auto& failure = *attempted.failure;
    // With another key the target can be asked on: it was the key that was limited.
    if (failure.error_class != ErrorClass::rate_limit || !failure.retry_after || failure.other_key) { return; }
    const auto& target = attempted.target->target;
    // Counting has a limit of its own, and a client's own credential its own as well.
    if (!exchange.endpoint.billable() || target.provider->passthrough()) { return; }
    exchange.services.health.rest(target.provider->name, target.model, std::min(*failure.retry_after, longest_rest));
}

HttpReply answer_with(const std::shared_ptr<Exchange>& exchange, Attempted attempted) {
    const auto& target = attempted.target->target;
    // An earlier attempt's answer may have waited for this moment.
    exchange->row.provider = target.provider->name;
    exchange->row.provider_dialect = to_string(attempted.dialect);
    exchange->provider_dialect = attempted.dialect;
    exchange->provider = target.provider;
    exchange->target_model = target.model;
    exchange->translation = attempted.translation;
    auto& answer = *attempted.answer;
    answer.headers.emplace_back("x-llmgw-attempts", std::to_string(exchange->attempts.size()));
    const bool counting = exchange->endpoint.operation == Operation::count_tokens;
    return counting ? counted(exchange, std::move(answer), target) : pass_through(exchange, std::move(answer));
}

void log_failed(const Exchange& exchange, const Attempted& attempted, const NextStep& step) {
    const auto& target = attempted.target->target;
    log_info(step.what == NextStep::What::next_target ? "failing over" : "trying again",
             {{"call", exchange.call_id()},
              {"provider", target.provider->name},
              {"model", target.model},
              {"why", attempted.message},
              {"after_ms", std::to_string(step.wait.count())}});
}

double chance() {
    thread_local std::minstd_rand source{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(source);
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
    return ApiError{row.status, row.told, std::move(text), retry_after, call_id};
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
    const auto policy = policy_of(*exchange);
    exchange->strict_route = plan.strict ? plan.route : std::string();
    Order order(*exchange, plan);
    const auto* planned = order.next();
    std::optional<Attempted> best;  // of what failed
    for (int of_target = 1;; ++of_target) {
        auto tried = try_target(*exchange, *planned, looking_for(*exchange, policy, order, *planned, best.has_value()));
        if (!tried.failure) { return answer_with(exchange, std::move(tried)); }
        if (exchange->endpoint.operation == Operation::count_tokens && tried.error &&
            tried.error->kind == ErrorKind::not_found) {
            return estimated_count(*exchange, planned->target);
        }
        let_rest(*exchange, tried);
        const Standing standing{static_cast<int>(exchange->attempts.size()), of_target, order.more(),
                                exchange->time_left()};
        const auto step = next_step(policy, standing, *tried.failure, chance());
        if (step.what == NextStep::What::give_up) {
            const bool ended = tried.failure->error_class == ErrorClass::cancelled;
            if (best && !ended && use_of(*best) > use_of(tried) && asked_again(*tried.failure) != Again::nobody) {
                close(*exchange, tried);
                return answer_with(exchange, std::move(*best));
            }
            if (tried.answer) { return answer_with(exchange, std::move(tried)); }
            if (ended) { tried.ending = Ending::cancelled; }
            close(*exchange, tried);
            return give_up(*exchange, *tried.error);
        }
        log_failed(*exchange, tried, step);
        close(*exchange, tried);
        if (!best || use_of(tried) >= use_of(*best)) { best = std::move(tried); }
        if (step.what == NextStep::What::next_target) {
            planned = order.next();
            of_target = 0;
        } else if (auto waited = pause(exchange->watch, step.wait); !waited) {
            return give_up(*exchange, waited.error());
        }
    }
}

}  // namespace llmgw
