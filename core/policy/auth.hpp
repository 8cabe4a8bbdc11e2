// Who may use the gateway. A client key may come in any of the headers a client's SDK uses, or as ?key=.
#pragma once

#include <optional>

#include "core/gateway/exchange.hpp"

namespace llmgw {

std::optional<ApiError> auth_policy(Exchange& exchange);

}  // namespace llmgw
