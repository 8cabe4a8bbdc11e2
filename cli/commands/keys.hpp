#pragma once

#include <functional>

#include "cli/command.hpp"

namespace llmgw {

std::function<int()> define_keys(CLI::App& app, const Environment& env);

// The hidden command that the keychain's child process runs: core/secrets/keychain_child.hpp.
std::function<int()> define_internal_keychain(CLI::App& app, const Environment& env);

}  // namespace llmgw
