#include "core/gateway/keyring.hpp"

#include <exception>
#include <limits>

#include "core/provider/credential.hpp"
#include "core/telemetry/log.hpp"
#include "core/telemetry/redact.hpp"

namespace llmgw {
namespace {

// A token that ends sooner is not sent: a call takes its time to arrive. Longer would ask in vain, because the
// command line tools of the clouds hand out the token they have until its last minutes.
constexpr std::int64_t token_left_ms_min = 60'000;
// A renewal that failed is tried again after this, as long as the token at hand is good.
constexpr std::int64_t renew_again_ms = 10'000;

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

}  // namespace

KeyRing::KeyRing(const SecretResolver& resolver) : KeyRing(resolver, nullptr, system_clock()) {}

Result<std::string> KeyRing::key_of(const Provider& provider) const {
    if (provider.api_key.empty() || provider.passthrough()) { return std::string(); }
    std::unique_lock lock(mutex_);
    if (const auto known = keys_.find(provider.name);
        known != keys_.end() && clock_.now_ms() < known->second.renew_ms) {
        return known->second.text;
    }
    if (const auto running = running_.find(provider.name);
        running != running_.end() && running->second->changes == changes_) {
        const auto reading = running->second;
        ++waiting_;
        read_.wait(lock, [&] { return reading->result.has_value(); });
        --waiting_;
        return *reading->result;
    }
    const auto reading = std::make_shared<Reading>();
    reading->changes = changes_;
    running_.insert_or_assign(provider.name, reading);
    // Outside the lock: a keychain, a command or a token server may take its time.
    lock.unlock();
    Result<Credential> got = fail(ErrorKind::internal, "reading the key failed");
    try {
        got = obtain_credential(provider, {.resolver = resolver_, .transport = transport_, .clock = clock_});
    } catch (const std::exception& error) {  // who waits for it must be told in any case
        got = fail(ErrorKind::internal, error.what());
    }
    lock.lock();
    reading->result = keep(provider.name, std::move(got), reading->changes == changes_);
    if (const auto running = running_.find(provider.name); running != running_.end() && running->second == reading) {
        running_.erase(running);
    }
    read_.notify_all();
    return *reading->result;
}

// Called with the lock held.
Result<std::string> KeyRing::keep(const std::string& name, Result<Credential> got, bool current) const {
    const auto now = clock_.now_ms();
    if (!got) {
        const auto known = keys_.find(name);
        if (known != keys_.end() && now < known->second.ends_ms) {
            log_warn("a token could not be renewed; the one at hand is used while it is good",
                     {{"provider", name}, {"why", redact(got.error().message)}});
            known->second.renew_ms = now + renew_again_ms;
            return known->second.text;
        }
        return fail(ErrorKind::credential, "no usable key for provider \"" + name + "\": " + got.error().message);
    }
    constexpr auto never = std::numeric_limits<std::int64_t>::max();
    if (current) {
        keys_.insert_or_assign(name, Kept{got->text, got->expires_ms ? *got->expires_ms - token_left_ms_min : never,
                                          got->expires_ms.value_or(never)});
    }
    return std::move(got->text);
}

int KeyRing::waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_;
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
