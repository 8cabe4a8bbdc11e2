#include "core/provider/resolve.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/config/listen.hpp"
#include "core/provider/host.hpp"
#include "core/secrets/client_key.hpp"
#include "core/secrets/reference.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

const CatalogueEntry* find_entry(std::span<const CatalogueEntry> catalogue, std::string_view name) {
    const auto entry = std::ranges::find(catalogue, name, &CatalogueEntry::name);
    return entry == catalogue.end() ? nullptr : &*entry;
}

bool is_native(std::string_view type) {
    return type == "anthropic" || type == "openai" || type == "gemini";
}

std::vector<std::string_view> type_names(std::span<const CatalogueEntry> catalogue) {
    std::vector<std::string_view> names;
    for (const auto& entry : catalogue) {
        names.push_back(entry.name);
    }
    return names;
}

std::string default_reference(const std::string& name, const CatalogueEntry& entry) {
    return entry.local ? std::string() : fmt::format("auto:{}:{}", name, entry.key_env);
}

Provider from_entry(const CatalogueEntry& entry, std::string name) {
    Provider provider;
    provider.api_key = default_reference(name, entry);
    provider.name = std::move(name);
    provider.type = entry.name;
    provider.base_url = entry.base_url;
    provider.auth = entry.auth;
    provider.dialects = entry.dialects;
    provider.stream_usage = entry.stream_usage;
    provider.traits = entry.traits;
    provider.local = entry.local;
    provider.host = entry.host;
    provider.price_list = entry.name;
    return provider;
}

// What a server behind a base URL of this type may speak. Many OpenAI-compatible servers answer /v1/messages too.
std::vector<DialectId> possible_dialects(const CatalogueEntry& entry) {
    if (entry.host != nullptr) { return entry.dialects; }
    if (entry.name == "anthropic" || entry.name == "gemini") { return entry.dialects; }
    return {DialectId::openai_chat, DialectId::openai_responses, DialectId::anthropic};
}

struct HostSetting {
    std::string_view key;
    bool (*given)(const HostSettings&);
};
constexpr std::array host_settings{
    HostSetting{"api_version", [](const HostSettings& said) { return !said.api_version.empty(); }},
    HostSetting{"project", [](const HostSettings& said) { return !said.project.empty(); }},
    HostSetting{"location", [](const HostSettings& said) { return !said.location.empty(); }},
    HostSetting{"region", [](const HostSettings& said) { return !said.region.empty(); }},
    HostSetting{"num_ctx", [](const HostSettings& said) { return said.num_ctx != 0; }},
    HostSetting{"keep_alive", [](const HostSettings& said) { return !said.keep_alive.empty(); }}};

bool knows(const Host* host, std::string_view setting) {
    return host != nullptr && std::ranges::find(host->settings, setting) != host->settings.end();
}

// The host's own API is meant: its dialect is named, or a setting is there that nothing else knows.
bool means_own_api(const ProviderConfig& table, const CatalogueEntry& entry) {
    if (!entry.own_api) { return false; }
    const auto names_it = [&](const std::string& name) { return dialect_from(name) == entry.own_api->dialect; };
    const auto only_its = [&](const HostSetting& setting) {
        return setting.given(table.settings) && knows(entry.own_api->host, setting.key) &&
               !knows(entry.host, setting.key);
    };
    return std::ranges::any_of(table.dialects, names_it) || std::ranges::any_of(host_settings, only_its);
}

class Resolver {
public:
    Resolver(const Config& config, std::span<const CatalogueEntry> catalogue, const EnvLookup& env)
        : config_(config), catalogue_(catalogue), env_(env) {}

    ResolvedProviders run() {
        for (const auto& entry : catalogue_) {
            if (is_native(entry.name) && !configured(entry.name)) {
                out_.providers.push_back(from_entry(entry, std::string(entry.name)));
            }
        }
        for (const auto& table : config_.providers) {
            add_table(table);
        }
        for (const auto& entry : catalogue_) {
            if (is_native(entry.name) || entry.key_env.empty() || configured(entry.name)) { continue; }
            // Its key says nothing of whose resource, project or region is meant.
            if (entry.host != nullptr) { continue; }
            const auto key = env_(entry.key_env);
            if (key && !key->empty() && !is_client_key(*key)) {
                out_.providers.push_back(from_entry(entry, std::string(entry.name)));
            }
        }
        check_v1_provider();
        return std::move(out_);
    }

private:
    bool configured(std::string_view name) const {
        return std::ranges::find(config_.providers, name, &ProviderConfig::name) != config_.providers.end();
    }
    void add(Finding::Severity severity, const std::string& where, const std::string& message) {
        out_.findings.push_back({severity, where.empty() ? message : where + ": " + message});
    }

    void add_table(const ProviderConfig& table) {
        const std::string shown = "providers." + table.name;
        const auto type = table.type.empty() ? table.name : table.type;
        const auto* entry = find_entry(catalogue_, type);
        if (entry == nullptr) {
            const auto names = type_names(catalogue_);
            const auto hint = did_you_mean(type, names);
            add(Finding::Severity::error, table.where,
                table.type.empty()
                    ? fmt::format("{} needs a type: \"openai\" for an OpenAI-compatible server, \"anthropic\", "
                                  "\"gemini\", or a host llmgw knows{}",
                                  shown, hint)
                    : fmt::format("{}.type is no type llmgw knows{}", shown,
                                  hint.empty() ? "; expected " + one_of(names) : hint));
            return;
        }
        Provider provider = from_entry(*entry, table.name);
        if (!table.base_url.empty()) { provider.base_url = table.base_url; }
        provider.models = table.models;
        provider.strict = table.strict;
        provider.settings = table.settings;
        const bool own_api = means_own_api(table, *entry);
        if (own_api) {
            provider.dialects = {entry->own_api->dialect};
            provider.host = entry->own_api->host;
        }
        check_settings(table, shown, provider);
        if (provider.host != nullptr && provider.host->complete != nullptr) {
            if (const auto wrong = provider.host->complete(provider, env_); !wrong.empty()) {
                add(Finding::Severity::error, table.where, shown + " " + wrong);
                return;
            }
        }
        if (!own_api) { check_path(table, shown, *entry); }
        own_api ? check_alone(table, shown, provider) : set_dialects(table, shown, *entry, provider);
        set_key(table, shown, *entry, provider);
        // Costs nothing only while it runs on hardware of one's own: the same type can name a paid host.
        provider.local = entry->local && is_private_host(host_of(provider.base_url));
        provider.may_be_llmgw = entry->local || (!at_own_origin(provider, *entry) && !at_known_host(provider));
        out_.providers.push_back(std::move(provider));
    }

    // What a host does not know would be left out without a word.
    void check_settings(const ProviderConfig& table, const std::string& shown, const Provider& provider) {
        for (const auto& setting : host_settings) {
            if (!setting.given(table.settings) || knows(provider.host, setting.key)) { continue; }
            add(Finding::Severity::error, table.where,
                fmt::format("{}.{} means nothing to a provider of type {}", shown, setting.key, provider.type));
        }
    }

    // Beside a host's own API its other dialects would go past what is set for it.
    void check_alone(const ProviderConfig& table, const std::string& shown, const Provider& provider) {
        const auto own = to_string(provider.dialects.front());
        for (const auto& name : table.dialects) {
            if (name == own) { continue; }
            add(Finding::Severity::error, table.where,
                fmt::format("{}.dialects: {} is not spoken together with {}, the API of {}'s own that this table asks "
                            "for; make a second table of type = \"{}\" for it",
                            shown, name, own, provider.type, provider.type));
        }
    }

    void check_path(const ProviderConfig& table, const std::string& shown, const CatalogueEntry& entry) {
        if (table.base_url.empty() || entry.host != nullptr) { return; }
        const bool versionless = entry.name == "anthropic" || entry.name == "gemini";
        const auto last = table.base_url.substr(table.base_url.rfind('/') + 1);
        if (versionless && (last == "v1" || last == "v1beta")) {
            add(Finding::Severity::error, table.where,
                fmt::format("{}.base_url of type {} goes without the version at its end: drop \"/{}\"", shown,
                            entry.name, last));
        }
        const auto path = table.base_url.find('/', table.base_url.find("://") + 3);
        if (!versionless && path == std::string::npos && !is_private_path_less(entry)) {
            add(Finding::Severity::warning, table.where,
                fmt::format("{}.base_url has no path; most OpenAI-compatible servers want \"/v1\" at its end", shown));
        }
    }
    // DeepSeek and Perplexity themselves have no version in their base URL.
    static bool is_private_path_less(const CatalogueEntry& entry) {
        return entry.base_url.find('/', entry.base_url.find("://") + 3) == std::string_view::npos;
    }

    void set_dialects(const ProviderConfig& table, const std::string& shown, const CatalogueEntry& entry,
                      Provider& provider) {
        if (table.dialects.empty()) { return; }
        const auto possible = possible_dialects(entry);
        provider.dialects.clear();
        for (const auto& name : table.dialects) {
            const auto id = dialect_from(name);
            if (id && std::ranges::find(possible, *id) != possible.end()) {
                provider.dialects.push_back(*id);
                continue;
            }
            add(Finding::Severity::error, table.where,
                fmt::format("{}.dialects: a provider of type {} cannot speak {}", shown, entry.name, name));
        }
    }

    void set_key(const ProviderConfig& table, const std::string& shown, const CatalogueEntry& entry,
                 Provider& provider) {
        if (!table.api_keys.empty()) {
            if (table.api_key) {
                add(Finding::Severity::error, table.where, shown + " has both api_key and api_keys; one is enough");
            }
            provider.api_key = table.api_keys.front();
            if (table.api_keys.size() > 1) { provider.api_keys = table.api_keys; }
            return;
        }
        if (table.api_key) {
            provider.api_key = *table.api_key == "none" ? "" : *table.api_key;
            return;
        }
        if (at_own_origin(provider, entry)) { return; }
        provider.api_key.clear();
        // A server of one's own seldom wants a key. A public host, or a table that bends a known name to another
        // host, probably does.
        if (entry.local || (table.name != entry.name && is_private_host(host_of(provider.base_url)))) { return; }
        add(Finding::Severity::warning, table.where,
            fmt::format(
                "{0}: no key is sent to {1}. The usual key belongs to {2} and goes nowhere else. Store one for "
                "this host with \"llmgw keys set {3}\" and set api_key = \"keychain:{3}\", or set \"env:NAME\", "
                "or \"none\" when it needs no key",
                shown, origin_of(provider.base_url),
                entry.base_url.empty() ? std::string(entry.title) : origin_of(entry.base_url), table.name));
    }

    static bool at_own_origin(const Provider& provider, const CatalogueEntry& entry) {
        const auto* host = provider.host;
        if (host != nullptr && host->own_origin != nullptr) { return host->own_origin(provider); }
        return origin_of(provider.base_url) == origin_of(entry.base_url);
    }

    bool at_known_host(const Provider& provider) const {
        const auto origin = origin_of(provider.base_url);
        return std::ranges::any_of(
            catalogue_, [&](const auto& known) { return !known.local && origin_of(known.base_url) == origin; });
    }

    void check_v1_provider() {
        const auto& name = config_.server.v1_provider;
        std::vector<std::string_view> names;
        for (const auto& provider : out_.providers) {
            if (provider.name == name) { return; }
            names.push_back(provider.name);
        }
        // A table with that name and a fault of its own has been reported.
        if (configured(name)) { return; }
        const auto hint = did_you_mean(name, names);
        const auto& where = config_.server.v1_provider_where;
        add(Finding::Severity::error, where.empty() ? config_.path : where,
            "server.v1_provider names no provider" + (hint.empty() ? "; expected " + one_of(names) : hint));
    }

    const Config& config_;
    std::span<const CatalogueEntry> catalogue_;
    const EnvLookup& env_;
    ResolvedProviders out_;
};

}  // namespace

bool ResolvedProviders::ok() const {
    return std::ranges::none_of(findings, [](const Finding& f) { return f.severity == Finding::Severity::error; });
}

std::string ResolvedProviders::errors() const {
    std::string out;
    for (const auto& finding : findings) {
        if (finding.severity != Finding::Severity::error) { continue; }
        if (!out.empty()) { out += '\n'; }
        out += finding.message;
    }
    return out;
}

ResolvedProviders resolve_providers(const Config& config, std::span<const CatalogueEntry> catalogue,
                                    const EnvLookup& env) {
    return Resolver(config, catalogue, env).run();
}

std::string describe_key_source(const Provider& provider, bool in_keychain, const EnvLookup& env) {
    const auto reference = parse_reference(provider.api_key);
    if (!reference) { return "none"; }
    switch (reference->kind) {
        case KeyKind::none: return "none";
        case KeyKind::passthrough: return "client's own";
        case KeyKind::keychain: return in_keychain ? "keychain" : "none";
        case KeyKind::env: {
            const auto value = env(reference->name);
            return value && !value->empty() ? "env " + reference->name : "none";
        }
        case KeyKind::file: return "file " + reference->name;
        case KeyKind::cmd: return "command";
        case KeyKind::vault: return "vault";
        case KeyKind::automatic: break;
    }
    if (in_keychain) { return "keychain"; }
    const auto value = reference->env.empty() ? std::nullopt : env(reference->env);
    return value && !value->empty() && !is_client_key(*value) ? "env " + reference->env : "none";
}

}  // namespace llmgw
