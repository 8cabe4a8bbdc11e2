// A command of the llmgw binary. One file in cli/commands/, one line in cli/commands.cpp.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "cli/environment.hpp"
#include "core/util/result.hpp"

namespace CLI {
class App;
}

namespace llmgw {

// Exit codes: part of the contract.
namespace exit_code {
inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int usage = 2;
inline constexpr int config = 3;
inline constexpr int credential = 4;
inline constexpr int limit = 5;
inline constexpr int upstream = 6;
inline constexpr int guardrail = 7;
inline constexpr int interrupted = 130;
}  // namespace exit_code

// Adds the command's options to `app` and returns what to run once they are parsed. The returned function
// gives the exit code. `env` outlives it. Data goes to stdout, everything else to stderr.
using DefineCommand = std::function<int()> (*)(CLI::App& app, const Environment& env);

struct Command {
    std::string_view name;
    std::string_view summary;  // one line, for `llmgw --help`
    std::string_view example;  // shown under the command's own --help
    DefineCommand define;
    bool hidden = false;
};

// The table, in the order of `llmgw --help`.
std::span<const Command> commands();

// Prints "llmgw: message" to stderr and returns the exit code that belongs to the kind.
int report_error(const Error& error);

}  // namespace llmgw
