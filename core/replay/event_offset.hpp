// Where in a kept event stream its n-th event ends.
#pragma once

#include <cstdint>
#include <optional>

#include "core/replay/recording.hpp"

namespace llmgw {

// The place behind the first `events` events, as a client counts them: what the standard dispatches, comments left out.
// nullopt when there are not so many, so far.
std::optional<std::uint64_t> offset_after(const Recording& recording, std::uint64_t events);

}  // namespace llmgw
