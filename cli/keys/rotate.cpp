// llmgw keys rotate: the old key stays until the new one has answered.
#include <cstdio>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/keys/keys.hpp"
#include "cli/keys/stamp.hpp"
#include "core/net/http_transport.hpp"
#include "core/provider/key_test.hpp"
#include "core/secrets/child.hpp"
#include "core/secrets/reference.hpp"
#include "core/secrets/replace.hpp"
#include "core/telemetry/redact.hpp"
#include "providers/key_checks.hpp"
#include "providers/registry.hpp"

namespace llmgw {
namespace {

// Where a key that is not in the keychain is changed instead.
std::string elsewhere(const std::string& provider, const KeyReference& reference) {
    switch (reference.kind) {
        case KeyKind::env:
            return fmt::format("{}'s key comes from the environment variable {}; change it where that is set", provider,
                               reference.name);
        case KeyKind::file:
            return fmt::format("{}'s key is in the file {}; write the new one there (mode 0600)", provider,
                               reference.name);
        case KeyKind::cmd:
            return fmt::format("{}'s key comes from a command; change it where \"{}\" reads it", provider,
                               redact(reference.name));
        case KeyKind::vault: return fmt::format("{}'s key is in a vault; change it there", provider);
        case KeyKind::passthrough: return fmt::format("{} is called with the client's own key", provider);
        case KeyKind::none: return fmt::format("{} is called without a key", provider);
        default: return {};
    }
}

// The key in use. Only one that is in the keychain, bound to this host, can be rotated.
Result<Keychain::Entry> key_in_use(Keychain& keychain, const KeyTarget& target) {
    const auto& name = target.provider.name;
    auto entry = keychain.get(target.entry);
    if (!entry && entry.error().kind == ErrorKind::not_found) {
        const auto reference = parse_reference(target.provider.api_key).value_or(KeyReference{});
        if (describe_key_source(target.provider, false, process_env).starts_with("env ")) {
            return fail(ErrorKind::credential,
                        elsewhere(name, {.kind = KeyKind::env, .name = reference.env, .env = {}}));
        }
        return fail(ErrorKind::credential,
                    fmt::format("there is no key of {} to rotate; store one with: llmgw keys set {}", name, name));
    }
    if (!entry) { return entry; }
    if (entry->origin != target.origin()) {
        wipe(entry->secret);
        return fail(ErrorKind::credential,
                    fmt::format("the keychain's key \"{}\" was stored for {}, not for {}; store one for this host "
                                "with: llmgw keys set {}",
                                target.entry, entry->origin, target.origin(), name));
    }
    return entry;
}

Error not_good(const KeyTest& tested, const std::string& tail) {
    const auto kept = fmt::format("the new key {} was not stored, the old one stays: {}", tail, tested.message);
    switch (tested.verdict) {
        case KeyVerdict::failed:
            return {ErrorKind::upstream, kept + "; --no-test stores it without asking the provider"};
        case KeyVerdict::unproven: return {ErrorKind::io, kept + "; --no-test stores it without asking the provider"};
        default: return {ErrorKind::credential, kept};
    }
}

int replace(const Environment& env, const KeysOptions& options, const KeyTarget& target, Keychain& keychain,
            const Keychain::Entry& old_entry, const Keychain::Entry& new_entry) {
    const auto old_tail = masked(old_entry.secret);
    const auto tail = masked(new_entry.secret);
    if (new_entry.secret == old_entry.secret) {
        return report_error({ErrorKind::credential,
                             fmt::format("{}'s key is {} already; nothing was changed", target.provider.name, tail)});
    }
    std::string proof = "not tested";
    if (!options.no_test) {
        const auto transport = make_http_transport();
        const SystemClock clock;
        const auto tested = test_key(target.provider, new_entry.secret, key_check(target.provider),
                                     {*transport, dialects(), clock, limit_of(options, test_limit)});
        if (tested.verdict != KeyVerdict::good) { return report_error(not_good(tested, tail)); }
        proof = fmt::format("works, {} ms", tested.latency_ms);
    }
    if (auto done = replace_key(keychain, target.entry, old_entry, new_entry); !done) {
        return report_error(done.error());
    }
    tell_keys_changed(env);
    std::fprintf(stderr,
                 "%s: new key %s (%s) is in the keychain, for %s only; the old one was %s\n"
                 "A running gateway uses it from its next call on. Revoke the old one at the provider.\n",
                 target.entry.c_str(), tail.c_str(), proof.c_str(), target.origin().c_str(), old_tail.c_str());
    return exit_code::done;
}

}  // namespace

int rotate_key(const Environment& env, const KeysOptions& options) {
    const auto setup = load_setup(env, options.config);
    if (!setup) { return report_error(setup.error()); }
    const auto target = find_key_target(*setup, options.provider);
    if (!target) { return report_error(target.error()); }
    if (!target->uses_entry) {
        const auto reference = parse_reference(target->provider.api_key).value_or(KeyReference{});
        return report_error({ErrorKind::credential, elsewhere(target->provider.name, reference)});
    }
    // Before anybody is asked to type a key.
    const auto keychain = open_keychain(env, options, patient);
    auto old_entry = key_in_use(*keychain, *target);
    if (!old_entry) { return report_error(old_entry.error()); }
    auto key = read_new_key("New key", *target);
    if (!key) { return report_error(key.error()); }
    Keychain::Entry new_entry{std::move(*key), target->origin()};
    const int code = replace(env, options, *target, *keychain, *old_entry, new_entry);
    wipe(old_entry->secret);
    wipe(new_entry.secret);
    return code;
}

}  // namespace llmgw
