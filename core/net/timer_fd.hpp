// A time limit that a Watch can have: a host that sends a byte now and then gets no longer than one that sends none.
#pragma once

#include <chrono>

#include "core/util/file.hpp"

namespace llmgw {

// Readable once `limit` is over, and not before.
Fd timer_fd(std::chrono::milliseconds limit);

}  // namespace llmgw
