// The commands' entry points, one per file of this folder. Listed in cli/commands.cpp.
#pragma once

#include <functional>

#include "cli/command.hpp"

namespace llmgw {

std::function<int()> define_serve(CLI::App& app, const Environment& env);
std::function<int()> define_ask(CLI::App& app, const Environment& env);
std::function<int()> define_env(CLI::App& app, const Environment& env);
std::function<int()> define_doctor(CLI::App& app, const Environment& env);
std::function<int()> define_demo(CLI::App& app, const Environment& env);
std::function<int()> define_keys(CLI::App& app, const Environment& env);
std::function<int()> define_internal_keychain(CLI::App& app, const Environment& env);
std::function<int()> define_usage(CLI::App& app, const Environment& env);
std::function<int()> define_logs(CLI::App& app, const Environment& env);
std::function<int()> define_models(CLI::App& app, const Environment& env);
std::function<int()> define_routes(CLI::App& app, const Environment& env);
std::function<int()> define_prices(CLI::App& app, const Environment& env);
std::function<int()> define_config(CLI::App& app, const Environment& env);
std::function<int()> define_completions(CLI::App& app, const Environment& env);
std::function<int()> define_internal_words(CLI::App& app, const Environment& env);
std::function<int()> define_help(CLI::App& app, const Environment& env);

}  // namespace llmgw
