// GET /v1/models and /v1beta/models, answered by llmgw itself for all providers.
#pragma once

#include <optional>

#include "core/gateway/exchange.hpp"
#include "core/gateway/model_cache.hpp"

namespace llmgw {

// The list, or one model of it, settled. nullopt when the call is none of these and goes to a provider: then a model
// that is not on the list but may be known to the provider it leads to is named in the exchange's endpoint, for its
// own answer. Within three seconds: Claude Code waits no longer.
std::optional<HttpReply> models_reply(Exchange& exchange, ModelCache& cache);

}  // namespace llmgw
