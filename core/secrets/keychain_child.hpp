// The child's side of the keychain. The parent writes one JSON object, the child answers with one:
//   {"op":"set","name":N,"origin":O,"secret":S} | {"op":"get","name":N} | {"op":"remove","name":N} | {"op":"list"}
//   {"ok":true, "secret":S, "origin":O | "names":[...]} | {"ok":false, "missing":true} | {"ok":false, "message":M}
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/secrets/secrets.hpp"

namespace llmgw {

// The hidden command of the llmgw binary that calls run_keychain_child().
inline constexpr std::string_view keychain_child_command = "internal-keychain";

// The keychain's library, loaded into this process: the seam for other systems. Never null; its calls fail
// with a reason where this build or machine has none. One implementation is built: keychain_linux.cpp,
// keychain_macos.cpp or keychain_windows.cpp. The last two are written from the systems' documentation and untested.
std::unique_ptr<Keychain> make_native_keychain();

// What the parent knows of this system's keychain without loading its library.
struct NativeKeychain {
    std::string_view backend;            // "secret-service", "macos-keychain", "windows-credential-manager"
    std::vector<std::string> variables;  // of the environment, that the child needs; it gets no others
};
const NativeKeychain& native_keychain();

// Why no keychain can be reached from here, "" when one may be. Asked before a child is started, so that a server
// without a desktop pays nothing.
std::string native_keychain_obstacle();

// Every call fails with this reason.
std::unique_ptr<Keychain> make_no_keychain(std::string reason);

}  // namespace llmgw
