#include <array>

#include "cli/command.hpp"

namespace llmgw {

std::span<const Command> commands() {
    return {};
}

}  // namespace llmgw
