#include "core/gateway/models_reply.hpp"

#include <algorithm>

#include "core/gateway/dispatch.hpp"
#include "core/gateway/header_rules.hpp"
#include "core/gateway/settle.hpp"
#include "core/route/resolve.hpp"
#include "core/util/url.hpp"

namespace llmgw {
namespace {

constexpr std::chrono::milliseconds wait_max{2'500};

// Where the path goes on behind the list; nullopt when it is no listing of a form llmgw knows.
std::optional<std::string> behind_list(const Endpoint& endpoint) {
    if (endpoint.operation != Operation::models) { return std::nullopt; }
    // Codex with a ChatGPT login wants a form of its own, which only its provider has.
    auto query = endpoint.query;
    if (take_query_value(query, "client_version")) { return std::nullopt; }
    const auto models = endpoint.path.find("/models");
    auto rest = endpoint.path.substr(models + std::string_view("/models").size());
    if (!rest.empty() && rest.front() != '/') { return std::nullopt; }
    // Long-running operations stand below their model.
    if (rest.find("/operations") != std::string::npos) { return std::nullopt; }
    return rest == "/" ? std::string() : rest;
}

ModelCache::Client client_of(const Exchange& exchange) {
    const auto& endpoint = exchange.endpoint;
    const auto& headers = exchange.request.headers;
    ModelCache::Client client{endpoint.dialect, own_credentials(headers, endpoint.query_key, exchange.client_key_used)};
    // A subscription's token is taken only together with this.
    if (const auto beta = find_header(headers, "anthropic-beta"); !client.credentials.empty() && !beta.empty()) {
        client.credentials.emplace_back("anthropic-beta", beta);
    }
    return client;
}

HttpReply whole(Exchange& exchange, std::string body) {
    HttpReply reply;
    reply.headers = {{"Content-Type", "application/json"}, {"x-llmgw-call-id", exchange.call_id()}};
    reply.body = std::move(body);
    exchange.row.response_bytes = static_cast<std::int64_t>(reply.body.size());
    settle(exchange, {Ending::done, reply.status, ErrorClass::none, {}}, nullptr);
    return reply;
}

HttpReply not_listed(Exchange& exchange, const std::string& message) {
    const auto error = to_api_error({ErrorKind::not_found, message}, exchange.call_id());
    settle(exchange, {Ending::refused, error.status, error.error_class, error.message}, nullptr);
    return error_reply(exchange, error);
}

// There is one page: what is asked for behind it is empty.
bool behind_first_page(const Endpoint& endpoint) {
    auto query = endpoint.query;
    return !take_query_value(query, "after_id").value_or("").empty() ||
           !take_query_value(query, "pageToken").value_or("").empty();
}

}  // namespace

std::optional<HttpReply> models_reply(Exchange& exchange, ModelCache& cache) {
    auto& endpoint = exchange.endpoint;
    const auto behind = behind_list(endpoint);
    if (!behind) { return std::nullopt; }
    const auto& providers = exchange.snapshot->providers;
    const auto& prices = exchange.services.prices;
    const auto known = cache.known(exchange.snapshot, client_of(exchange), wait_max);
    if (behind->empty()) {
        auto entries = merge_models(known, providers, endpoint.dialect, exchange.row.agent == "claude-code",
                                    exchange.snapshot->routes.routes());
        if (behind_first_page(endpoint)) { entries.clear(); }
        return whole(exchange, encode_model_list(endpoint.dialect, entries, prices));
    }

    const auto id = percent_decode(behind->substr(1)).value_or("");
    exchange.row.requested_model = id;
    if (const auto* route = exchange.snapshot->routes.find(id)) {
        auto entry = merge_models({}, providers, endpoint.dialect, false, {route, 1}).front();
        entry.id = id;
        return whole(exchange, encode_model(endpoint.dialect, entry, prices));
    }
    const auto target = resolve_model(id, endpoint.dialect, providers, Translatable::yes);
    if (!target) { return not_listed(exchange, target.error().message); }
    auto entries = merge_models(known, providers, endpoint.dialect, false);
    const auto found = std::ranges::find_if(entries, [&](const ModelEntry& entry) {
        return entry.provider == target->provider && entry.model.name == target->model;
    });
    if (found != entries.end()) {
        found->id = id;
        return whole(exchange, encode_model(endpoint.dialect, *found, prices));
    }
    if (!target->provider->speaks(endpoint.dialect)) {
        return not_listed(
            exchange, "llmgw: provider \"" + target->provider->name + "\" lists no model \"" + target->model + "\"");
    }
    // An alias, perhaps: the provider's own answer tells.
    endpoint.model_in_path = true;
    endpoint.before_model = endpoint.path.substr(0, endpoint.path.size() - behind->size() + 1);
    endpoint.path_model = id;
    endpoint.after_model.clear();
    return std::nullopt;
}

}  // namespace llmgw
