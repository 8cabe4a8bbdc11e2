#include "cli/ask/dry_run.hpp"

#include <nlohmann/json.hpp>

#include "cli/ask/answer_text.hpp"
#include "core/gateway/gateway.hpp"
#include "core/secrets/secrets.hpp"
#include "providers/models/table.hpp"
#include "providers/prices/table.hpp"
#include "providers/registry.hpp"

namespace llmgw {
namespace {

using nlohmann::ordered_json;

class Nowhere final : public Ledger {
public:
    void record(CallRecord record) override { row = std::move(record.call); }
    CallRow row;
};

class Showcase final : public Transport {
public:
    Result<std::unique_ptr<UpstreamResponse>> open(const UpstreamRequest& request, const Watch&) override {
        seen = true;
        method = request.method;
        url = request.url;
        headers = request.headers;
        body = request.body;
        return fail(ErrorKind::unavailable, "a dry run sends nothing");
    }
    bool seen = false;
    std::string method;
    std::string url;
    Headers headers;
    std::string body;
};

}  // namespace

Result<DryRun> dry_run(Config config, std::vector<Provider> providers, const HttpRequest& request) {
    const SystemClock clock;
    Nowhere ledger;
    Showcase transport;
    const Prices prices(builtin_prices());
    const SecretResolver no_secrets(nullptr);
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->config = std::move(config);
    snapshot->config.server.require_key = false;  // nobody else can reach a gateway inside this process
    snapshot->providers = std::move(providers);
    for (auto& provider : snapshot->providers) {
        provider.api_keys.clear();
        provider.api_key.clear();  // needs none: what is never read cannot be shown
    }
    auto routes = RouteTable::make(snapshot->config, snapshot->providers, ModelCatalogue(builtin_models()));
    if (!routes) { return std::unexpected(routes.error()); }
    snapshot->routes = std::move(*routes);
    snapshot->keys = std::make_unique<KeyRing>(no_secrets);
    TurnStore turns(clock);
    Health health(clock);
    SessionTargets sessions;
    Gateway gateway(Services{clock, ledger, transport, dialects(), prices, turns, health, sessions}, snapshot);
    const auto reply = gateway.handle(
        request, [&] { return Result<std::string>(request.body); }, Watch{});
    if (!transport.seen) { return fail(ErrorKind::usage, error_text(reply.body)); }
    return DryRun{transport.method,          request.target, transport.url,
                  transport.headers,         transport.body, ledger.row.provider,
                  ledger.row.requested_model};
}

std::string dry_run_text(const DryRun& run) {
    std::string text = run.method + " " + run.path + "\nurl: " + run.url + "\n";
    for (const auto& [name, value] : run.headers) {
        text += name + ": " + value + "\n";
    }
    return text + "\n" + ordered_json::parse(run.body).dump(2, ' ', false, ordered_json::error_handler_t::replace) +
           "\n";
}

std::string dry_run_json(const DryRun& run) {
    ordered_json object;
    object["method"] = run.method;
    object["path"] = run.path;
    object["url"] = run.url;
    object["provider"] = run.provider;
    object["model"] = run.model;
    object["headers"] = ordered_json::object();
    for (const auto& [name, value] : run.headers) {
        object["headers"][name] = value;
    }
    object["body"] = ordered_json::parse(run.body);
    return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace llmgw
