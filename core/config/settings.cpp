#include "core/config/settings.hpp"

#include <array>

#include "core/config/checks.hpp"
#include "core/config/show_value.hpp"

namespace llmgw {
namespace {

using S = std::string;
using L = std::vector<std::string>;
using I = std::int64_t;

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
    ProviderSetting{.key = "num_ctx",
                    .initial = "0",
                    .doc =
                        "ollama: the context a model is loaded with, in tokens; said in ollama-chat, which is spoken "
                        "then. 0: the server's, often 4096, beyond which it cuts the prompt",
                    .reloadable = true,
                    .slot = +[](P& p) -> I& { return p.settings.num_ctx; },
                    .min = 0,
                    .max = 100'000'000,
                    .example = "65536"},
    ProviderSetting{.key = "keep_alive",
                    .initial = "",
                    .doc =
                        "ollama: how long a model stays loaded after a call, like \"30m\", \"0\", or \"-1\" for ever; "
                        "said in ollama-chat, which is spoken then",
                    .reloadable = true,
                    .slot = +[](P& p) -> S& { return p.settings.keep_alive; },
                    .check = check_word,
                    .example = "\"30m\""},
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
    for (const auto& row : settings()) {
        if (section_of(row.key) != section) {
            section = section_of(row.key);
            if (!out.empty()) { out += '\n'; }
            out += "[" + std::string(section) + "]\n";
        }
        out += std::string(last_part(row.key)) + " = " + show_value(row, config) + "\n";
    }
    for (const auto& provider : config.providers) {
        out += "\n[providers." + toml_key(provider.name) + "]\n" + show_rows(provider_settings(), provider);
    }
    return out + show_routes(config);
}

std::string example_config() {
    std::string out =
        "# Configuration of llmgw. Every line is optional; the values shown are the defaults.\n"
        "# Check an edited file with \"llmgw config check\".\n";
    std::string_view section;
    for (const auto& row : settings()) {
        if (section_of(row.key) != section) {
            section = section_of(row.key);
            out += "\n[" + std::string(section) + "]\n";
        }
        out += example_row(row, last_part(row.key));
    }
    out += "\n" + std::string(provider_example) + "#[providers.local]\n" + example_rows(provider_settings());
    return out + example_routes();
}

}  // namespace llmgw
