#include "core/gateway/gateway.hpp"

#include <array>

#include "core/gateway/choose_plan.hpp"
#include "core/gateway/dispatch.hpp"
#include "core/gateway/host_guard.hpp"
#include "core/gateway/metrics_text.hpp"
#include "core/gateway/models_reply.hpp"
#include "core/gateway/settle.hpp"
#include "core/gateway/surviving_call.hpp"
#include "core/gateway/websocket_calls.hpp"
#include "core/policy/auth.hpp"
#include "core/policy/feature.hpp"
#include "core/policy/policy.hpp"
#include "core/telemetry/log.hpp"
#include "core/telemetry/prometheus.hpp"
#include "core/util/id.hpp"
#include "core/util/json_writer.hpp"
#include "core/util/version.hpp"

namespace llmgw {
namespace {

HttpReply plain_reply(int status, std::string content_type, std::string body) {
    HttpReply reply;
    reply.status = status;
    reply.headers = {{"Content-Type", std::move(content_type)}};
    reply.body = std::move(body);
    return reply;
}

// Ready as long as it runs: a target that is down and a key that is not good are their providers' matter, but worth a
// word. Names of keys stay in the log.
std::string ready_text(const Health& health, const KeyRing& keys) {
    JsonWriter json;
    json.begin_object().member("status", "ok").member("version", version()).key("breakers").begin_array();
    for (const auto& target : health.all()) {
        if (target.state == BreakerState::closed) { continue; }
        json.begin_object().member("provider", target.provider).member("model", target.model);
        json.member("state", to_string(target.state)).member("open_left_ms", target.open_left_ms);
        json.member("open_since_ms", target.open_since_ms).end_object();
    }
    json.end_array();
    const auto troubled = keys.troubled();
    if (!troubled.empty()) { json.key("keys").begin_object(); }
    for (const auto& one : troubled) {
        json.key(one.provider).begin_object().member("good", one.good).member("resting", one.resting);
        json.member("set_aside", one.set_aside).end_object();
    }
    if (!troubled.empty()) { json.end_object(); }
    return json.end_object().take() + "\n";
}

HttpReply local_reply(const Endpoint& endpoint, const Health& health, const KeyRing& keys) {
    switch (endpoint.operation) {
        case Operation::hello: return plain_reply(200, "text/plain", "");
        case Operation::metrics:
            return plain_reply(200, std::string(MetricsWriter::content_type), metrics_text(health, keys));
        case Operation::ready: return plain_reply(200, "application/json", ready_text(health, keys));
        default: return plain_reply(200, "application/json", "{\"status\":\"ok\"}\n");
    }
}

bool is_upgrade(const Headers& headers) {
    return !find_header(headers, "upgrade").empty() && iequals(find_header(headers, "upgrade"), "websocket");
}

// Codex tries a WebSocket first and falls back to HTTP at once on this status, after six seconds on others.
HttpReply upgrade_refused(std::string_view why) {
    auto reply =
        plain_reply(426, "application/json",
                    "{\"error\":{\"message\":\"llmgw: " + std::string(why) +
                        "\",\"type\":\"invalid_request_error\",\"code\":\"upgrade_required\",\"param\":null}}");
    reply.headers.emplace_back("Upgrade", "HTTP/1.1");
    return reply;
}

HttpReply preflight(const std::string& origin) {
    HttpReply reply;
    reply.status = 204;
    reply.headers = {{"Access-Control-Allow-Origin", origin},
                     {"Access-Control-Allow-Methods", "GET, POST, DELETE, HEAD"},
                     {"Access-Control-Allow-Headers", "*, Authorization"},
                     {"Access-Control-Max-Age", "600"},
                     {"Vary", "Origin"}};
    return reply;
}

void allow_origin(HttpReply& reply, const std::string& origin) {
    if (origin.empty()) { return; }
    reply.headers.emplace_back("Access-Control-Allow-Origin", origin);
    reply.headers.emplace_back("Vary", "Origin");
}

// The path is none of llmgw's, or the method none of the path's.
HttpReply no_endpoint_reply(const Exchange& exchange, const HttpRequest& head, const Error& error) {
    auto told = to_api_error(error, exchange.call_id());
    if (error.kind != ErrorKind::not_found) { return error_reply(exchange, told); }
    told.error_class = ErrorClass::no_endpoint;
    const auto allowed = allowed_methods(head.target);
    if (allowed.empty()) { return error_reply(exchange, told); }
    told.status = 405;
    told.message = "llmgw: " + head.method + " is no method of this path; it takes " + allowed;
    auto reply = error_reply(exchange, told);
    reply.headers.emplace_back("Allow", allowed);
    return reply;
}

// Nothing is asked of a provider for it: it needs a client's key, and is no call.
HttpReply replay(Exchange& exchange) {
    const auto refused = auth_policy(exchange);
    return refused ? error_reply(exchange, *refused) : replay_reply(exchange);
}

// Refused before anything went upstream. A stranger's call leaves no row: the log is not a stranger's to fill.
HttpReply refuse(Exchange& exchange, const ApiError& error) {
    if (error.status != 401) {
        settle(exchange, {Ending::refused, error.status, error.error_class, error.message}, nullptr);
    }
    return error_reply(exchange, error);
}

HttpReply refuse(Exchange& exchange, const Error& error) {
    return refuse(exchange, to_api_error(error, exchange.call_id()));
}

}  // namespace

void Gateway::replace(std::shared_ptr<const Snapshot> snapshot) {
    const std::lock_guard lock(mutex_);
    snapshot_ = std::move(snapshot);
}

std::shared_ptr<const Snapshot> Gateway::snapshot() const {
    const std::lock_guard lock(mutex_);
    return snapshot_;
}

void Gateway::forget_keys() {
    snapshot()->keys->forget_all();
    models_.expire();
}

HttpReply Gateway::handle(HttpRequest head, const BodyReader& read_body, const Watch& watch) {
    auto exchange = std::make_shared<Exchange>(snapshot(), services_);
    const auto& config = exchange->snapshot->config;
    exchange->started_us = services_.clock.steady_us();
    exchange->watch = watch;
    exchange->row.started_ms = services_.clock.now_ms();
    exchange->row.call_id = make_id(services_.clock);

    if (const auto refused = check_host_and_origin(head.headers, config.server)) {
        return error_reply(*exchange, *refused);
    }
    const auto origin = allowed_origin(head.headers, config.server);
    if (head.method == "OPTIONS" && !origin.empty()) { return preflight(origin); }
    auto endpoint = match_endpoint(head.method, head.target, head.headers);
    if (!endpoint) { return no_endpoint_reply(*exchange, head, endpoint.error()); }
    if (is_upgrade(head.headers)) { return upgrade(exchange, std::move(head), *endpoint); }
    if (endpoint->local() && endpoint->operation != Operation::replay) {
        return local_reply(*endpoint, services_.health, *exchange->snapshot->keys);
    }

    exchange->request = std::move(head);
    exchange->endpoint = std::move(*endpoint);
    HttpReply reply;
    try {
        reply = exchange->endpoint.operation == Operation::replay ? replay(*exchange) : serve(exchange, read_body);
    } catch (const std::exception& error) {
        reply = refuse(*exchange, Error{ErrorKind::internal, std::string("internal failure: ") + error.what()});
    }
    allow_origin(reply, origin);
    return reply;
}

HttpReply Gateway::upgrade(const std::shared_ptr<Exchange>& exchange, HttpRequest head, const Endpoint& endpoint) {
    const auto& config = exchange->snapshot->config.server;
    const auto* codec = services_.dialects.get(DialectId::openai_responses).codec();
    if (!config.websocket || head.method != "GET" || endpoint.path != "/v1/responses" || codec == nullptr ||
        codec->turns() == nullptr) {
        return upgrade_refused("there is no WebSocket here; /v1/responses is served over HTTP");
    }
    if (!offers_websocket(head.headers)) { return upgrade_refused("this is no handshake of WebSocket version 13"); }
    exchange->endpoint = *match_endpoint("POST", head.target, head.headers);
    exchange->request = head;
    // Who, and what for: what every call on this connection would be refused for is said now. What counts calls is
    // asked by each of them.
    for (const auto policy : {&auth_policy, &feature_policy}) {
        if (const auto refused = policy(*exchange)) { return error_reply(*exchange, *refused); }
    }
    HttpReply reply;
    reply.status = 101;
    const auto body_bytes_max = static_cast<std::size_t>(config.max_body_mb) << 20;
    reply.websocket = [this, head = std::move(head), body_bytes_max](WebSocket& socket) {
        const RequestHandler answer = [this](HttpRequest posted, const BodyReader& read_body, const Watch& watch) {
            return handle(std::move(posted), read_body, watch);
        };
        const auto& dialect = services_.dialects.get(DialectId::openai_responses);
        WebSocketCalls(head, answer, dialect, services_.clock, body_bytes_max).serve(socket);
    };
    return reply;
}

HttpReply Gateway::serve(const std::shared_ptr<Exchange>& exchange, const BodyReader& read_body) {
    auto& row = exchange->row;
    row.operation = to_string(exchange->endpoint.operation);
    row.client_dialect = to_string(exchange->endpoint.dialect);
    if (const auto refused = run_policies(policies(), Stage::head, *exchange, exchange->policies_ran)) {
        return refuse(*exchange, *refused);
    }
    auto body = read_body();
    if (!body) { return refuse(*exchange, body.error()); }
    exchange->body = std::move(*body);
    row.request_bytes = static_cast<std::int64_t>(exchange->body.size());
    if (auto listed = models_reply(*exchange, models_)) { return std::move(*listed); }
    const auto plan = choose_plan(*exchange);
    if (!plan) { return refuse(*exchange, plan.error()); }
    if (const auto refused = run_policies(policies(), Stage::body, *exchange, exchange->policies_ran)) {
        return refuse(*exchange, *refused);
    }
    log_debug("call", {{"call", row.call_id},
                       {"operation", row.operation},
                       {"model", row.requested_model},
                       {"provider", plan->targets.front().target.provider->name},
                       {"feature", row.feature}});
    return survives(*exchange, *plan) ? surviving_reply(exchange, *plan) : dispatch(exchange, *plan);
}

}  // namespace llmgw
