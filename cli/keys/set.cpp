// llmgw keys set, llmgw keys remove
#include <cstdio>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/keys/keys.hpp"
#include "cli/keys/stamp.hpp"
#include "cli/secret_input.hpp"
#include "core/secrets/child.hpp"

namespace llmgw {
namespace {

// What to do next: what has to be in the file for the stored key to be used, or how to see that it works.
std::string hint_after_set(const KeyTarget& target, const Setup& setup, const Environment& env) {
    const auto& file = setup.config.path.empty() ? env.config_path : setup.config.path;
    const auto& name = target.provider.name;
    if (!target.configured) {
        return fmt::format("to use it, add [providers.{}] to {} (an empty table is enough)", name, file);
    }
    if (!target.uses_entry) {
        return fmt::format("to use it, set api_key = \"keychain:{0}\" in [providers.{0}] of {1}", name, file);
    }
    return fmt::format("to see whether the provider takes it: llmgw keys test {}", name);
}

// The end of the key that is there now, "" when there is none. An error: nothing can be stored either.
Result<std::string> look_before(Keychain& keychain, const std::string& entry) {
    auto old = keychain.get(entry);
    if (old) {
        auto tail = masked(old->secret);
        wipe(old->secret);
        return tail;
    }
    // A keychain that is locked may be unlocked to store something in it.
    const auto kind = old.error().kind;
    if (kind == ErrorKind::not_found || kind == ErrorKind::unauthorized) { return std::string(); }
    return std::unexpected(old.error());
}

int not_stored(const Error& why) {
    return report_error({ErrorKind::credential, "the key was not stored: " + why.message});
}

}  // namespace

int set_key(const Environment& env, const KeysOptions& options) {
    const auto setup = load_setup(env, options.config);
    if (!setup) { return report_error(setup.error()); }
    const auto target = find_key_target(*setup, options.provider);
    if (!target) { return report_error(target.error()); }
    const auto keychain = open_keychain(env, options, patient);
    // Nobody types a key that cannot be kept. One from a pipe is read first, so that what is wrong with it is said.
    Result<std::string> old_tail;
    if (asks_for_secrets()) { old_tail = look_before(*keychain, target->entry); }
    if (!old_tail) { return not_stored(old_tail.error()); }
    auto key = read_new_key("Key", *target);
    if (!key) { return report_error(key.error()); }
    const auto tail = masked(*key);
    if (!asks_for_secrets()) { old_tail = look_before(*keychain, target->entry); }
    const auto stored =
        old_tail ? keychain->set(target->entry, target->origin(), *key) : Result<>(std::unexpected(old_tail.error()));
    wipe(*key);
    if (!stored) { return not_stored(stored.error()); }
    tell_keys_changed(env);
    std::fprintf(stderr, "%s: key %s is in the keychain, for %s only%s\n", target->entry.c_str(), tail.c_str(),
                 target->origin().c_str(),
                 old_tail->empty() ? "" : fmt::format("; the old key {} was replaced", *old_tail).c_str());
    std::fprintf(stderr, "%s\n", hint_after_set(*target, *setup, env).c_str());
    return exit_code::done;
}

int remove_key(const Environment& env, const KeysOptions& options) {
    // Any entry's name may be removed: the provider may be gone from the file already. A provider's name stands for the
    // entry it uses. A file that cannot be read is no reason to keep a key.
    const auto keychain = open_keychain(env, options, patient);
    std::string name = options.provider;
    auto removed = keychain->remove(name);
    if (!removed && removed.error().kind == ErrorKind::not_found) {
        const auto setup = load_setup(env, options.config);
        const auto target = setup ? find_key_target(*setup, name) : Result<KeyTarget>(std::unexpected(setup.error()));
        if (target && target->uses_entry && target->entry != name) {
            name = target->entry;
            removed = keychain->remove(name);
        }
    }
    if (!removed) {
        if (removed.error().kind != ErrorKind::not_found) { return report_error(removed.error()); }
        return report_error({ErrorKind::credential, fmt::format("the keychain has no key named \"{}\"", name)});
    }
    tell_keys_changed(env);
    std::fprintf(stderr, "%s: removed from the keychain\n", name.c_str());
    return exit_code::done;
}

}  // namespace llmgw
