// llmgw keys list
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/keys/keys.hpp"
#include "core/secrets/child.hpp"
#include "core/secrets/reference.hpp"

namespace llmgw {
namespace {

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

// `names`: the entries' names, null when the keychain could not be asked.
std::vector<Row> rows(const Setup& setup, Keychain& keychain, const std::vector<std::string>* names) {
    const auto stored = names != nullptr ? *names : std::vector<std::string>();
    std::vector<Row> out;
    const auto in_keychain = [&](const std::string& name) { return std::ranges::find(stored, name) != stored.end(); };
    std::vector<std::string> used;
    for (const auto& provider : one_for_each_key(setup.providers)) {
        const auto reference = parse_reference(provider.api_key).value_or(KeyReference{});
        const bool named = reference.kind == KeyKind::keychain || reference.kind == KeyKind::automatic;
        if (named) { used.push_back(reference.name); }
        const bool has = named && in_keychain(reference.name);
        Row row{provider.name, describe_key_source(provider, has, process_env), "", origin_of(provider.base_url), ""};
        if (names == nullptr && reference.kind == KeyKind::keychain) {
            row.source = "keychain";
            row.problem = "the keychain could not be asked";
        } else if (may_look(row.source)) {
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

}  // namespace

int list_keys(const Environment& env, const KeysOptions& options) {
    const auto setup = load_setup(env, options.config);
    if (!setup) { return report_error(setup.error()); }
    const auto keychain = open_keychain(env, options, brisk);
    const auto stored = keychain->list();
    const auto all = rows(*setup, *keychain, stored ? &*stored : nullptr);
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

}  // namespace llmgw
