#include <array>

#include "cli/command.hpp"
#include "cli/commands/config.hpp"
#include "cli/commands/keys.hpp"
#include "cli/commands/models.hpp"

namespace llmgw {

std::span<const Command> commands() {
    static constexpr std::array table{
        Command{"keys", "Provider keys in the system's keychain", "llmgw keys set anthropic", define_keys},
        Command{"models", "What can be asked for", "llmgw models --provider anthropic", define_models},
        Command{"config", "The configuration file", "llmgw config check", define_config},
        Command{"internal-keychain", "Talks to the keychain for llmgw itself", "", define_internal_keychain, true},
    };
    return table;
}

}  // namespace llmgw
