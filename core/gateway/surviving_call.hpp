// Calls that outlive their clients: the reply is made to its end into a recording, whoever is still there, and every
// client reads the recording: the one that asked, one that asks the same again, and one that comes back for the rest.
#pragma once

#include <memory>

#include "core/gateway/exchange.hpp"
#include "core/route/plan.hpp"

namespace llmgw {

// Whether this call's reply is kept ([streams] resume, or its route's): streams, and what names an Idempotency-Key.
bool survives(const Exchange& exchange, const Plan& plan);

// Dispatches the call, or attaches to an identical one with the same Idempotency-Key that runs or was answered.
HttpReply surviving_reply(const std::shared_ptr<Exchange>& exchange, const Plan& plan);

// GET /llmgw/v1/calls/{id}/stream: what follows the events the client has (Last-Event-ID, or ?after=N), to the end.
HttpReply replay_reply(Exchange& exchange);

}  // namespace llmgw
