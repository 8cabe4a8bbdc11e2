#include "core/config/settings.hpp"

#include <array>

#include "core/config/checks.hpp"
#include "core/config/show_value.hpp"

namespace llmgw {
namespace {

using S = std::string;
using L = std::vector<std::string>;
using I = std::int64_t;

constexpr std::array rows{
    Setting{.key = "server.listen",
            .initial = "\"127.0.0.1:4117\"",
            .doc = "address and port of the gateway",
            .reloadable = false,
            .slot = +[](Config& c) -> S& { return c.server.listen; },
            .check = check_listen},
    Setting{.key = "server.require_key",
            .initial = "true",
            .doc = "ask clients for llmgw's key; false is refused on anything but a loopback address",
            .reloadable = false,
            .slot = +[](Config& c) -> bool& { return c.server.require_key; }},
    Setting{.key = "server.allowed_hosts",
            .initial = "[]",
            .doc = "Host names besides the loopback ones, such as a tunnel's",
            .reloadable = true,
            .slot = +[](Config& c) -> L& { return c.server.allowed_hosts; },
            .check = check_host},
    Setting{.key = "server.allowed_origins",
            .initial = "[]",
            .doc = "Origins of web pages that may call the gateway, like \"https://chat.example\"",
            .reloadable = true,
            .slot = +[](Config& c) -> L& { return c.server.allowed_origins; },
            .check = check_web_origin},
    Setting{.key = "server.max_body_mb",
            .initial = "64",
            .doc = "largest request body, in MiB",
            .reloadable = true,
            .slot = +[](Config& c) -> I& { return c.server.max_body_mb; },
            .min = 1,
            .max = 2047},
    Setting{.key = "server.max_connections",
            .initial = "4096",
            .doc = "client connections served at the same time",
            .reloadable = false,
            .slot = +[](Config& c) -> I& { return c.server.max_connections; },
            .min = 1,
            .max = 65536},
    Setting{.key = "server.shutdown_grace_s",
            .initial = "30",
            .doc = "seconds that running streams may go on after a request to stop",
            .reloadable = true,
            .slot = +[](Config& c) -> I& { return c.server.shutdown_grace_s; },
            .min = 0,
            .max = 3600},
    Setting{.key = "server.v1_provider",
            .initial = "\"openai\"",
            .doc = "provider that /v1/* paths unknown to llmgw are forwarded to",
            .reloadable = true,
            .slot = +[](Config& c) -> S& { return c.server.v1_provider; },
            .check = check_name},
    Setting{.key = "server.websocket",
            .initial = "true",
            .doc = "serve /v1/responses over WebSocket too; false sends clients to HTTP at once (426)",
            .reloadable = true,
            .slot = +[](Config& c) -> bool& { return c.server.websocket; }},
    Setting{.key = "features.on_missing",
            .initial = "\"reject\"",
            .doc = "a call that names no feature: reject it, or log it as \"untagged\"",
            .reloadable = true,
            .slot = +[](Config& c) -> S& { return c.features.on_missing; },
            .choices = "reject|untagged"},
    Setting{.key = "timeouts.connect_s",
            .initial = "10",
            .doc = "seconds to connect to a provider, TLS included",
            .reloadable = true,
            .slot = +[](Config& c) -> I& { return c.timeouts.connect_s; },
            .min = 1,
            .max = 600},
    Setting{.key = "timeouts.first_byte_s",
            .initial = "600",
            .doc = "seconds from the request sent to the answer's headers",
            .reloadable = true,
            .slot = +[](Config& c) -> I& { return c.timeouts.first_byte_s; },
            .min = 1,
            .max = 86400},
    Setting{.key = "timeouts.idle_s",
            .initial = "600",
            .doc = "seconds between two pieces of an answer",
            .reloadable = true,
            .slot = +[](Config& c) -> I& { return c.timeouts.idle_s; },
            .min = 1,
            .max = 86400},
    Setting{.key = "timeouts.ping_s",
            .initial = "15",
            .doc = "a silent stream gets its dialect's ping this often, in seconds",
            .reloadable = true,
            .slot = +[](Config& c) -> I& { return c.timeouts.ping_s; },
            .min = 1,
            .max = 3600},
    Setting{.key = "log.level",
            .initial = "\"info\"",
            .doc = "what llmgw tells on standard error",
            .reloadable = true,
            .slot = +[](Config& c) -> S& { return c.log.level; },
            .choices = "error|warn|info|debug"},
    Setting{.key = "log.journal_max_mb",
            .initial = "256",
            .doc = "MiB of calls kept in a file while the usage database cannot be written",
            .reloadable = true,
            .slot = +[](Config& c) -> I& { return c.log.journal_max_mb; },
            .min = 1,
            .max = 1048576},
    Setting{.key = "log.queue_max",
            .initial = "10000",
            .doc = "calls kept in memory for the thread that writes the usage database",
            .reloadable = false,
            .slot = +[](Config& c) -> I& { return c.log.queue_max; },
            .min = 1,
            .max = 10000000},
    Setting{.key = "log.keep_days",
            .initial = "0",
            .doc =
                "days that single calls are kept; older ones are rolled up into sums, and no report's total changes; "
                "0 keeps all",
            .reloadable = false,
            .slot = +[](Config& c) -> I& { return c.log.keep_days; },
            .min = 0,
            .max = 36500},
    Setting{.key = "prices.file",
            .initial = "\"\"",
            .doc = "your own price list, an absolute path; its models replace those llmgw comes with",
            .reloadable = false,
            .slot = +[](Config& c) -> S& { return c.prices.file; },
            .check = check_absolute_path},
    Setting{.key = "responses.keep_count",
            .initial = "1000",
            .doc = "answers kept in memory for previous_response_id where the provider keeps none; 0 keeps none",
            .reloadable = true,
            .slot = +[](Config& c) -> I& { return c.responses.keep_count; },
            .min = 0,
            .max = 1000000},
    Setting{.key = "responses.keep_mb",
            .initial = "256",
            .doc = "MiB of memory that all of these may take; those used least recently go first",
            .reloadable = true,
            .slot = +[](Config& c) -> I& { return c.responses.keep_mb; },
            .min = 1,
            .max = 1048576},
    Setting{.key = "responses.keep_hours",
            .initial = "24",
            .doc = "hours that one of these is kept after it was last used",
            .reloadable = true,
            .slot = +[](Config& c) -> I& { return c.responses.keep_hours; },
            .min = 1,
            .max = 8760},
    Setting{.key = "ask.model",
            .initial = "\"\"",
            .doc = "what `llmgw ask` asks without -m and LLMGW_MODEL",
            .reloadable = true,
            .slot = +[](Config& c) -> S& { return c.ask.model; },
            .check = check_model_or_none},
    Setting{.key = "ask.keep_conversations",
            .initial = "200",
            .doc = "conversations of `llmgw ask` that are kept to be continued; 0 keeps none",
            .reloadable = true,
            .slot = +[](Config& c) -> I& { return c.ask.keep_conversations; },
            .min = 0,
            .max = 100000},
    Setting{.key = "ask.keep_days",
            .initial = "90",
            .doc = "days that a conversation is kept after it was last used",
            .reloadable = true,
            .slot = +[](Config& c) -> I& { return c.ask.keep_days; },
            .min = 1,
            .max = 36500},
    Setting{.key = "ask.keep_mb",
            .initial = "256",
            .doc = "MiB that all kept conversations may take; the oldest go first",
            .reloadable = true,
            .slot = +[](Config& c) -> I& { return c.ask.keep_mb; },
            .min = 1,
            .max = 1048576},
    Setting{.key = "routing.fallback",
            .initial = "\"none\"",
            .doc = "auto: a model that fails is asked for at the other providers that have it, those with a key",
            .reloadable = true,
            .slot = +[](Config& c) -> S& { return c.routing.fallback; },
            .choices = "none|auto"},
};

using P = ProviderConfig;

constexpr std::array provider_rows{
    ProviderSetting{.key = "type",
                    .initial = "",
                    .doc = "anthropic, openai, gemini, or a host llmgw knows; not needed when the table's name is one",
                    .reloadable = true,
                    .slot = +[](P& p) -> S& { return p.type; },
                    .check = check_name,
                    .example = "\"openai\""},
    ProviderSetting{.key = "base_url",
                    .initial = "",
                    .doc = "with /v1 for openai types, without a version for anthropic and gemini",
                    .reloadable = true,
                    .slot = +[](P& p) -> S& { return p.base_url; },
                    .check = check_base_url,
                    .example = "\"http://127.0.0.1:8080/v1\""},
    ProviderSetting{.key = "api_key",
                    .initial = "",
                    .doc =
                        "where the key is: keychain:NAME, env:NAME, file:PATH, cmd:COMMAND, passthrough (the client's "
                        "own) or none; never the key itself",
                    .reloadable = true,
                    .slot = +[](P& p) -> std::optional<S>& { return p.api_key; },
                    .check = check_api_key,
                    .example = "\"none\""},
    ProviderSetting{.key = "api_keys",
                    .initial = "[]",
                    .doc = "several keys instead of one, as references: calls take turns, a refused key is set aside, "
                           "a limited one rests",
                    .reloadable = true,
                    .slot = +[](P& p) -> L& { return p.api_keys; },
                    .check = check_one_of_keys},
    ProviderSetting{.key = "dialects",
                    .initial = "",
                    .doc = "what it really speaks, where that is not what its type implies",
                    .reloadable = true,
                    .slot = +[](P& p) -> L& { return p.dialects; },
                    .check = check_dialect,
                    .example = "[\"openai-chat\"]"},
    ProviderSetting{.key = "models",
                    .initial = "",
                    .doc = "models that can be asked for by their bare name",
                    .reloadable = true,
                    .slot = +[](P& p) -> L& { return p.models; },
                    .check = check_model,
                    .example = "[\"qwen3-coder\"]"},
    ProviderSetting{.key = "strict",
                    .initial = "false",
                    .doc = "true: a translated request that holds something this provider has no word for is refused, "
                           "instead of leaving that out and naming it in x-llmgw-dropped",
                    .reloadable = true,
                    .slot = +[](P& p) -> bool& { return p.strict; }},
    ProviderSetting{.key = "api_version",
                    .initial = "",
                    .doc = "azure: the dated API to ask, like \"2024-10-21\"; without it the /openai/v1 one, which has "
                           "no versions",
                    .reloadable = true,
                    .slot = +[](P& p) -> S& { return p.settings.api_version; },
                    .check = check_word,
                    .example = "\"2024-10-21\""},
    ProviderSetting{.key = "project",
                    .initial = "",
                    .doc = "vertex: the Google Cloud project; without it GOOGLE_CLOUD_PROJECT",
                    .reloadable = true,
                    .slot = +[](P& p) -> S& { return p.settings.project; },
                    .check = check_word,
                    .example = "\"my-project\""},
    ProviderSetting{.key = "location",
                    .initial = "",
                    .doc = "vertex: the region, \"us\", \"eu\" or \"global\"; without it GOOGLE_CLOUD_LOCATION, then "
                           "\"global\"",
                    .reloadable = true,
                    .slot = +[](P& p) -> S& { return p.settings.location; },
                    .check = check_word,
                    .example = "\"europe-west1\""},
    ProviderSetting{.key = "region",
                    .initial = "",
                    .doc = "bedrock: AWS's region, like \"us-east-1\"; without it AWS_REGION, then AWS_DEFAULT_REGION",
                    .reloadable = true,
                    .slot = +[](P& p) -> S& { return p.settings.region; },
                    .check = check_word,
                    .example = "\"us-east-1\""},
};

std::string_view section_of(std::string_view key) {
    return key.substr(0, key.find('.'));
}

std::string_view last_part(std::string_view key) {
    return key.substr(key.find('.') + 1);
}

constexpr std::string_view provider_example =
    R"(# Providers. anthropic, openai and gemini are there without a table; their keys are looked for in the
# keychain ("llmgw keys set NAME") and then in ANTHROPIC_API_KEY, OPENAI_API_KEY and GEMINI_API_KEY.
)";

}  // namespace

std::span<const Setting> settings() {
    return rows;
}

std::span<const ProviderSetting> provider_settings() {
    return provider_rows;
}

std::string show_value(const Setting& row, const Config& config) {
    return show_slot(row, config);
}

std::string show_value(const ProviderSetting& row, const ProviderConfig& provider) {
    return show_slot(row, provider);
}

std::string show_config(const Config& config) {
    std::string out;
    std::string_view section;
    for (const auto& row : rows) {
        if (section_of(row.key) != section) {
            section = section_of(row.key);
            if (!out.empty()) { out += '\n'; }
            out += "[" + std::string(section) + "]\n";
        }
        out += std::string(last_part(row.key)) + " = " + show_value(row, config) + "\n";
    }
    for (const auto& provider : config.providers) {
        // A name with a dot needs quotes in a table's header.
        const bool quoted = provider.name.find('.') != std::string::npos;
        out += "\n[providers." + (quoted ? toml_quote(provider.name) : provider.name) + "]\n";
        for (const auto& row : provider_rows) {
            const auto value = show_value(row, provider);
            if (value.empty() || value == "\"\"" || value == "[]" || value == row.initial) { continue; }
            out += std::string(row.key) + " = " + value + "\n";
        }
    }
    return out + show_routes(config);
}

std::string example_config() {
    std::string out =
        "# Configuration of llmgw. Every line is optional; the values shown are the defaults.\n"
        "# Check an edited file with \"llmgw config check\".\n";
    std::string_view section;
    for (const auto& row : rows) {
        if (section_of(row.key) != section) {
            section = section_of(row.key);
            out += "\n[" + std::string(section) + "]\n";
        }
        out += "# " + std::string(row.doc);
        if (!row.choices.empty()) {
            out += " (";
            for (const char c : row.choices) {
                out += c == '|' ? std::string(", ") : std::string(1, c);
            }
            out += ")";
        }
        if (!row.reloadable) { out += "; takes effect at the next start"; }
        out += "\n#" + std::string(last_part(row.key)) + " = " + std::string(row.initial) + "\n";
    }
    out += "\n";
    out += provider_example;
    out += "#[providers.local]\n";
    for (const auto& row : provider_rows) {
        out += "# " + std::string(row.doc) + "\n#" + std::string(row.key) + " = ";
        out += std::string(row.example.empty() ? row.initial : row.example) + "\n";
    }
    return out + example_routes();
}

}  // namespace llmgw
