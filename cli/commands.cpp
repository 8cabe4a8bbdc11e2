#include <array>

#include "cli/command.hpp"

namespace llmgw {

std::function<int()> define_prices(CLI::App& app, const Environment& env);

std::span<const Command> commands() {
    static constexpr std::array table = {
        Command{"prices", "Show the prices llmgw counts with", "llmgw prices show claude-opus-5", define_prices},
    };
    return table;
}

}  // namespace llmgw
