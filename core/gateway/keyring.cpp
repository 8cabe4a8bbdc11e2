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

// For has_key().
constexpr std::int64_t look_again_ms = 60'000;

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

bool keyless(const Provider& provider) {
    return provider.api_key.empty() || provider.passthrough();
}

// Names of providers hold no NUL, so that all of a provider's entries follow each other.
std::string entry_name(const Provider& provider, std::size_t index) {
    return index == 0 ? provider.name : provider.name + '\0' + std::to_string(index);
}

}  // namespace

KeyRing::KeyRing(const SecretResolver& resolver) : KeyRing(resolver, nullptr, system_clock()) {}

Result<ProviderKey> KeyRing::take(const Provider& provider, std::string_view session) const {
    if (keyless(provider)) { return ProviderKey{}; }
    const auto count = provider.key_references().size();
    std::optional<Error> error;
    for (std::size_t tries = 0; tries < count; ++tries) {
        auto turn = turns_.take(provider, session);
        auto value = read(provider, turn.index);
        if (value) { return ProviderKey{std::move(turn.name), std::move(*value)}; }
        if (count > 1) { turns_.unreadable(provider, turn.index, value.error().message); }
        if (!error) { error = std::move(value.error()); }
    }
    return std::unexpected(std::move(*error));
}

bool KeyRing::report(const Provider& provider, const std::string& key_name, int status,
                     std::optional<std::chrono::milliseconds> retry_after, std::string_view value) const {
    if (keyless(provider)) { return false; }
    const auto told = turns_.report(provider, key_name, status, retry_after);
    if (!told.refused) { return told.another; }
    const std::lock_guard lock(mutex_);
    auto& entry = entries_[entry_name(provider, told.index)];
    const bool same = value.empty() || (entry.kept && entry.kept->text == value);
    const auto now_us = clock_.steady_us();
    if (same && now_us >= entry.no_drop_us) {
        drop(entry);
        entry.no_drop_us = now_us + std::chrono::microseconds(read_again).count();
    }
    return told.another;
}

Result<std::string> KeyRing::key_of(const Provider& provider) const {
    if (keyless(provider)) { return std::string(); }
    const auto count = provider.key_references().size();
    std::optional<Error> error;
    for (std::size_t tries = 0; tries < count; ++tries) {
        const auto index = turns_.next(provider);
        auto value = read(provider, index);
        if (value) { return value; }
        if (count > 1) { turns_.unreadable(provider, index, value.error().message); }
        if (!error) { error = std::move(value.error()); }
    }
    return std::unexpected(std::move(*error));
}

bool KeyRing::has_key(const Provider& provider) const {
    if (keyless(provider)) { return true; }
    {
        const std::lock_guard lock(mutex_);
        const auto known = without_key_ms_.find(provider.name);
        if (known != without_key_ms_.end() && clock_.now_ms() < known->second) { return false; }
    }
    const bool has = key_of(provider).has_value();
    const std::lock_guard lock(mutex_);
    if (has) {
        without_key_ms_.erase(provider.name);
    } else {
        without_key_ms_[provider.name] = clock_.now_ms() + look_again_ms;
    }
    return has;
}

Result<std::string> KeyRing::read(const Provider& provider, std::size_t index) const {
    std::unique_lock lock(mutex_);
    auto& entry = entries_[entry_name(provider, index)];
    if (entry.kept && clock_.now_ms() < entry.kept->renew_ms) { return entry.kept->text; }
    if (const auto reading = entry.running; reading && reading->changes == entry.changes) {
        ++waiting_;
        read_.wait(lock, [&] { return reading->result.has_value(); });
        --waiting_;
        return *reading->result;
    }
    const auto reading = std::make_shared<Reading>();
    reading->changes = entry.changes;
    entry.running = reading;
    // Outside the lock: a keychain, a command or a token server may take its time.
    lock.unlock();
    Result<Credential> got = fail(ErrorKind::internal, "reading the key failed");
    try {
        const CredentialTools sources{.resolver = resolver_, .transport = transport_, .clock = clock_};
        if (index == 0) {
            got = obtain_credential(provider, sources);
        } else {
            auto other = provider;
            other.api_key = provider.api_keys[index];
            got = obtain_credential(other, sources);
        }
    } catch (const std::exception& error) {  // who waits for it must be told in any case
        got = fail(ErrorKind::internal, error.what());
    }
    lock.lock();
    reading->result = keep(provider.name, entry, std::move(got), reading->changes == entry.changes);
    if (entry.running == reading) { entry.running.reset(); }
    read_.notify_all();
    return *reading->result;
}

// Called with the lock held.
Result<std::string> KeyRing::keep(const std::string& name, Entry& entry, Result<Credential> got, bool current) const {
    const auto now = clock_.now_ms();
    if (!got) {
        auto& known = entry.kept;
        if (known && now < known->ends_ms) {
            log_warn("a token could not be renewed; the one at hand is used while it is good",
                     {{"provider", name}, {"why", redact(got.error().message)}});
            known->renew_ms = now + renew_again_ms;
            return known->text;
        }
        return fail(ErrorKind::credential, "no usable key for provider \"" + name + "\": " + got.error().message);
    }
    constexpr auto never = std::numeric_limits<std::int64_t>::max();
    if (current) {
        entry.kept = Kept{got->text, got->expires_ms ? *got->expires_ms - token_left_ms_min : never,
                          got->expires_ms.value_or(never)};
    }
    return std::move(got->text);
}

int KeyRing::waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_;
}

void KeyRing::forget(const std::string& provider_name) const {
    const std::lock_guard lock(mutex_);
    for (auto& [name, entry] : entries_) {
        if (name == provider_name || name.starts_with(provider_name + '\0')) { drop(entry); }
    }
}

void KeyRing::forget_all() const {
    const std::lock_guard lock(mutex_);
    for (auto& [name, entry] : entries_) {
        drop(entry);
        entry.no_drop_us = 0;
    }
    without_key_ms_.clear();
    turns_.clear();
}

}  // namespace llmgw
