#include <array>

#include "cli/command.hpp"
#include "cli/commands/all.hpp"

namespace llmgw {
namespace {

constexpr std::array command_table{
    Command{"serve", "Run the local gateway", "llmgw serve --listen 127.0.0.1:4117", &define_serve},
    Command{"ask", "Ask one question; standard input is appended",
            "git diff | llmgw ask --feature review -m claude-haiku-4-5 'Review this'", &define_ask},
    Command{"env", "Print what to set so that a client uses the gateway", "eval \"$(llmgw env claude)\"", &define_env},
    Command{"keys", "Provider keys in the system's keychain", "llmgw keys set anthropic", &define_keys},
    Command{"usage", "Spend reports from the local log", "llmgw usage --by feature,model --since 7d", &define_usage},
    Command{"logs", "The calls themselves, newest last", "llmgw logs -n 50 --where status=failed", &define_logs},
    Command{"models", "What can be asked for", "llmgw models --provider anthropic", &define_models},
    Command{"routes", "Which targets a call would try, in order, and why",
            "llmgw routes explain fast --request call.json", &define_routes},
    Command{"prices", "The prices llmgw counts with", "llmgw prices show claude-opus-5", &define_prices},
    Command{"config", "The configuration file", "llmgw config check", &define_config},
    Command{"doctor", "What works, what does not, what to do about it", "llmgw doctor --online", &define_doctor},
    Command{"demo", "The whole thing on a simulated provider, offline", "llmgw demo", &define_demo},
    Command{"completions", "Print shell completions",
            "llmgw completions bash > ~/.local/share/bash-completion/completions/llmgw", &define_completions},
    Command{"help", "Print what --help prints", "llmgw help keys set", &define_help},
    Command{"internal-keychain", "Talks to the keychain for llmgw itself", "", &define_internal_keychain, true},
    Command{"internal-words", "What completions offer", "", &define_internal_words, true},
};

}  // namespace

std::span<const Command> commands() {
    return command_table;
}

}  // namespace llmgw
