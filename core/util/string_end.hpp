// Finds where a JSON string ends, 64 bytes at a time: most of a large request is the inside of strings, and all of it
// is looked at once to find the few members that matter.
#pragma once

namespace llmgw {

// Past the closing quote of the string whose first byte (after its opening quote) is at `from`; nullptr when
// it does not end before `end`.
const char* skip_string_body(const char* from, const char* end);

}  // namespace llmgw
