// llmgw models: what can be asked for, as far as the configuration says, or with --online the providers themselves.
#include <algorithm>
#include <cstdio>
#include <future>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/all.hpp"
#include "cli/keys/keys.hpp"
#include "cli/keys/presence.hpp"
#include "cli/setup.hpp"
#include "cli/term/table.hpp"
#include "core/gateway/header_rules.hpp"
#include "core/gateway/model_fetch.hpp"
#include "core/net/http_transport.hpp"
#include "core/provider/credential.hpp"
#include "core/secrets/child.hpp"
#include "core/telemetry/redact.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

struct Options {
    std::string provider;
    std::string config;
    bool json = false;
    bool online = false;
};

constexpr std::string_view no_key_needed = "not needed";

struct ProviderRow {
    const Provider* provider = nullptr;
    std::string key;        // where it is from, "" when it has none
    std::string reference;  // to that key
    std::vector<std::string> models;
    std::string problem;  // why it gave no list
};

std::string dialect_list(const Provider& provider) {
    std::string out;
    for (const auto id : provider.dialects) {
        if (!out.empty()) { out += ", "; }
        out += to_string(id);
    }
    return out;
}

// Finds the first of its keys that is there, as far as can be told without reading it.
void find_key(ProviderRow& row, const std::vector<std::string>& stored) {
    for (const auto& one : one_for_each_key({*row.provider})) {
        const auto reference = parse_reference(one.api_key).value_or(KeyReference{});
        const bool has = std::ranges::find(stored, reference.name) != stored.end();
        const auto source =
            reference.kind == KeyKind::none ? std::string(no_key_needed) : describe_key_source(one, has, process_env);
        if (source == "none") { continue; }
        row.key = source;
        row.reference = one.api_key;
        return;
    }
}

bool may_be_in_keychain(const Provider& provider) {
    return std::ranges::any_of(provider.key_references(), [](const std::string& text) {
        const auto kind = parse_reference(text).value_or(KeyReference{}).kind;
        return kind == KeyKind::keychain || kind == KeyKind::automatic;
    });
}

Result<std::vector<ListedModel>> ask_for_list(const ProviderRow& row, const CredentialTools& tools) {
    // One of several keys is enough for a list.
    auto provider = *row.provider;
    provider.api_key = row.reference;
    provider.api_keys.clear();
    Headers credentials;
    auto credential = obtain_credential(provider, tools);
    if (!credential) { return std::unexpected(credential.error()); }
    if (!credential->text.empty()) { attach_key(credentials, provider.auth, credential->text); }
    wipe(credential->text);
    return fetch_models(provider, credentials, *tools.transport, tools.limit, -1);
}

// Adds what they say of themselves. The exit code: failed only when nobody could be asked.
int ask_providers(std::vector<ProviderRow>& rows, Keychain& keychain) {
    const auto transport = make_http_transport();
    const SecretResolver resolver(&keychain);
    const SystemClock clock;
    const CredentialTools tools{
        .resolver = resolver, .transport = transport.get(), .clock = clock, .limit = test_limit};
    std::vector<std::future<Result<std::vector<ListedModel>>>> running(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].key.empty() || rows[i].provider->passthrough()) { continue; }
        running[i] = std::async(std::launch::async, [&tools, &row = rows[i]] { return ask_for_list(row, tools); });
    }
    bool one_answered = false;
    bool one_failed = false;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!running[i].valid()) { continue; }
        const auto listed = running[i].get();
        (listed ? one_answered : one_failed) = true;
        if (!listed) {
            rows[i].problem = redact(listed.error().message);
            continue;
        }
        for (const auto& model : *listed) {
            const bool known = std::ranges::find(rows[i].models, model.name) != rows[i].models.end();
            if (!known) { rows[i].models.push_back(model.name); }
        }
    }
    if (one_answered) { return exit_code::done; }
    return one_failed ? exit_code::upstream : exit_code::credential;
}

void print_json(const std::vector<RouteConfig>& routes, const std::vector<ProviderRow>& rows) {
    auto out = nlohmann::ordered_json::array();
    for (const auto& route : routes) {
        out.push_back({{"route", route.name}, {"strategy", route.strategy}, {"targets", route.targets}});
    }
    for (const auto& row : rows) {
        auto spoken = nlohmann::ordered_json::array();
        for (const auto id : row.provider->dialects) {
            spoken.push_back(to_string(id));
        }
        out.push_back({{"provider", row.provider->name},
                       {"dialects", spoken},
                       {"models", row.models},
                       {"key", row.key.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(row.key)}});
    }
    std::printf("%s\n", out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
}

void print_table(const std::vector<RouteConfig>& routes, const std::vector<ProviderRow>& rows, const Options& options,
                 const Environment& env) {
    Table table({{"MODEL", Align::left, true}, {"FORMATS"}, {"KEY"}});
    bool any_model = false;
    for (const auto& route : routes) {
        table.add_row({route.name, fmt::format("route: {}", fmt::join(route.targets, ", ")), ""});
    }
    for (const auto& row : rows) {
        const auto key = row.key.empty() ? "none" : row.key;
        for (const auto& model : row.models) {
            table.add_row({row.provider->name + "/" + model, dialect_list(*row.provider), key});
        }
        if (!row.models.empty()) { continue; }
        any_model = true;
        table.add_row({row.provider->name + "/*", dialect_list(*row.provider), key});
    }
    std::printf("%s", table.render(Style(env.color), env.stdout_is_tty ? env.width : 0).c_str());
    if (!any_model) { return; }
    std::fflush(stdout);
    std::fprintf(stderr, "* is any model that the provider has%s\n",
                 options.online ? "." : "; --online asks those with a key which these are.");
}

int run(const Environment& env, const Options& options) {
    const auto setup = load_setup(env, options.config);
    if (!setup) { return report_error(setup.error()); }
    std::vector<std::string_view> names;
    for (const auto& provider : setup->providers) {
        names.push_back(provider.name);
    }
    if (!options.provider.empty() && std::ranges::find(names, options.provider) == names.end()) {
        const auto hint = did_you_mean(options.provider, names);
        return report_error({ErrorKind::usage, fmt::format("there is no provider \"{}\"{}", options.provider,
                                                           hint.empty() ? "; there are " + one_of(names) : hint)});
    }
    std::vector<ProviderRow> rows;
    for (const auto& provider : setup->providers) {
        if (!options.provider.empty() && provider.name != options.provider) { continue; }
        rows.push_back({&provider, "", "", provider.models, ""});
    }
    const auto keychain = make_system_keychain(env.self, brisk);
    const bool ask_keychain =
        std::ranges::any_of(rows, [](const ProviderRow& row) { return may_be_in_keychain(*row.provider); });
    const auto stored = ask_keychain ? names_of(keychain->list()) : std::vector<std::string>();
    for (auto& row : rows) {
        find_key(row, stored);
    }
    const int code = options.online ? ask_providers(rows, *keychain) : exit_code::done;
    const auto routes = options.provider.empty() ? setup->config.routes : std::vector<RouteConfig>();
    if (options.json) {
        print_json(routes, rows);
    } else {
        print_table(routes, rows, options, env);
    }
    for (const auto& row : rows) {
        if (!row.problem.empty()) {
            std::fprintf(stderr, "llmgw: %s gave no list: %s\n", row.provider->name.c_str(), row.problem.c_str());
        }
    }
    if (code == exit_code::credential) { std::fprintf(stderr, "llmgw: none has a key to be asked with\n"); }
    return code;
}

}  // namespace

std::function<int()> define_models(CLI::App& app, const Environment& env) {
    auto options = std::make_shared<Options>();
    app.add_option("--provider", options->provider, "Only this provider's");
    app.add_option("--config", options->config, "Another configuration file");
    app.add_flag("--online", options->online, "Ask the providers that have a key, or need none, for their lists");
    app.add_flag("--json", options->json, "Print JSON");
    return [options, &env] { return run(env, *options); };
}

}  // namespace llmgw
