// The providers' keys in memory, read from where they live at first use and kept until a reload, until the provider
// refuses them, or until somebody has changed the keychain; tokens until shortly before they end. None is ever written
// anywhere.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/net/transport.hpp"
#include "core/provider/host.hpp"
#include "core/provider/provider.hpp"
#include "core/secrets/secrets.hpp"
#include "core/util/clock.hpp"
#include "core/util/result.hpp"

namespace llmgw {

class KeyRing {
public:
    // `transport`: null where no provider's token has to be asked for. All outlive this.
    explicit KeyRing(const SecretResolver& resolver);
    KeyRing(const SecretResolver& resolver, Transport* transport, const Clock& clock)
        : resolver_(resolver), transport_(transport), clock_(clock) {}

    // What goes with a provider's calls, "" when it needs nothing. A token is renewed before it ends; who asks while
    // that runs waits for it and gets the same. Error: credential, saying what to do.
    Result<std::string> key_of(const Provider& provider) const;
    // The provider did not accept its key: read it again next time.
    void forget(const std::string& provider_name) const;
    // Keys have changed where they live: read all of them again.
    void forget_all() const;
    // How many calls of key_of() wait for another one's reading right now.
    int waiting() const;

private:
    struct Kept {
        std::string text;
        std::int64_t renew_ms = 0;  // to be got again from then on
        std::int64_t ends_ms = 0;
    };
    struct Reading {
        std::uint64_t changes = 0;                  // when it began
        std::optional<Result<std::string>> result;  // once it is over
    };
    Result<std::string> keep(const std::string& name, Result<Credential> got, bool current) const;

    const SecretResolver& resolver_;
    Transport* transport_ = nullptr;
    const Clock& clock_;
    mutable std::mutex mutex_;
    mutable std::condition_variable read_;
    mutable std::map<std::string, Kept> keys_;
    mutable std::map<std::string, std::shared_ptr<Reading>> running_;
    mutable int waiting_ = 0;
    mutable std::uint64_t changes_ = 0;  // a key whose reading began before the last one is not kept
};

}  // namespace llmgw
