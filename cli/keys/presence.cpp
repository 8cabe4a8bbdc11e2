#include "cli/keys/presence.hpp"

#include <algorithm>
#include <future>

#include "cli/keys/keys.hpp"
#include "cli/setup.hpp"
#include "core/provider/credential.hpp"
#include "core/secrets/child.hpp"
#include "core/secrets/client_key.hpp"

namespace llmgw {
namespace {

bool is_named(const KeyReference& reference) {
    return reference.kind == KeyKind::keychain || reference.kind == KeyKind::automatic;
}

bool may_look(const std::string& source) {
    return source == "keychain" || source.starts_with("env ") || source.starts_with("file ");
}

void look(KeyPresence& key, Keychain* keychain) {
    auto secret = read_provider_secret(key.provider, SecretResolver(keychain));
    if (!secret) {
        key.problem = secret.error().message;
        return;
    }
    key.state = KeyState::present;
    key.tail = masked(*secret);
    wipe(*secret);
}

}  // namespace

std::vector<std::string> names_of(const Result<std::vector<std::string>>& stored) {
    return stored ? *stored : std::vector<std::string>();
}

std::vector<KeyPresence> look_for_keys(const std::vector<Provider>& providers, Keychain& keychain,
                                       const Result<std::vector<std::string>>& stored) {
    const auto names = names_of(stored);
    std::vector<KeyPresence> keys;
    for (const auto& provider : one_for_each_key(providers)) {
        KeyPresence key;
        key.provider = provider;
        key.keychain_works = stored.has_value();
        key.reference = parse_reference(provider.api_key).value_or(KeyReference{});
        const bool has = is_named(key.reference) && std::ranges::find(names, key.reference.name) != names.end();
        key.source = describe_key_source(provider, has, process_env);
        switch (key.reference.kind) {
            case KeyKind::none:
            case KeyKind::passthrough: key.state = KeyState::unneeded; break;
            case KeyKind::cmd: key.state = KeyState::unasked; break;
            default: break;
        }
        if (key.source == "none" && is_client_key(process_env(key.reference.env).value_or(""))) {
            key.problem = client_key_instead(key.reference);
        }
        if (!stored && key.reference.kind == KeyKind::keychain) {
            key.source = "keychain";
            key.problem = "the keychain could not be asked";
        }
        keys.push_back(std::move(key));
    }
    std::vector<std::future<void>> running;
    for (auto& key : keys) {
        if (!key.problem.empty() || !may_look(key.source)) { continue; }
        if (key.source == "keychain") {
            running.push_back(std::async(std::launch::async, [&key, &keychain] { look(key, &keychain); }));
        } else {
            look(key, nullptr);
        }
    }
    for (auto& one : running) {
        one.get();
    }
    return keys;
}

bool keychain_matters(const Setup& setup) {
    bool one_has_a_key = false;
    for (const auto& provider : one_for_each_key(setup.providers)) {
        const auto reference = parse_reference(provider.api_key).value_or(KeyReference{});
        const bool elsewhere = describe_key_source(provider, false, process_env) != "none";
        // Those without a table are known to llmgw, and perhaps wanted by nobody.
        const bool wanted = std::ranges::find(setup.config.providers, provider.name, &ProviderConfig::name) !=
                            setup.config.providers.end();
        if (wanted && is_named(reference) && !elsewhere) { return true; }
        one_has_a_key = one_has_a_key || elsewhere || (wanted && reference.kind == KeyKind::none);
    }
    return !one_has_a_key;
}

std::string first_key_remedy(bool keychain_works) {
    return keychain_works ? "llmgw keys set anthropic" : "export ANTHROPIC_API_KEY=...";
}

std::string remedy_for(const KeyPresence& key) {
    const auto& reference = key.reference;
    switch (reference.kind) {
        case KeyKind::env: return "export " + reference.name + "=...";
        case KeyKind::file: return "put the key into " + reference.name + ", mode 0600";
        case KeyKind::cmd: return "run its command by hand and see what it prints";
        default: break;
    }
    if (key.keychain_works) {
        return "llmgw keys set " + (reference.kind == KeyKind::keychain ? reference.name : key.provider.name);
    }
    if (!reference.env.empty()) { return "export " + reference.env + "=..."; }
    return "make the keychain work, or set api_key = \"env:NAME\" in [providers." + key.provider.name + "]";
}

}  // namespace llmgw
