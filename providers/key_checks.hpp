// Which call shows that a key is good, for the hosts that document one. Data only; what is done with it, and at all
// other hosts, is decided in core/provider/key_test.cpp.
#pragma once

#include "core/provider/key_test.hpp"

namespace llmgw {

// Null when none is known, and for a base URL at another origin than the type's own: what listens there may be
// anything, whatever dialect it speaks.
const KeyCheck* key_check(const Provider& provider);

}  // namespace llmgw
