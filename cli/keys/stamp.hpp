// How a running gateway learns that a key in the keychain has changed: a file in the data directory, replaced after
// every change and watched by serve. It holds the time and nothing else.
#pragma once

#include <string_view>

#include "cli/environment.hpp"

namespace llmgw {

inline constexpr std::string_view keys_stamp_name = "keys.changed";

// Does nothing where no gateway has ever run. A failure is told on standard error: the key itself has been changed.
void tell_keys_changed(const Environment& env);

}  // namespace llmgw
