// An event stream on its way from the upstream to the client: whole events at a time, nothing changed, and
// always an end that the client's dialect knows.
#pragma once

#include <memory>

#include "core/gateway/passthrough.hpp"

namespace llmgw {

// Whole when the stream was ended in the dialect's way (its own terminal event, or llmgw's error event).
std::unique_ptr<ReplyStream> event_stream(std::shared_ptr<Exchange> exchange, Answer answer);

}  // namespace llmgw
