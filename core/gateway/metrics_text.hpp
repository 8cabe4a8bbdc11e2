// What GET /metrics tells: how the targets and the providers' keys are doing.
#pragma once

#include <string>

#include "core/gateway/keyring.hpp"
#include "core/route/health.hpp"

namespace llmgw {

std::string metrics_text(const Health& health, const KeyRing& keys);

}  // namespace llmgw
