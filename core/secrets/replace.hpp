// Puts a new key in the place of one that works.
#pragma once

#include <string>

#include "core/secrets/secrets.hpp"

namespace llmgw {

// What is in the keychain afterwards is read back, not believed: a write that timed out may have been done, and one
// that was reported as done may not be. When it is neither the new key nor the old one, the old one is put back.
// An error's message says what is there now.
Result<> replace_key(Keychain& keychain, const std::string& name, const Keychain::Entry& old_entry,
                     const Keychain::Entry& new_entry);

}  // namespace llmgw
