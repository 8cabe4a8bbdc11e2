// The child's side of the keychain. The parent writes one JSON object, the child answers with one:
//   {"op":"set","name":N,"origin":O,"secret":S} | {"op":"get","name":N} | {"op":"remove","name":N} | {"op":"list"}
//   {"ok":true, "secret":S, "origin":O | "names":[...]} | {"ok":false, "missing":true} | {"ok":false, "message":M}
#pragma once

#include <memory>
#include <string_view>

#include "core/secrets/secrets.hpp"

namespace llmgw {

// The hidden command of the llmgw binary that calls run_keychain_child().
inline constexpr std::string_view keychain_child_command = "internal-keychain";

// The keychain's library, loaded into this process: the seam for other systems. Never null; its calls fail
// with a reason where this build or machine has none.
std::unique_ptr<Keychain> make_native_keychain();

}  // namespace llmgw
