// From the secret that a provider's reference leads to, to what goes with its calls.
#pragma once

#include <chrono>

#include "core/net/transport.hpp"
#include "core/provider/host.hpp"
#include "core/provider/provider.hpp"
#include "core/secrets/secrets.hpp"
#include "core/util/clock.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct CredentialTools {
    const SecretResolver& resolver;
    Transport* transport = nullptr;  // null: no token can be asked for
    const Clock& clock;
    std::chrono::milliseconds limit{10'000};  // for asking for a token
};

// The secret from where api_key says it is. Errors: those of SecretResolver; credential also for one of llmgw's own
// client keys (is_client_key), which goes nowhere but to a host that may be another llmgw.
Result<std::string> read_provider_secret(const Provider& provider, const SecretResolver& resolver);

// Reads the secret, and for hosts that want one gets a token for it. All of it is registered for redact().
// Errors: credential, saying what to do; connect, timeout or upstream when a token server could not be asked.
Result<Credential> obtain_credential(const Provider& provider, const CredentialTools& tools);

}  // namespace llmgw
