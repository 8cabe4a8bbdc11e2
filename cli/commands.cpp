#include <array>

#include "cli/command.hpp"
#include "cli/commands/usage.hpp"

namespace llmgw {
namespace {

constexpr std::array command_table{
    Command{"usage", "Spend reports from the local log", "llmgw usage --by feature,model --since 7d", &define_usage},
};

}  // namespace

std::span<const Command> commands() {
    return command_table;
}

}  // namespace llmgw
