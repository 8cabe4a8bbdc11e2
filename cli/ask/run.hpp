// `llmgw ask`, once its command line is read.
#pragma once

#include "cli/ask/options.hpp"
#include "cli/environment.hpp"

namespace llmgw {

// Each returns the exit code.
int run_ask(const AskOptions& options, const Environment& env);
// --list, --forget, --prune
int manage_conversations(const AskOptions& options, const Environment& env);

}  // namespace llmgw
