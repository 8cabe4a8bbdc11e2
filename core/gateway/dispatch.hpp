// Owns the attempts of a call: one after the other (attempt.hpp) until one is good, what failed cannot be helped, or
// there have been enough. What to do after each is decided in core/route/retry.hpp.
#pragma once

#include <memory>
#include <string>

#include "core/gateway/exchange.hpp"
#include "core/route/plan.hpp"

namespace llmgw {

// Answers the call with what a target of the plan says; when none says anything good, with the error that is of most
// use to the client. Nothing of an attempt that failed reaches it. The exchange lives until the reply's body is
// through.
HttpReply dispatch(const std::shared_ptr<Exchange>& exchange, const Plan& plan);

// An error of llmgw's own in the shape of the client's dialect.
HttpReply error_reply(const Exchange& exchange, const ApiError& error);

// An error value as a client is told it.
ApiError to_api_error(const Error& error, const std::string& call_id);

}  // namespace llmgw
