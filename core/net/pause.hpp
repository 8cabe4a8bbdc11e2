// A wait that nothing is waited for in.
#pragma once

#include <chrono>

#include "core/net/transport.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// Errors: cancelled (the client went away), unavailable (llmgw stops).
Result<> pause(const Watch& watch, std::chrono::milliseconds time);

}  // namespace llmgw
