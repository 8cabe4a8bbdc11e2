// Whether a provider takes a key, found out with calls that cost nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/dialect/dialect.hpp"
#include "core/net/transport.hpp"
#include "core/provider/provider.hpp"
#include "core/util/clock.hpp"

namespace llmgw {

// A call that a host is known to refuse without a good key: facts, see providers/key_checks.cpp.
struct KeyCheck {
    std::string_view type;  // a catalogue name
    std::string_view path;  // below the host's own base URL
    std::string_view docs;
};

enum class KeyVerdict {
    good,      // it was taken, and a bad one would not have been
    bad,       // the provider says that it is no key
    refused,   // the provider knows the key and does not let it in: permissions, blocked, no credit
    unproven,  // this host answers a made-up key in the same way, so its answer says nothing
    failed,    // no answer to go by: not reached, too slow, too busy
};

struct KeyTest {
    KeyVerdict verdict = KeyVerdict::failed;
    std::int64_t latency_ms = 0;  // of the call that decided, 0 when none was answered
    std::string message;          // why it is not good; never holds the key
    // The provider's clock when it answered, to the second; nullopt when it did not say.
    std::optional<std::int64_t> provider_time_ms = std::nullopt;
};

struct KeyTestTools {
    Transport& transport;
    const DialectSet& dialects;
    const Clock& clock;
    std::chrono::milliseconds limit{20'000};  // for all calls of one test together
};

// The documented check where there is one. Elsewhere the list of models, and where everybody may read that, a request
// that is empty and so cannot be served: it is refused for its key or for its emptiness, and the answer to a made-up
// key tells which. `key` goes to the provider's own origin only, as it does in every call; for a provider with a Host
// it is what obtain_credential() gave. At most four requests. `check`: null when none is known for this host.
KeyTest test_key(const Provider& provider, const std::string& key, const KeyCheck* check, const KeyTestTools& tools);

}  // namespace llmgw
