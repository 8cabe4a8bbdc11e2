#include "cli/keys/trial.hpp"

#include <algorithm>
#include <future>

#include "cli/keys/presence.hpp"
#include "cli/setup.hpp"
#include "core/net/http_transport.hpp"
#include "core/provider/credential.hpp"
#include "core/provider/key_test.hpp"
#include "core/secrets/child.hpp"
#include "providers/key_checks.hpp"
#include "providers/registry.hpp"

namespace llmgw {
namespace {

TrialOutcome outcome_of(KeyVerdict verdict) {
    switch (verdict) {
        case KeyVerdict::good: return TrialOutcome::good;
        case KeyVerdict::bad: return TrialOutcome::bad;
        case KeyVerdict::refused: return TrialOutcome::refused;
        case KeyVerdict::unproven: return TrialOutcome::unproven;
        case KeyVerdict::failed: break;
    }
    return TrialOutcome::failed;
}

// A token server that cannot be asked says nothing of the key.
TrialOutcome outcome_of(const Error& error) {
    const bool not_reached =
        error.kind == ErrorKind::connect || error.kind == ErrorKind::timeout || error.kind == ErrorKind::upstream;
    return not_reached ? TrialOutcome::failed : TrialOutcome::no_key;
}

void take(KeyTrial& trial, KeyTest tested, std::int64_t now_ms) {
    trial.outcome = outcome_of(tested.verdict);
    trial.latency_ms = tested.latency_ms;
    trial.message = std::move(tested.message);
    if (trial.outcome == TrialOutcome::bad || trial.outcome == TrialOutcome::refused) {
        trial.remedy = remedy_for_bad_key(trial.provider, trial.source);
    }
    if (tested.provider_time_ms) { trial.clock_ahead_ms = now_ms - *tested.provider_time_ms; }
}

}  // namespace

std::string remedy_for_bad_key(const Provider& provider, const std::string& source) {
    const auto reference = parse_reference(provider.api_key).value_or(KeyReference{});
    if (source.starts_with("env ")) { return "put another into " + source.substr(4); }
    if (reference.kind == KeyKind::file) { return "put another into " + reference.name; }
    if (reference.kind == KeyKind::cmd) { return "change it where its command reads it"; }
    // Of several keys, the one that this is.
    const auto& name = reference.kind == KeyKind::keychain ? reference.name : provider.name;
    return "store another with: llmgw keys set " + name;
}

std::vector<KeyTrial> try_keys(const std::vector<Provider>& providers, Keychain& keychain,
                               const Result<std::vector<std::string>>& stored, bool one_was_named,
                               std::chrono::milliseconds limit) {
    // A keychain that did not answer is not asked again for every provider; for one it is: a locked one may be
    // unlocked.
    const bool ask_keychain = stored || one_was_named;
    const SecretResolver resolver(ask_keychain ? &keychain : nullptr);
    const auto names = names_of(stored);
    const auto transport = make_http_transport();
    const SystemClock clock;
    const CredentialTools credential_tools{
        .resolver = resolver, .transport = transport.get(), .clock = clock, .limit = limit};
    const KeyTestTools tools{*transport, dialects(), clock, limit};
    std::vector<KeyTrial> trials(providers.size());
    std::vector<std::string> keys(providers.size());
    std::vector<std::future<KeyTest>> running(providers.size());
    for (std::size_t i = 0; i < providers.size(); ++i) {
        auto& trial = trials[i];
        trial.provider = providers[i];
        const auto reference = parse_reference(trial.provider.api_key).value_or(KeyReference{});
        const bool has = std::ranges::find(names, reference.name) != names.end();
        trial.source = describe_key_source(trial.provider, has, process_env);
        auto got = obtain_credential(trial.provider, credential_tools);
        if (!got) {
            trial.outcome = outcome_of(got.error());
            const bool unreached = !ask_keychain && reference.kind == KeyKind::keychain;
            trial.message = unreached ? stored.error().message : got.error().message;
            continue;
        }
        trial.tail = masked(got->text);
        keys[i] = std::move(got->text);
        running[i] = std::async(std::launch::async, [&tools, &trial, &key = keys[i]] {
            return test_key(trial.provider, key, key_check(trial.provider), tools);
        });
    }
    for (std::size_t i = 0; i < providers.size(); ++i) {
        if (running[i].valid()) { take(trials[i], running[i].get(), clock.now_ms()); }
        wipe(keys[i]);
    }
    return trials;
}

}  // namespace llmgw
