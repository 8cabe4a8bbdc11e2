#include "cli/runtime.hpp"

#include "cli/setup.hpp"
#include "cli/start_options.hpp"
#include "core/net/http_transport.hpp"
#include "core/net/stream_driver.hpp"
#include "core/provider/resolve.hpp"
#include "core/replay/replay_store.hpp"
#include "core/telemetry/log.hpp"
#include "providers/catalogue.hpp"
#include "providers/models/table.hpp"
#include "providers/registry.hpp"

namespace llmgw {
namespace {

constexpr std::chrono::seconds keychain_limit{5};
constexpr std::chrono::seconds end_limit{5};

}  // namespace

struct Runtime::Kept {
    Kept(const Clock& clock, const std::string& data_dir) : replays(clock, data_dir + "/streams") {}

    ReplayStore replays;
    StreamDriver driver;
    Survival survival{replays, driver};
};

Runtime::Runtime(const std::string& self, const std::string& data_dir, const LogConfig& log)
    : data_dir_(data_dir),
      keychain_(make_system_keychain(self, keychain_limit)),
      resolver_(keychain_.get()),
      prices_(price_table_.lines()),
      transport_(make_http_transport()),
      ledger_(make_ledger(ledger_options(data_dir, log), clock_, [](const std::string& why) { log_warn(why); })) {}

Runtime::~Runtime() = default;

Result<std::shared_ptr<const Snapshot>> Runtime::make_snapshot(Config config, std::vector<AllowedKey> client_keys) {
    auto resolved = resolve_providers(config, catalogue(), process_env);
    if (!resolved.ok()) { return fail(ErrorKind::config, resolved.errors()); }
    // A running gateway keeps its prices: calls in flight look at them.
    if (!gateway_) {
        auto prices = PriceTable::load(config.prices.file);
        if (!prices) { return std::unexpected(prices.error()); }
        price_table_ = std::move(*prices);
        prices_ = Prices(price_table_.lines());
    }
    for (const auto& finding : resolved.findings) {
        log_warn(finding.message);
    }
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->config = std::move(config);
    snapshot->providers = std::move(resolved.providers);
    auto routes = RouteTable::make(snapshot->config, snapshot->providers, ModelCatalogue(builtin_models()));
    if (!routes) { return std::unexpected(routes.error()); }
    snapshot->routes = std::move(*routes);
    snapshot->client_keys = std::move(client_keys);
    snapshot->keys = std::make_unique<KeyRing>(resolver_, transport_.get(), clock_);
    return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

void Runtime::keep_streams() {
    kept_ = std::make_unique<Kept>(clock_, data_dir_);
}

int Runtime::streams_idle_fd() const {
    return kept_->driver.idle_fd();
}

void Runtime::end_streams() {
    kept_->driver.abort();
    kept_->driver.wait(end_limit);
}

void Runtime::clean_up_streams() {
    if (kept_) { kept_->replays.clean_up(replay_limits(gateway_->snapshot()->config.streams)); }
}

void Runtime::start(std::shared_ptr<const Snapshot> snapshot, Ledger* ledger) {
    auto& used = ledger != nullptr ? *ledger : static_cast<Ledger&>(*ledger_);
    gateway_ = std::make_unique<Gateway>(Services{clock_, used, *transport_, dialects(), prices_, turns_, health_,
                                                  sessions_, kept_ ? &kept_->survival : nullptr},
                                         std::move(snapshot));
}

}  // namespace llmgw
