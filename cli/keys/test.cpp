// llmgw keys test: does the provider take the key?
#include <algorithm>
#include <array>
#include <cstdio>
#include <future>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/keys/keys.hpp"
#include "core/net/http_transport.hpp"
#include "core/provider/credential.hpp"
#include "core/provider/key_test.hpp"
#include "core/secrets/child.hpp"
#include "core/secrets/reference.hpp"
#include "providers/key_checks.hpp"
#include "providers/registry.hpp"

namespace llmgw {
namespace {

enum class Outcome { good, bad, refused, no_key, failed, unproven };

struct OutcomeRow {
    Outcome outcome;
    std::string_view shown;
    std::string_view json;
    int exit;
};

// The exit code of several is that of the first row here that any of them has.
constexpr std::array<OutcomeRow, 6> outcomes{{
    {Outcome::bad, "bad key", "bad_key", exit_code::credential},
    {Outcome::refused, "refused", "refused", exit_code::credential},
    {Outcome::no_key, "no key", "no_key", exit_code::credential},
    {Outcome::failed, "failed", "failed", exit_code::upstream},
    {Outcome::unproven, "unproven", "unproven", exit_code::failed},
    {Outcome::good, "ok", "ok", exit_code::done},
}};

const OutcomeRow& row_of(Outcome outcome) {
    return *std::ranges::find(outcomes, outcome, &OutcomeRow::outcome);
}

Outcome outcome_of(KeyVerdict verdict) {
    switch (verdict) {
        case KeyVerdict::good: return Outcome::good;
        case KeyVerdict::bad: return Outcome::bad;
        case KeyVerdict::refused: return Outcome::refused;
        case KeyVerdict::unproven: return Outcome::unproven;
        case KeyVerdict::failed: break;
    }
    return Outcome::failed;
}

struct Row {
    Provider provider;
    std::string source;  // as in keys list
    std::string key;     // wiped after the test
    std::string tail;
    Outcome outcome = Outcome::no_key;
    std::int64_t latency_ms = 0;
    std::string message;
};

// What to do about a key that the provider does not take.
std::string remedy(const Row& row) {
    const auto reference = parse_reference(row.provider.api_key).value_or(KeyReference{});
    if (row.source.starts_with("env ")) { return "put another into " + row.source.substr(4); }
    if (reference.kind == KeyKind::file) { return "put another into " + reference.name; }
    if (reference.kind == KeyKind::cmd) { return "change it where its command reads it"; }
    // Of several keys, the one that this is.
    const auto& name = reference.kind == KeyKind::keychain ? reference.name : row.provider.name;
    return "store another with: llmgw keys set " + name;
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

Result<std::string> credential_of(const Provider& provider, const SecretResolver& resolver, Transport& transport) {
    const SystemClock clock;
    auto got = obtain_credential(provider, {.resolver = resolver, .transport = &transport, .clock = clock});
    if (!got) { return std::unexpected(got.error()); }
    return std::move(got->text);
}

void test_all(std::vector<Row>& rows, Transport& transport, std::chrono::milliseconds limit) {
    const SystemClock clock;
    const KeyTestTools tools{transport, dialects(), clock, limit};
    std::vector<std::future<KeyTest>> running;
    for (const auto& row : rows) {
        running.push_back(row.key.empty() ? std::future<KeyTest>() : std::async(std::launch::async, [&tools, &row] {
            return test_key(row.provider, row.key, key_check(row.provider), tools);
        }));
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!running[i].valid()) { continue; }
        auto tested = running[i].get();
        auto& row = rows[i];
        row.outcome = outcome_of(tested.verdict);
        row.latency_ms = tested.latency_ms;
        row.message = std::move(tested.message);
        if (row.outcome == Outcome::bad || row.outcome == Outcome::refused) { row.message += "; " + remedy(row); }
        wipe(row.key);
    }
}

void print_rows(const std::vector<Row>& rows) {
    std::size_t width = 0;
    for (const auto& row : rows) {
        width = std::max(width, row.provider.name.size());
    }
    for (const auto& row : rows) {
        const bool good = row.outcome == Outcome::good;
        const auto detail =
            good ? fmt::format("{} ms  {}", row.latency_ms, origin_of(row.provider.base_url)) : row.message;
        std::printf("%s\n", fmt::format("{:<{}}  {:<8}  {:<5}  {}", row.provider.name, width, row_of(row.outcome).shown,
                                        row.tail, detail)
                                .c_str());
    }
}

void print_json(const std::vector<Row>& rows) {
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
                               {"latency_ms", row.outcome == Outcome::good ? nlohmann::ordered_json(row.latency_ms)
                                                                           : nlohmann::ordered_json(nullptr)},
                               {"message", text(row.message)}});
    }
    std::printf("%s\n", out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
}

int exit_code_of(const std::vector<Row>& rows) {
    for (const auto& candidate : outcomes) {
        if (std::ranges::find(rows, candidate.outcome, &Row::outcome) != rows.end()) { return candidate.exit; }
    }
    return exit_code::credential;
}

}  // namespace

int test_keys(const Environment& env, const KeysOptions& options) {
    const auto setup = load_setup(env, options.config);
    if (!setup) { return report_error(setup.error()); }
    const auto keychain = open_keychain(env, options, test_limit);
    const auto stored = keychain->list();
    const auto names = stored.value_or(std::vector<std::string>());
    const auto providers = chosen(*setup, options, names);
    if (!providers) { return report_error(providers.error()); }

    std::vector<Row> rows;
    // A keychain that did not answer is not asked again for every provider; for one it is: a locked one may be
    // unlocked.
    const bool ask_keychain = stored || !options.provider.empty();
    const SecretResolver resolver(ask_keychain ? keychain.get() : nullptr);
    const auto transport = make_http_transport();
    for (const auto& provider : *providers) {
        const bool has = std::ranges::find(names, reference_of(provider).name) != names.end();
        Row row{.provider = provider,
                .source = describe_key_source(provider, has, process_env),
                .key = {},
                .tail = {},
                .message = {}};
        auto key = credential_of(provider, resolver, *transport);
        if (key) {
            row.tail = masked(*key);
            row.key = std::move(*key);
        } else {
            const bool unreached = !ask_keychain && reference_of(provider).kind == KeyKind::keychain;
            row.message = unreached ? stored.error().message : key.error().message;
        }
        rows.push_back(std::move(row));
    }
    test_all(rows, *transport, limit_of(options, test_limit));
    if (options.json) {
        print_json(rows);
    } else {
        print_rows(rows);
    }
    // Said once, and only where it may be why a provider is missing above.
    if (!stored && options.provider.empty()) { std::fprintf(stderr, "llmgw: %s\n", stored.error().message.c_str()); }
    if (rows.empty()) {
        std::fprintf(stderr, "llmgw: no provider has a key; store one with: llmgw keys set anthropic\n");
    }
    return exit_code_of(rows);
}

}  // namespace llmgw
