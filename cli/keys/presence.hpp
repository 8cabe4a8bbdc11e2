// Whether each provider's key is there, as far as it can be told without asking the provider.
#pragma once

#include <string>
#include <vector>

#include "core/provider/provider.hpp"
#include "core/secrets/reference.hpp"
#include "core/secrets/secrets.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct Setup;

enum class KeyState {
    present,
    missing,   // nothing there, or nothing that can be used: `problem` says why where there is more to say
    unasked,   // behind a command, which is not run for a look: it may ask for a fingerprint
    unneeded,  // called without a key, or with the client's own
};

struct KeyPresence {
    Provider provider;  // with this key as its only one
    KeyReference reference;
    KeyState state = KeyState::missing;
    std::string source;   // describe_key_source()
    std::string tail;     // "…abcd" of a key that is there
    std::string problem;  // "" when there is none
    bool keychain_works = true;
};

// One for each key of each provider. `stored`: what Keychain::list() gave; when it failed the keychain is not asked
// again. Keys are read, side by side where that takes a child process, and wiped.
std::vector<KeyPresence> look_for_keys(const std::vector<Provider>& providers, Keychain& keychain,
                                       const Result<std::vector<std::string>>& stored);

// The entries' names, empty when the keychain could not be asked.
std::vector<std::string> names_of(const Result<std::vector<std::string>>& stored);

// Whether a keychain that cannot be asked may be why a provider has no key: not when all that the configuration names
// have theirs from elsewhere.
bool keychain_matters(const Setup& setup);

// How to give a first provider its key on this machine. `keychain_works`: or may.
std::string first_key_remedy(bool keychain_works);

// What to do so that the provider has this key: a command, or a few words.
std::string remedy_for(const KeyPresence& key);

}  // namespace llmgw
