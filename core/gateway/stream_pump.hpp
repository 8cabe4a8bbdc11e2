// An event stream on its way from the upstream to the client: whole events at a time, nothing changed, and
// always an end that the client's dialect knows.
#pragma once

#include "core/gateway/passthrough.hpp"

namespace llmgw {

// Returns true when the stream was ended in the dialect's way (its own terminal event, or llmgw's error event).
bool pump_events(Exchange& exchange, Answer& answer, ClientStream& client);

}  // namespace llmgw
