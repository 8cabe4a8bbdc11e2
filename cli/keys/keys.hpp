// What the keys commands share. cli/commands/keys.cpp is their table.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "cli/environment.hpp"
#include "cli/setup.hpp"
#include "core/provider/provider.hpp"
#include "core/secrets/secrets.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct KeysOptions {
    std::string provider;
    std::string config;
    int timeout_s = 0;  // 0: the command's own
    bool json = false;
    bool no_test = false;
};

// All return the exit code.
int set_key(const Environment& env, const KeysOptions& options);
int list_keys(const Environment& env, const KeysOptions& options);
int test_keys(const Environment& env, const KeysOptions& options);
int rotate_key(const Environment& env, const KeysOptions& options);
int remove_key(const Environment& env, const KeysOptions& options);

inline constexpr std::string_view not_on_the_command_line =
    "a key does not go on the command line, where the shell's history and other users see it: give it at the prompt or "
    "through a pipe, and replace this one at the provider";

// Whose key is meant.
struct KeyTarget {
    Provider provider;
    std::string entry;        // the name in the keychain
    bool configured = false;  // false: only the catalogue knows this host; its key would come from the keychain
    bool uses_entry = false;  // the provider reads that entry

    std::string origin() const { return origin_of(provider.base_url); }
};

// By the provider's name, or by the name of the keychain entry it uses. ErrorKind::usage with the nearest name.
Result<KeyTarget> find_key_target(const Setup& setup, const std::string& name);

// Reads a key from the prompt ("`what` for NAME") or the pipe. credential when it cannot be one of that provider; the
// message never repeats it.
Result<std::string> read_new_key(const std::string& what, const KeyTarget& target);

// A person may have to type the keychain's password into its window first.
inline constexpr std::chrono::seconds patient{60};
inline constexpr std::chrono::seconds brisk{5};
inline constexpr std::chrono::seconds test_limit{20};

std::chrono::milliseconds limit_of(const KeysOptions& options, std::chrono::seconds usual);
std::unique_ptr<Keychain> open_keychain(const Environment& env, const KeysOptions& options, std::chrono::seconds usual);

// The providers, those with several keys once for each of them.
std::vector<Provider> one_for_each_key(const std::vector<Provider>& providers);

}  // namespace llmgw
