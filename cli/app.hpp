// The command line: parse what was typed, then run it.
#pragma once

#include <memory>

#include "cli/environment.hpp"

namespace CLI {
class App;
}

namespace llmgw {

// Builds the whole command tree; `exit_code` receives what the chosen command returns. Completions, the man
// page and the README test walk the same tree.
std::unique_ptr<CLI::App> build_app(Environment& env, int& exit_code);

int run_app(int argc, char** argv);

}  // namespace llmgw
