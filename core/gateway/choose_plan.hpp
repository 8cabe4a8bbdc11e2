// What a call names, its rules and its routes, made into the plan it is served by.
#pragma once

#include "core/gateway/exchange.hpp"
#include "core/route/plan.hpp"

namespace llmgw {

// Peeks at the body where that names the model, and notes in the exchange what was asked for. Errors: bad_request.
Result<Plan> choose_plan(Exchange& exchange);

// The closing half: a call that was served is where its session goes on. A policy's hook.
void remember_session(Exchange& exchange) noexcept;

}  // namespace llmgw
