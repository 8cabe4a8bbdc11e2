// llmgw keys list
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/keys/keys.hpp"
#include "cli/keys/presence.hpp"

namespace llmgw {
namespace {

struct Row {
    std::string provider;
    std::string source;
    std::string tail;    // "…abcd", "" when the key was not looked at
    std::string origin;  // where the key may go
    std::string problem;
};

std::vector<Row> rows(const std::vector<KeyPresence>& keys, const std::vector<std::string>& stored) {
    std::vector<Row> out;
    std::vector<std::string> used;
    for (const auto& key : keys) {
        const auto kind = key.reference.kind;
        if (kind == KeyKind::keychain || kind == KeyKind::automatic) { used.push_back(key.reference.name); }
        out.push_back({key.provider.name, key.source, key.tail, origin_of(key.provider.base_url), key.problem});
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
    const auto all = rows(look_for_keys(setup->providers, *keychain, stored), names_of(stored));
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
    if (!stored && keychain_matters(*setup)) { std::fprintf(stderr, "llmgw: %s\n", stored.error().message.c_str()); }
    return exit_code::done;
}

}  // namespace llmgw
