// Runs another program for a short while: no shell, no inherited sockets, no input from the terminal, and never
// longer than a limit. child.cpp for Linux and macOS, child_windows.cpp for Windows; only Linux is tested.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/util/result.hpp"

namespace llmgw {

struct ChildRun {
    std::vector<std::string> argv;         // argv[0] is a path, or a name looked up in PATH
    std::vector<std::string> environment;  // NAME=value, all of it
    std::string_view input;                // written to its standard input, which is then closed
    std::chrono::milliseconds limit{5000};
    std::size_t output_bytes_max = 1 << 20;
};

struct ChildExit {
    int code = 0;  // exit code, or 128 + signal
    std::string output;
};

// Standard error goes to /dev/null: what such programs write there may hold what they were asked for.
// The child leads its own process group, which is killed whole when the limit passes (ErrorKind::timeout) or
// the output grows too long (ErrorKind::too_large); ErrorKind::io when it cannot be started.
Result<ChildExit> run_child(const ChildRun& run);

// Our own environment as NAME=value; with names given, only those that are set.
std::vector<std::string> environment_list();
std::vector<std::string> environment_list(const std::vector<std::string>& names);

// Overwrites a string that held a secret before it is freed.
void wipe(std::string& text);
void wipe(void* bytes, std::size_t size);

}  // namespace llmgw
