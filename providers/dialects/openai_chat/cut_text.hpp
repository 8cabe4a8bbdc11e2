// Text that was cut inside a character. Hosts that cut by UTF-16 unit say half an escaped pair in one delta and the
// other half in the next; hosts that cut by byte do the same to UTF-8. Halves wait for the rest.
#pragma once

#include <string>
#include <string_view>

#include "core/util/json_scan.hpp"

namespace llmgw::wire::chat {

// Reads the JSON strings of one text's deltas.
class CutStrings {
public:
    // What this string adds; "" for a value that is no string. Halves that stay alone become U+FFFD.
    std::string take(const json_scan::Value& value);

private:
    std::string half_;  // an escape such as \ud83d, as written
};

// Cuts one text's deltas again, between characters.
class WholeCharacters {
public:
    // The whole characters of what is there; `buffer` holds them where they are not the piece alone.
    std::string_view take(std::string_view piece, std::string& buffer);
    // The end of the text: bytes that never became a character.
    std::string finish();

private:
    std::string tail_;
};

}  // namespace llmgw::wire::chat
