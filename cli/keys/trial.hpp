// Keys shown to their providers: what `llmgw keys test` and `llmgw doctor --online` say.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/provider/provider.hpp"
#include "core/secrets/secrets.hpp"
#include "core/util/result.hpp"

namespace llmgw {

enum class TrialOutcome { good, bad, refused, no_key, failed, unproven };

struct KeyTrial {
    Provider provider;
    std::string source;  // as in keys list
    std::string tail;    // "…abcd", "" where there is no key
    TrialOutcome outcome = TrialOutcome::no_key;
    std::int64_t latency_ms = 0;
    std::string message;                              // why it is not good
    std::string remedy;                               // what to do about a key that is not taken, "" otherwise
    std::optional<std::int64_t> clock_ahead_ms = {};  // ours, of the provider's; to the second
};

// What to do about a key that its provider does not take. `source`: describe_key_source() of it.
std::string remedy_for_bad_key(const Provider& provider, const std::string& source);

// One for each of the providers, which have one key each (one_for_each_key()). All are asked side by side, for at most
// `limit`; with a keychain that failed to list its entries (`stored`), only a single provider's key is looked for
// there.
std::vector<KeyTrial> try_keys(const std::vector<Provider>& providers, Keychain& keychain,
                               const Result<std::vector<std::string>>& stored, bool one_was_named,
                               std::chrono::milliseconds limit);

}  // namespace llmgw
