#pragma once

#include <functional>

#include "cli/command.hpp"

namespace llmgw {

std::function<int()> define_models(CLI::App& app, const Environment& env);

}  // namespace llmgw
