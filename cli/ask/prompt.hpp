// From the command line to what a question consists of.
#pragma once

#include <string>
#include <vector>

#include "cli/ask/options.hpp"
#include "cli/ask/request.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// The words joined by blanks, then `piped` after an empty line, line ends at its end dropped. Pure.
std::string joined_prompt(const std::vector<std::string>& words, std::string piped);

// The question: files first, then the words and standard input, which is read when it is no terminal and no file stands
// for it. ErrorKind::usage: nothing to ask, standard input is no text or holds more than `stdin_bytes_max`, or a file
// that cannot go along.
Result<std::vector<AskPart>> read_question(const AskOptions& options, std::size_t stdin_bytes_max);

// k=v pairs as the JSON object of the x-llmgw-metadata header; "" for none. ASCII only, so that it may stand in a
// header. ErrorKind::usage: no "=", no key, a key twice, or more than 4096 bytes. Pure.
Result<std::string> metadata_json(const std::vector<std::string>& pairs);

}  // namespace llmgw
