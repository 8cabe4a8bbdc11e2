// Owns the attempts of a call: opens the upstream, judges its head, and commits to it or gives up. One
// attempt today; retries and failover loop here.
#pragma once

#include <memory>
#include <string>

#include "core/gateway/exchange.hpp"
#include "core/route/plan.hpp"

namespace llmgw {

// Answers the call with what a target of the plan says. The exchange lives until the reply's body is through.
HttpReply dispatch(const std::shared_ptr<Exchange>& exchange, const Plan& plan);

// An error of llmgw's own in the shape of the client's dialect.
HttpReply error_reply(const Exchange& exchange, const ApiError& error);

// An error value as a client is told it.
ApiError to_api_error(const Error& error, const std::string& call_id);

}  // namespace llmgw
