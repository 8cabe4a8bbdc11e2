// The providers' keys in memory, read from where they live at first use and kept until a reload, until the provider
// refuses them, or until somebody has changed the keychain.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "core/provider/provider.hpp"
#include "core/secrets/secrets.hpp"
#include "core/util/result.hpp"

namespace llmgw {

class KeyRing {
public:
    explicit KeyRing(const SecretResolver& resolver) : resolver_(resolver) {}

    // The key of a provider, "" when it needs none. Error: credential, saying what to do.
    Result<std::string> key_of(const Provider& provider) const;
    // The provider did not accept its key: read it again next time.
    void forget(const std::string& provider_name) const;
    // Keys have changed where they live: read all of them again.
    void forget_all() const;

private:
    const SecretResolver& resolver_;
    mutable std::mutex mutex_;
    mutable std::map<std::string, std::string> keys_;
    mutable std::uint64_t changes_ = 0;  // a key whose reading began before the last one is not kept
};

}  // namespace llmgw
