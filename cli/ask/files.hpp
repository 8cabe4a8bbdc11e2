// Files given to a question: what they are, told by their content, and how they go along with it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/ask/request.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// As large as the smallest of the providers' own limits for one file allows.
inline constexpr std::size_t ask_file_bytes_max = 20 << 20;

// What the first bytes say: image/png, image/jpeg, image/gif, image/webp, application/pdf; text/plain for UTF-8 text
// without control characters that text has not; "" for anything else.
std::string_view media_type_of(std::string_view bytes);

// A file as a part: text is put between <file name="..."> and </file>, an image or a PDF goes as it is. `name` is what
// the model is told. ErrorKind::usage for content no model takes (it says what it looks like), or an empty file.
Result<AskPart> file_part(const std::string& name, std::string_view bytes);

// The file at `path`; "-" is standard input. ErrorKind::usage: missing, a directory, not readable, larger than
// ask_file_bytes_max, or as file_part.
Result<AskPart> read_ask_file(const std::string& path);

// All of standard input, ErrorKind::usage above `max_bytes`.
Result<std::string> read_standard_input(std::size_t max_bytes);

}  // namespace llmgw
