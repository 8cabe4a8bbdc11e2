#include <array>

#include "cli/command.hpp"
#include "cli/commands/all.hpp"

namespace llmgw {
namespace {

constexpr std::array command_table{
    Command{"serve", "Run the local gateway", "llmgw serve --listen 127.0.0.1:4117", &define_serve},
};

}  // namespace

std::span<const Command> commands() {
    return command_table;
}

}  // namespace llmgw
