#include "core/gateway/keyring.hpp"

#include "core/telemetry/redact.hpp"

namespace llmgw {

Result<std::string> KeyRing::key_of(const Provider& provider) const {
    if (provider.api_key.empty() || provider.passthrough()) { return std::string(); }
    std::uint64_t seen = 0;
    {
        const std::lock_guard lock(mutex_);
        seen = changes_;
        if (const auto known = keys_.find(provider.name); known != keys_.end()) { return known->second; }
    }
    // Outside the lock: a keychain or a command may take its time.
    auto key = resolver_.resolve(provider.api_key, origin_of(provider.base_url));
    if (!key) {
        return fail(ErrorKind::credential,
                    "no usable key for provider \"" + provider.name + "\": " + key.error().message);
    }
    register_secret(*key);
    const std::lock_guard lock(mutex_);
    if (seen == changes_) { keys_.insert_or_assign(provider.name, *key); }
    return key;
}

void KeyRing::forget(const std::string& provider_name) const {
    const std::lock_guard lock(mutex_);
    ++changes_;
    keys_.erase(provider_name);
}

void KeyRing::forget_all() const {
    const std::lock_guard lock(mutex_);
    ++changes_;
    keys_.clear();
}

}  // namespace llmgw
