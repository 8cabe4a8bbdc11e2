// Asks for a secret without showing it.
#pragma once

#include <string>

#include "core/util/result.hpp"

namespace llmgw {

// On a terminal: prints the prompt to standard error and reads a line with the echo off, which is put back whatever
// happens. Otherwise: the first line of standard input, without a prompt. Spaces and line ends at both ends are
// dropped. ErrorKind::cancelled when the input ends without a line.
Result<std::string> read_secret(const std::string& prompt);

}  // namespace llmgw
