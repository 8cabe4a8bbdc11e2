// From a route to the targets a call is to try. Pure.
#pragma once

#include <vector>

#include "core/route/plan.hpp"
#include "core/route/table.hpp"

namespace llmgw {

struct PlanInput {
    DialectId dialect = DialectId::openai_chat;  // the client's
    Translatable translatable = Translatable::no;
    const std::vector<Provider>& providers;  // of the configuration, for messages
};

// Error (bad_request): no target can serve this call; the message has the first one's reason.
Result<Plan> plan_route(const Route& route, const PlanInput& input);

}  // namespace llmgw
