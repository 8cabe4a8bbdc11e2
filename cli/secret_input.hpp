// Asks for a secret without showing it.
#pragma once

#include <string>

#include "core/util/result.hpp"

namespace llmgw {

// On a terminal: prints the prompt to standard error and reads a line with the echo off, which is put back whatever
// happens; ErrorKind::cancelled when nothing was typed. Otherwise: all of standard input, without a prompt; it must not
// have more than one line. Spaces and line ends at both ends are dropped, so that what is left may be empty.
Result<std::string> read_secret(const std::string& prompt);

// Whether read_secret() will ask a person.
bool asks_for_secrets();

}  // namespace llmgw
