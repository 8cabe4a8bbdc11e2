// The hosts llmgw knows by name. Data only; what they become is decided in core/provider/resolve.cpp.
#pragma once

#include <span>

#include "core/provider/provider.hpp"

namespace llmgw {

// The three native ones first, then by name.
std::span<const CatalogueEntry> catalogue();

}  // namespace llmgw
