// What a call's money is spent for: header, URL prefix, the client key's own, the agent recognised, in this
// order. With none the call is refused, or logged as "untagged" ([features] on_missing).
#pragma once

#include <optional>

#include "core/gateway/exchange.hpp"

namespace llmgw {

std::optional<ApiError> feature_policy(Exchange& exchange);

}  // namespace llmgw
