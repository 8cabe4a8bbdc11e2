// The gateway put together: configuration, providers, keys, ledger, transport. Used by serve, ask and demo.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/config/config.hpp"
#include "core/gateway/gateway.hpp"
#include "core/net/transport.hpp"
#include "core/route/health.hpp"
#include "core/secrets/secrets.hpp"
#include "core/usage/ledger.hpp"
#include "core/usage/prices.hpp"
#include "core/util/clock.hpp"
#include "core/util/result.hpp"
#include "providers/prices/user_table.hpp"

namespace llmgw {

class Runtime {
public:
    // `self`: the llmgw binary, for the keychain's child process.
    Runtime(const std::string& self, const std::string& data_dir, const LogConfig& log);
    ~Runtime();

    // Providers and keys of a configuration, ready to be served. Warnings go to the process log. The first one's price
    // file is the one that is used until the end.
    // Errors: config.
    Result<std::shared_ptr<const Snapshot>> make_snapshot(Config config, std::vector<AllowedKey> client_keys);

    // Streams may survive their clients, kept below the data directory. Before start().
    void keep_streams();
    // Readable while none runs; only after keep_streams().
    int streams_idle_fd() const;
    // Ends those that run, and waits a moment for what they say about it.
    void end_streams();
    // Removes those that are too old.
    void clean_up_streams();
    // `ledger` takes the calls instead of the runtime's own, for who wants to see them pass; it outlives the gateway.
    void start(std::shared_ptr<const Snapshot> snapshot, Ledger* ledger = nullptr);
    Gateway& gateway() { return *gateway_; }
    UsageLedger& ledger() { return *ledger_; }
    Keychain& keychain() { return *keychain_; }

private:
    struct Kept;

    const std::string data_dir_;
    SystemClock clock_;
    std::unique_ptr<Keychain> keychain_;
    SecretResolver resolver_;
    PriceTable price_table_;
    Prices prices_;
    TurnStore turns_{clock_};
    Health health_{clock_};
    SessionTargets sessions_;
    std::unique_ptr<Transport> transport_;
    std::unique_ptr<UsageLedger> ledger_;
    std::unique_ptr<Gateway> gateway_;
    std::unique_ptr<Kept> kept_;  // last: what is driven uses all of the above
};

}  // namespace llmgw
