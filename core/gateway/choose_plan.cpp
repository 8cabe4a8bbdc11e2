#include "core/gateway/choose_plan.hpp"

#include <functional>
#include <random>

#include "core/route/make_plan.hpp"
#include "core/route/mistyped.hpp"
#include "core/route/rules.hpp"
#include "core/telemetry/log.hpp"

namespace llmgw {
namespace {

std::uint64_t chance() {
    thread_local std::mt19937_64 engine{std::random_device{}()};
    return engine();
}

CallFacts facts_of(const Exchange& exchange, std::string_view model) {
    const auto& row = exchange.row;
    CallFacts facts;
    facts.model = model;
    facts.feature = row.feature;
    facts.client_key = row.client_key;
    facts.user = row.user;
    facts.metadata = row.metadata;
    facts.agent = row.agent;
    facts.headers = &exchange.request.headers;
    facts.dialect = exchange.body_dialect;
    facts.conversation = exchange.endpoint.conversation();
    facts.body = exchange.body;
    facts.max_tokens = exchange.peek.max_tokens;
    return facts;
}

bool goes_by_session(const Route& route) {
    return route.sticky || route.strategy == Strategy::cheapest;
}

// The log's session id is in a header; what stands for it in a body is looked at only here.
void find_session(Exchange& exchange, const Route& route, Circumstances& now) {
    if (!goes_by_session(route) || !exchange.endpoint.translatable()) { return; }
    const auto& row = exchange.row;
    const auto& session = row.session_id.empty() ? now.facts->of_body().session : row.session_id;
    if (session.empty()) { return; }
    exchange.session_key = SessionTargets::key_of(route.name, row.client_key, session);
    now.session = exchange.services.sessions.find(exchange.session_key);
    if (route.sticky) { now.session_hash = std::hash<std::string>{}(exchange.session_key) | 1; }
    // Counting warms no cache.
    if (!exchange.endpoint.conversation()) { exchange.session_key.clear(); }
}

PlanInput input_of(const Exchange& exchange, const CallFacts& facts) {
    const auto& snapshot = *exchange.snapshot;
    const auto& endpoint = exchange.endpoint;
    PlanInput input{.dialect = exchange.body_dialect,
                    .translatable = endpoint.translatable() ? Translatable::yes : Translatable::no,
                    .providers = snapshot.providers,
                    .catalogue = &snapshot.routes.catalogue()};
    input.has_key = [&snapshot](const Provider& provider) { return snapshot.keys->has_key(provider); };
    input.now.facts = &facts;
    input.now.health = &exchange.services.health;
    input.now.prices = &exchange.services.prices;
    input.now.seed = chance();
    input.now.now_ms = exchange.row.started_ms;
    return input;
}

Plan plan_of_one(Target target) {
    Plan plan;
    plan.targets.push_back({std::move(target), {}});
    return plan;
}

Result<Plan> plan_named(Exchange& exchange, std::string_view model) {
    const auto& snapshot = *exchange.snapshot;
    const auto& routes = snapshot.routes;
    auto facts = facts_of(exchange, model);
    if (!routes.rules().empty()) { facts.local_hour = local_hour(exchange.row.started_ms); }
    const auto way = find_way(routes, facts);
    if (way.route == nullptr && !routes.has_equals()) {
        const auto translatable = exchange.endpoint.translatable() ? Translatable::yes : Translatable::no;
        auto target = resolve_model(model, exchange.body_dialect, snapshot.providers, translatable);
        if (!target) {
            return std::unexpected(with_nearest(std::move(target.error()), model, routes, snapshot.providers));
        }
        if (auto spelled = check_spelling(model, *target, routes, snapshot.providers, &exchange.services.prices);
            !spelled) {
            return std::unexpected(std::move(spelled.error()));
        }
        return plan_of_one(std::move(*target));
    }
    auto input = input_of(exchange, facts);
    if (way.route != nullptr) {
        find_session(exchange, *way.route, input.now);
        return plan_route(*way.route, input);
    }
    return plan_model(routes, input, model);
}

}  // namespace

Result<Plan> choose_plan(Exchange& exchange) {
    const auto& snapshot = *exchange.snapshot;
    const auto& endpoint = exchange.endpoint;
    auto& row = exchange.row;
    exchange.body_dialect = endpoint.dialect;
    if (endpoint.model_in_path) {
        row.requested_model = endpoint.path_model;
        row.stream = endpoint.stream_by_path;
        return plan_named(exchange, endpoint.path_model);
    }
    if (endpoint.model_in_body()) {
        auto peek = peek_body(exchange.body);
        if (!peek) { return std::unexpected(peek.error()); }
        exchange.peek = std::move(*peek);
        row.requested_model = exchange.peek.model.value_or("");
        row.stream = exchange.peek.stream;
        if (endpoint.operation == Operation::chat && !exchange.peek.messages) {
            exchange.body_dialect = exchange.dialect().codec()->written_in(exchange.body).value_or(endpoint.dialect);
        }
        return plan_named(exchange, row.requested_model);
    }
    auto target = resolve_default(endpoint.dialect, snapshot.providers, snapshot.config.server.v1_provider);
    if (!target) { return std::unexpected(target.error()); }
    return plan_of_one(std::move(*target));
}

void remember_session(Exchange& exchange) noexcept {
    if (exchange.session_key.empty() || exchange.attempts.empty() || exchange.row.ending != Ending::done) { return; }
    try {
        const auto& served = exchange.attempts.back();
        exchange.services.sessions.remember(
            exchange.session_key,
            {served.provider, served.model, served.usage.counts.prompt_total(), exchange.services.clock.now_ms()});
    } catch (const std::exception& error) {
        log_warn("a session's target is not remembered", {{"call", exchange.call_id()}, {"why", error.what()}});
    }
}

}  // namespace llmgw
