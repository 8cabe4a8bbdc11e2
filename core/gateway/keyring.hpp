// The providers' keys in memory, read from where they live at first use and kept until a reload, until the provider
// refuses them, or until somebody has changed the keychain; tokens until shortly before they end. None is ever written
// anywhere. Of a provider's several keys the calls take turns (core/gateway/key_turns.hpp).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/gateway/key_turns.hpp"
#include "core/net/transport.hpp"
#include "core/provider/host.hpp"
#include "core/provider/provider.hpp"
#include "core/secrets/secrets.hpp"
#include "core/util/clock.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// A key and what it is called where people read it. The name says where the key lives and is no secret.
struct ProviderKey {
    std::string name;   // "env:WORK_KEY", "keychain:work", ...; "" when the provider needs no key
    std::string value;  // "" when the provider needs none
};

class KeyRing {
public:
    // `transport`: null where no provider's token has to be asked for. All outlive this.
    explicit KeyRing(const SecretResolver& resolver);
    KeyRing(const SecretResolver& resolver, Transport* transport, const Clock& clock)
        : resolver_(resolver), transport_(transport), clock_(clock), turns_(clock) {}

    // What goes with the next call to a provider. `session`: its calls get the same key while that one is good, because
    // a prompt cache belongs to the key's account; "" takes turns. Where no key is good one is tried all the same.
    // Error: credential, saying what to do.
    Result<ProviderKey> take(const Provider& provider, std::string_view session = {}) const;
    // What a provider answered to a request with that key: see KeyTurns::report(). A refused key is read again when it
    // is taken next, though not more often than every `read_again` for refusals. `value`: the key that was sent, ""
    // when that is not known; for one that has been replaced since, the one that is kept now is not read again. Returns
    // whether another key is good: then the request is worth sending again at once.
    bool report(const Provider& provider, const std::string& key_name, int status,
                std::optional<std::chrono::milliseconds> retry_after = std::nullopt, std::string_view value = {}) const;

    // A key that is good without taking a turn, "" when the provider needs nothing. One that cannot be read gives way
    // to the others. A token is renewed before it ends; who asks while that runs waits for it and gets the same. Error:
    // credential, saying what to do.
    Result<std::string> key_of(const Provider& provider) const;
    // Whether key_of() has something to give; that it has not is believed for a minute.
    bool has_key(const Provider& provider) const;
    // The provider did not accept its key: read its keys again next time.
    void forget(const std::string& provider_name) const;
    // Keys have changed where they live: read all of them again, and none is set aside.
    void forget_all() const;
    // How many calls of key_of() wait for another one's reading right now.
    int waiting() const;

    // Of those providers that have a key which is not good, by name.
    std::vector<KeyTurns::State> troubled() const { return turns_.troubled(); }

    // A key that is wrong where it lives is not read again for each call that it is refused for.
    static constexpr std::chrono::seconds read_again{5};

private:
    struct Kept {
        std::string text;
        std::int64_t renew_ms = 0;  // to be got again from then on
        std::int64_t ends_ms = 0;
    };
    struct Reading {
        std::uint64_t changes = 0;                  // the entry's when it began
        std::optional<Result<std::string>> result;  // once it is over
    };
    struct Entry {
        std::optional<Kept> kept;
        std::shared_ptr<Reading> running;
        std::uint64_t changes = 0;    // a key whose reading began before the last one is not kept
        std::int64_t no_drop_us = 0;  // until then a refusal does not make it be read again
    };
    // Called with the lock held.
    static void drop(Entry& entry) {
        ++entry.changes;
        entry.kept.reset();
    }
    // The key number `index` of the provider. Its entry's name is `entry_name()`.
    Result<std::string> read(const Provider& provider, std::size_t index) const;
    Result<std::string> keep(const std::string& provider_name, Entry& entry, Result<Credential> got,
                             bool current) const;

    const SecretResolver& resolver_;
    Transport* transport_ = nullptr;
    const Clock& clock_;
    mutable std::mutex mutex_;
    mutable std::condition_variable read_;
    mutable std::map<std::string, Entry> entries_;  // none is ever removed
    mutable int waiting_ = 0;
    mutable std::map<std::string, std::int64_t> without_key_ms_;  // until when has_key() need not look again
    mutable KeyTurns turns_;
};

}  // namespace llmgw
