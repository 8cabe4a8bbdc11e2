// What translation must know of a host: which of OpenAI's parameters it takes, how reasoning goes back to it.
#pragma once

#include "core/dialect/codec.hpp"
#include "core/provider/provider.hpp"

namespace llmgw {

// OpenAI's own for a host without a row.
TargetTraits host_traits(const CatalogueEntry& entry);

}  // namespace llmgw
