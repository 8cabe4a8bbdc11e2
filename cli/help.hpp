// What is printed instead of running a command: help, and what is wrong with a command line.
#pragma once

#include <span>
#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace llmgw {

// As COMMAND --help prints it.
std::string help_of(const CLI::App& command);

// The command that the words lead to from `root`, {"keys", "set"} for example. ErrorKind::usage is told and nullptr
// returned when there is none.
const CLI::App* find_command(const CLI::App& root, std::span<const std::string> words);

// Tells why the command line was not understood, or prints the help or the version that it asked for. The exit code.
int tell_parse_error(CLI::App& root, const CLI::ParseError& error);

}  // namespace llmgw
