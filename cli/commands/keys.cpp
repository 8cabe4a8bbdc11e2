// llmgw keys: provider keys in the operating system's keychain. The commands themselves are in cli/keys/.
#include "cli/keys/keys.hpp"

#include <array>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands/all.hpp"
#include "core/secrets/keychain_child.hpp"
#include "core/telemetry/redact.hpp"

namespace llmgw {
namespace {

constexpr int timeout_s_max = 600;

enum class Whose { nobodys, one, one_or_all };

struct Subcommand {
    const char* name;
    const char* summary;
    const char* example;
    int (*run)(const Environment& env, const KeysOptions& options);
    Whose whose;
    bool json;
    const char* timeout;
};

constexpr std::array<Subcommand, 5> subcommands{{
    {"set", "Store a provider's key: asked for without echo, or read from a pipe",
     "llmgw keys set anthropic\n  pass show anthropic | llmgw keys set anthropic", &set_key, Whose::one, false,
     "Longest wait for the keychain, in seconds (60)"},
    {"list", "Tell where each provider's key comes from, and its last characters",
     "llmgw keys list\n  llmgw keys list --json", &list_keys, Whose::nobodys, true,
     "Longest wait for the keychain, in seconds (5)"},
    {"test", "Ask the provider whether it takes the key, with a call that costs nothing; without a name all of them",
     "llmgw keys test\n  llmgw keys test openai --json", &test_keys, Whose::one_or_all, true,
     "Longest wait for the keychain and for a provider, in seconds (20)"},
    {"rotate", "Put a new key in the place of the old one, once the provider has taken it",
     "llmgw keys rotate anthropic\n  pass show anthropic/new | llmgw keys rotate anthropic", &rotate_key, Whose::one,
     false, "Longest wait for the keychain (60) and for the provider (20), in seconds"},
    {"remove", "Take a key out of the keychain", "llmgw keys remove anthropic", &remove_key, Whose::one, false,
     "Longest wait for the keychain, in seconds (60)"},
}};

// "" when there is nothing left over.
std::string complaint_about(const std::vector<std::string>& extras) {
    if (extras.empty()) { return {}; }
    for (const auto& extra : extras) {
        if (!extra.starts_with("-")) { return std::string(not_on_the_command_line); }
    }
    return "The following argument was not expected: " + redact(extras.front());
}

}  // namespace

std::function<int()> define_keys(CLI::App& app, const Environment& env) {
    auto options = std::make_shared<KeysOptions>();
    app.require_subcommand(1);
    std::vector<CLI::App*> subs;
    for (const auto& row : subcommands) {
        auto* sub = app.add_subcommand(row.name, row.summary);
        sub->footer("Example:\n  " + std::string(row.example));
        if (row.whose != Whose::nobodys) {
            sub->add_option("PROVIDER", options->provider, "A provider's name, like anthropic")
                ->required(row.whose == Whose::one);
        }
        // A key among the arguments is refused by us: the usual refusal would repeat it.
        if (row.whose == Whose::one) { sub->allow_extras(); }
        if (row.json) { sub->add_flag("--json", options->json, "Print JSON"); }
        if (row.run == &rotate_key) {
            sub->add_flag("--no-test", options->no_test,
                          "Store the new key without asking the provider, where it cannot be asked from here");
        }
        sub->add_option("--timeout", options->timeout_s, row.timeout)->check(CLI::Range(1, timeout_s_max));
        sub->add_option("--config", options->config, "Another configuration file");
        subs.push_back(sub);
    }
    return [options, &env, subs] {
        for (std::size_t i = 0; i < subs.size(); ++i) {
            if (!subs[i]->parsed()) { continue; }
            if (const auto complaint = complaint_about(subs[i]->remaining()); !complaint.empty()) {
                return report_error({ErrorKind::usage, complaint});
            }
            return subcommands[i].run(env, *options);
        }
        return exit_code::usage;
    };
}

std::function<int()> define_internal_keychain(CLI::App&, const Environment&) {
    return [] { return run_keychain_child(); };
}

}  // namespace llmgw
