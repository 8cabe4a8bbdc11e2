// llmgw keys test: does the provider take the key?
#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/keys/keys.hpp"
#include "cli/keys/presence.hpp"
#include "cli/keys/trial.hpp"
#include "core/secrets/reference.hpp"

namespace llmgw {
namespace {

struct OutcomeRow {
    TrialOutcome outcome;
    std::string_view shown;
    std::string_view json;
    int exit;
};

// The exit code of several is that of the first row here that any of them has.
constexpr std::array<OutcomeRow, 6> outcomes{{
    {TrialOutcome::bad, "bad key", "bad_key", exit_code::credential},
    {TrialOutcome::refused, "refused", "refused", exit_code::credential},
    {TrialOutcome::no_key, "no key", "no_key", exit_code::credential},
    {TrialOutcome::failed, "failed", "failed", exit_code::upstream},
    {TrialOutcome::unproven, "unproven", "unproven", exit_code::failed},
    {TrialOutcome::good, "ok", "ok", exit_code::done},
}};

const OutcomeRow& row_of(TrialOutcome outcome) {
    return *std::ranges::find(outcomes, outcome, &OutcomeRow::outcome);
}

std::string said_of(const KeyTrial& trial) {
    return trial.remedy.empty() ? trial.message : trial.message + "; " + trial.remedy;
}

KeyReference reference_of(const Provider& provider) {
    return parse_reference(provider.api_key).value_or(KeyReference{});
}

// Those that have a key of their own, as far as can be told without reading it.
std::vector<Provider> with_a_key(const Setup& setup, const std::vector<std::string>& stored) {
    std::vector<Provider> out;
    for (const auto& provider : one_for_each_key(setup.providers)) {
        const auto reference = reference_of(provider);
        if (reference.kind == KeyKind::none || reference.kind == KeyKind::passthrough) { continue; }
        const bool has = std::ranges::find(stored, reference.name) != stored.end();
        // These are looked for without anybody having asked for them.
        if (reference.kind == KeyKind::automatic && describe_key_source(provider, has, process_env) == "none") {
            continue;
        }
        out.push_back(provider);
    }
    return out;
}

Result<std::vector<Provider>> chosen(const Setup& setup, const KeysOptions& options,
                                     const std::vector<std::string>& stored) {
    if (options.provider.empty()) { return with_a_key(setup, stored); }
    const auto target = find_key_target(setup, options.provider);
    if (!target) { return std::unexpected(target.error()); }
    const auto& name = target->provider.name;
    const auto kind = reference_of(target->provider).kind;
    if (kind == KeyKind::passthrough) {
        return fail(ErrorKind::credential, name + " is called with the client's own key; there is none here to test");
    }
    if (kind == KeyKind::none) {
        return fail(ErrorKind::credential, name + " is called without a key; there is none to test");
    }
    // By its own name all of its keys are meant; by a keychain entry's, the one that is there.
    if (std::ranges::find(setup.providers, options.provider, &Provider::name) != setup.providers.end()) {
        return one_for_each_key({target->provider});
    }
    return std::vector{target->provider};
}

void print_rows(const std::vector<KeyTrial>& rows) {
    std::size_t width = 0;
    for (const auto& row : rows) {
        width = std::max(width, row.provider.name.size());
    }
    for (const auto& row : rows) {
        const bool good = row.outcome == TrialOutcome::good;
        const auto detail =
            good ? fmt::format("{} ms  {}", row.latency_ms, origin_of(row.provider.base_url)) : said_of(row);
        std::printf("%s\n", fmt::format("{:<{}}  {:<8}  {:<5}  {}", row.provider.name, width, row_of(row.outcome).shown,
                                        row.tail, detail)
                                .c_str());
    }
}

void print_json(const std::vector<KeyTrial>& rows) {
    nlohmann::ordered_json out;
    out["keys"] = nlohmann::ordered_json::array();
    const auto text = [](const std::string& value) {
        return value.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(value);
    };
    for (const auto& row : rows) {
        out["keys"].push_back({{"provider", row.provider.name},
                               {"source", row.source},
                               {"last", text(row.tail)},
                               {"origin", origin_of(row.provider.base_url)},
                               {"result", row_of(row.outcome).json},
                               {"latency_ms", row.outcome == TrialOutcome::good ? nlohmann::ordered_json(row.latency_ms)
                                                                                : nlohmann::ordered_json(nullptr)},
                               {"message", text(said_of(row))}});
    }
    std::printf("%s\n", out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
}

int exit_code_of(const std::vector<KeyTrial>& rows) {
    for (const auto& candidate : outcomes) {
        if (std::ranges::find(rows, candidate.outcome, &KeyTrial::outcome) != rows.end()) { return candidate.exit; }
    }
    return exit_code::credential;
}

}  // namespace

int test_keys(const Environment& env, const KeysOptions& options) {
    const auto setup = load_setup(env, options.config);
    if (!setup) { return report_error(setup.error()); }
    const auto keychain = open_keychain(env, options, test_limit);
    const auto stored = keychain->list();
    const auto providers = chosen(*setup, options, names_of(stored));
    if (!providers) { return report_error(providers.error()); }
    const auto rows = try_keys(*providers, *keychain, stored, !options.provider.empty(), limit_of(options, test_limit));
    if (options.json) {
        print_json(rows);
    } else {
        print_rows(rows);
    }
    // Said once, and only where it may be why a provider is missing above.
    if (!stored && options.provider.empty() && keychain_matters(*setup)) {
        std::fprintf(stderr, "llmgw: %s\n", stored.error().message.c_str());
    }
    if (rows.empty()) {
        std::fprintf(stderr, "llmgw: no provider has a key; a first one: %s\n",
                     first_key_remedy(stored.has_value()).c_str());
    }
    return exit_code_of(rows);
}

}  // namespace llmgw
