// From the configuration and the catalogue to the providers the gateway works with. Pure.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.hpp"
#include "core/provider/provider.hpp"

namespace llmgw {

// The value of an environment variable; nullopt when it is not set. An empty one counts as not set.
using EnvLookup = std::function<std::optional<std::string>(std::string_view name)>;

struct Finding {
    enum class Severity { error, warning };
    Severity severity = Severity::error;
    std::string message;  // with file:line:column in front where a file says it
};

struct ResolvedProviders {
    std::vector<Provider> providers;  // native ones, then configured ones in file order, then those found by variable
    std::vector<Finding> findings;

    bool ok() const;
    // All errors, a line each.
    std::string errors() const;
};

// Which providers exist:
// - anthropic, openai and gemini always;
// - every [providers.NAME] table;
// - any other host of the catalogue whose usual environment variable is set. Hosts that need no key (ollama, ...)
//   want a table, an empty one is enough: what listens on a well-known port of this machine may be anything.
//
// Where a key comes from without api_key (a key is bound to its origin):
// - base URL at the type's own origin: the keychain entry of the provider's name, then the usual variable
//   (api_key becomes "auto:NAME:VARIABLE");
// - any other origin: nowhere, no key is sent; a warning says so when the type's own origin wants one.
ResolvedProviders resolve_providers(const Config& config, std::span<const CatalogueEntry> catalogue,
                                    const EnvLookup& env);

// A usual variable that holds one of llmgw's client keys counts as not set: `llmgw env` puts them there.
//
// Where a provider's key comes from, for people: "keychain", "env ANTHROPIC_API_KEY", "file ~/.key",
// "command", "client's own", "none". `in_keychain`: an entry of the reference's name exists.
std::string describe_key_source(const Provider& provider, bool in_keychain, const EnvLookup& env);

}  // namespace llmgw
