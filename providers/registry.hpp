// The tables of the providers library: what exists, by name.
#pragma once

#include "core/dialect/dialect.hpp"

namespace llmgw {

// The four dialects. Made once, without state, safe from any thread.
const DialectSet& dialects();

}  // namespace llmgw
