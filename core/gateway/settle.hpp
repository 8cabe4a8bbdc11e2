// The end of a call: rows made from what was seen, priced, and handed to the ledger. Once per call, before
// the client can have its last byte.
#pragma once

#include <string>

#include "core/gateway/exchange.hpp"
#include "core/usage/tap.hpp"

namespace llmgw {

struct Outcome {
    Ending ending = Ending::done;
    int http_status = 200;  // what the client gets, 0 when it gets none
    ErrorClass error_class = ErrorClass::none;
    std::string error_message;
};

// Why an answer did not come or broke off, for the log. The client that left and llmgw that stops are no fault of the
// provider's.
ErrorClass class_of_break(const Error& error);

// Ends the running attempt, when another one follows: its part of the bill, and what it says of its target's health.
void close_attempt(Exchange& exchange, const Outcome& outcome, const TapFacts* facts);

// `facts` may be null when no answer was seen. Closes the attempt that runs, if one does. The call's bill is that of
// all its attempts.
void settle(Exchange& exchange, const Outcome& outcome, const TapFacts* facts);

// Tokens when nobody reported any: four bytes a token, rounded up. Errs high for most text; marked as estimated.
Usage estimated_usage(std::int64_t request_bytes, std::int64_t content_bytes);

}  // namespace llmgw
