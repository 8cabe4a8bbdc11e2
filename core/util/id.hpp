// Identifiers: UUIDv7 (RFC 9562), so that ids sort by the time they were made.
#pragma once

#include <string>

#include "core/util/clock.hpp"

namespace llmgw {

// 36 characters, lower case. Ids made by one thread rise strictly, also within a millisecond and when the
// clock steps back; ids of different threads rise with the clock. 62 bits are random, so ids are never guessed
// or repeated, also not after a fork. Safe to call from any thread; costs well under a microsecond.
std::string make_id(const Clock& clock);

}  // namespace llmgw
