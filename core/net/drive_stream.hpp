// Moves a parked reply to its end on the calling thread, for callers without a server (`llmgw ask`).
#pragma once

#include "core/net/http.hpp"
#include "core/net/transport.hpp"

namespace llmgw {

// True when the body became whole.
bool drive_stream(ReplyStream& stream, ClientStream& client, const Watch& watch);

}  // namespace llmgw
