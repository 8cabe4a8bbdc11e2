// llmgw keys set|list|remove: provider keys in the operating system's keychain.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/all.hpp"
#include "cli/secret_input.hpp"
#include "cli/setup.hpp"
#include "core/secrets/child.hpp"
#include "core/secrets/keychain_child.hpp"
#include "core/secrets/reference.hpp"
#include "core/secrets/secrets.hpp"
#include "core/util/text.hpp"
#include "providers/catalogue.hpp"

namespace llmgw {
namespace {

// A person may have to type the keychain's password into its window first.
constexpr std::chrono::seconds patient{60};
constexpr std::chrono::seconds brisk{5};

struct Options {
    std::string provider;
    std::string config;
    bool json = false;
};

struct Target {
    std::string name;
    std::string origin;
    const Provider* provider = nullptr;  // null: known by the catalogue, not configured
};

Result<Target> find_target(const Setup& setup, const std::string& name) {
    std::vector<std::string_view> names;
    for (const auto& provider : setup.providers) {
        if (provider.name == name) { return Target{name, origin_of(provider.base_url), &provider}; }
        names.push_back(provider.name);
    }
    for (const auto& entry : catalogue()) {
        if (entry.name == name) { return Target{name, origin_of(entry.base_url), nullptr}; }
        if (std::ranges::find(names, entry.name) == names.end()) { names.push_back(entry.name); }
    }
    const auto hint = did_you_mean(name, names);
    return fail(ErrorKind::usage, fmt::format("there is no provider \"{}\"{}", name,
                                              hint.empty() ? "; known are " + one_of(names) : hint));
}

// "" or why this cannot be a key. Never repeats it.
std::string complaint_about(const std::string& key) {
    if (key.empty()) { return "no key was given"; }
    if (is_example_key(key)) { return "that is an example value, not a key; nothing was stored"; }
    if (std::ranges::any_of(key, [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return byte <= 0x20 || byte == 0x7f;
        })) {
        return "a key has no spaces or control characters; nothing was stored";
    }
    return {};
}

// What has to be in the file for the stored key to be used; "" when nothing.
std::string hint_after_set(const Target& target, const Setup& setup, const Environment& env) {
    const auto& file = setup.config.path.empty() ? env.config_path : setup.config.path;
    if (target.provider == nullptr) {
        return fmt::format("to use it, add [providers.{}] to {} (an empty table is enough)", target.name, file);
    }
    const auto reference = parse_reference(target.provider->api_key);
    const bool used = reference && reference->name == target.name &&
                      (reference->kind == KeyKind::keychain || reference->kind == KeyKind::automatic);
    if (used) { return {}; }
    return fmt::format("to use it, set api_key = \"keychain:{0}\" in [providers.{0}] of {1}", target.name, file);
}

int set_key(const Environment& env, const Options& options) {
    const auto setup = load_setup(env, options.config);
    if (!setup) { return report_error(setup.error()); }
    const auto target = find_target(*setup, options.provider);
    if (!target) { return report_error(target.error()); }
    auto key = read_secret(fmt::format("Key for {} ({}), not shown: ", target->name, target->origin));
    if (!key) { return report_error(key.error()); }
    if (const auto complaint = complaint_about(*key); !complaint.empty()) {
        wipe(*key);
        return report_error({ErrorKind::credential, complaint});
    }
    const auto keychain = make_system_keychain(env.self, patient);
    const auto stored = keychain->set(target->name, target->origin, *key);
    const auto tail = masked(*key);
    wipe(*key);
    if (!stored) { return report_error({ErrorKind::credential, "the key was not stored: " + stored.error().message}); }
    std::fprintf(stderr, "%s: key %s is in the keychain, for %s only\n", target->name.c_str(), tail.c_str(),
                 target->origin.c_str());
    if (const auto hint = hint_after_set(*target, *setup, env); !hint.empty()) {
        std::fprintf(stderr, "%s\n", hint.c_str());
    }
    return exit_code::done;
}

int remove_key(const Environment& env, const Options& options) {
    // Any name may be removed: the provider may be gone from the file already.
    const auto keychain = make_system_keychain(env.self, patient);
    const auto removed = keychain->remove(options.provider);
    if (!removed) {
        if (removed.error().kind == ErrorKind::not_found) {
            return report_error(
                {ErrorKind::credential, fmt::format("the keychain has no key named \"{}\"", options.provider)});
        }
        return report_error(removed.error());
    }
    std::fprintf(stderr, "%s: removed from the keychain\n", options.provider.c_str());
    return exit_code::done;
}

struct Row {
    std::string provider;
    std::string source;
    std::string tail;    // "…abcd", "" when the key was not looked at
    std::string origin;  // where the key may go
    std::string problem;
};

// A command may ask for a fingerprint, so a list does not run it.
bool may_look(const std::string& source) {
    return source == "keychain" || source.starts_with("env ") || source.starts_with("file ");
}

std::vector<Row> rows(const Setup& setup, Keychain& keychain, const std::vector<std::string>& stored) {
    std::vector<Row> out;
    const auto in_keychain = [&](const std::string& name) { return std::ranges::find(stored, name) != stored.end(); };
    std::vector<std::string> used;
    for (const auto& provider : setup.providers) {
        const auto reference = parse_reference(provider.api_key).value_or(KeyReference{});
        const bool named = reference.kind == KeyKind::keychain || reference.kind == KeyKind::automatic;
        if (named) { used.push_back(reference.name); }
        const bool has = named && in_keychain(reference.name);
        Row row{provider.name, describe_key_source(provider, has, process_env), "", origin_of(provider.base_url), ""};
        if (may_look(row.source)) {
            // Without an entry the keychain need not be asked again.
            auto key = SecretResolver(has ? &keychain : nullptr).resolve(provider.api_key, row.origin);
            if (key) {
                row.tail = masked(*key);
                wipe(*key);
            } else {
                row.problem = key.error().message;
            }
        }
        out.push_back(std::move(row));
    }
    for (const auto& name : stored) {
        // llmgw's own client key lives there too; it is no provider's.
        if (name == "llmgw-client" || std::ranges::find(used, name) != used.end()) { continue; }
        out.push_back({name, "keychain", "", "", "no provider uses it"});
    }
    return out;
}

void print_rows(const std::vector<Row>& rows) {
    std::size_t name_width = 8;
    std::size_t source_width = 6;
    for (const auto& row : rows) {
        name_width = std::max(name_width, row.provider.size());
        source_width = std::max(source_width, row.source.size());
    }
    const auto print = [&](const std::string& text) { std::printf("%s\n", text.c_str()); };
    print(fmt::format("{:<{}}  {:<{}}  {:<5}  {}", "PROVIDER", name_width, "SOURCE", source_width, "KEY", "FOR"));
    for (const auto& row : rows) {
        const auto note = row.problem.empty() ? row.origin : row.problem;
        // The ellipsis is one column and three bytes: fmt counts columns.
        print(fmt::format("{:<{}}  {:<{}}  {:<5}  {}", row.provider, name_width, row.source, source_width, row.tail,
                          note));
    }
}

int list_keys(const Environment& env, const Options& options) {
    const auto setup = load_setup(env, options.config);
    if (!setup) { return report_error(setup.error()); }
    const auto keychain = make_system_keychain(env.self, brisk);
    const auto stored = keychain->list();
    const auto all = rows(*setup, *keychain, stored.value_or(std::vector<std::string>()));
    if (options.json) {
        nlohmann::ordered_json out = {{"keychain", stored ? nlohmann::ordered_json(keychain->backend()) : nullptr},
                                      {"keychain_problem", stored ? nlohmann::ordered_json(nullptr)
                                                                  : nlohmann::ordered_json(stored.error().message)}};
        out["keys"] = nlohmann::ordered_json::array();
        for (const auto& row : all) {
            const auto text = [](const std::string& value) {
                return value.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(value);
            };
            out["keys"].push_back({{"provider", row.provider},
                                   {"source", row.source},
                                   {"last", text(row.tail)},
                                   {"origin", text(row.origin)},
                                   {"problem", text(row.problem)}});
        }
        std::printf("%s\n", out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
        return exit_code::done;
    }
    print_rows(all);
    if (!stored) { std::fprintf(stderr, "llmgw: %s\n", stored.error().message.c_str()); }
    return exit_code::done;
}

}  // namespace

std::function<int()> define_keys(CLI::App& app, const Environment& env) {
    auto options = std::make_shared<Options>();
    app.require_subcommand(1);
    auto* set_app = app.add_subcommand("set", "Store a provider's key: asked for without echo, or read from a pipe");
    set_app->add_option("PROVIDER", options->provider, "A provider's name, like anthropic")->required();
    auto* list_app = app.add_subcommand("list", "Tell where each provider's key comes from");
    list_app->add_flag("--json", options->json, "Print JSON");
    auto* remove_app = app.add_subcommand("remove", "Take a key out of the keychain");
    remove_app->add_option("PROVIDER", options->provider, "A provider's name, like anthropic")->required();
    for (auto* sub : {set_app, list_app}) {
        sub->add_option("--config", options->config, "Another configuration file");
    }
    return [options, &env, set_app, list_app, remove_app] {
        if (set_app->parsed()) { return set_key(env, *options); }
        if (list_app->parsed()) { return list_keys(env, *options); }
        if (remove_app->parsed()) { return remove_key(env, *options); }
        return exit_code::usage;
    };
}

std::function<int()> define_internal_keychain(CLI::App&, const Environment&) {
    return [] { return run_keychain_child(); };
}

}  // namespace llmgw
