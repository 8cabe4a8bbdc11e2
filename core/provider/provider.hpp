// A configured upstream, resolved from the catalogue and the configuration. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"
#include "core/model/dialect_id.hpp"

namespace llmgw {

// How a credential is presented to the provider.
enum class AuthStyle { bearer, x_api_key, x_goog_api_key, api_key };

// Whether a Chat stream carries usage without being asked for it.
enum class StreamUsage { on_request, always };

struct Host;  // host.hpp: how a host is asked that is not asked in its dialect's own way

// Settings of [providers.NAME] that mean something to some hosts only. "" where not given.
struct HostSettings {
    std::string api_version;   // azure
    std::string project;       // vertex
    std::string location;      // vertex
    std::string region;        // bedrock
    std::int64_t num_ctx = 0;  // ollama
    std::string keep_alive;    // ollama
};

// An API of a host's own beside the dialects it imitates.
struct OwnApi {
    DialectId dialect = DialectId::openai_chat;
    const Host* host = nullptr;
};

// A host llmgw knows by name: facts, no behaviour. The table is providers/catalogue.cpp.
struct CatalogueEntry {
    std::string_view name;      // what `type = "..."` and `provider/model` use
    std::string_view title;     // for people
    std::string_view base_url;  // "" when the user must give one
    std::string_view key_env;   // usual environment variable, "" when none
    AuthStyle auth;
    std::vector<DialectId> dialects;
    StreamUsage stream_usage;
    bool local;                  // runs on the user's machine: needs no key, costs nothing
    std::string_view docs;       // where these facts come from
    TargetTraits traits = {};    // what translation must know of it
    const Host* host = nullptr;  // null: asked in its dialects' own way
    // Spoken instead of its dialects where the configuration names it or has a setting that only it knows.
    std::optional<OwnApi> own_api = {};
};

struct Provider {
    std::string name;
    std::string type;      // a catalogue name
    std::string base_url;  // without a trailing slash; with /v1 for openai types
    AuthStyle auth = AuthStyle::bearer;
    std::vector<DialectId> dialects;
    StreamUsage stream_usage = StreamUsage::on_request;
    bool local = false;
    bool may_be_llmgw = false;  // no provider's known address, so another llmgw may answer: its client keys are keys
    std::string api_key;        // the reference (keychain:, env:, file:, cmd:, vault:, passthrough, ""), never the key
    std::vector<std::string> api_keys;  // of several keys all references, api_key the first; empty with one
    std::vector<std::string> models;    // names this provider lists in the configuration
    std::string price_list;             // whose prices apply: the type's name
    TargetTraits traits;                // what translation must know of it
    bool strict = false;                // what translation cannot say to it is refused, not dropped
    const Host* host = nullptr;         // null: asked in its dialects' own way
    HostSettings settings;

    bool speaks(DialectId id) const {
        for (auto d : dialects) {
            if (d == id) { return true; }
        }
        return false;
    }
    // For hosts that ask each model in a dialect of its own.
    bool speaks(DialectId id, std::string_view model) const;
    // Where each of its keys is; one element, or those of api_keys.
    std::vector<std::string> key_references() const {
        return api_keys.empty() ? std::vector<std::string>{api_key} : api_keys;
    }
    bool passthrough() const { return api_key == "passthrough"; }
};

// scheme://host[:port] of a URL, lower case, default ports dropped. A credential is bound to it.
// Empty when the URL is not http(s) or has no host.
std::string origin_of(std::string_view url);

// The host alone, without port and brackets; "" where origin_of() is.
std::string host_of(std::string_view url);

}  // namespace llmgw
