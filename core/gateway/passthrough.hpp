// Same dialect on both sides: the upstream's bytes go to the client as they come, and a copy of their facts
// to the tap.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>

#include "core/gateway/exchange.hpp"
#include "core/net/transport.hpp"

namespace llmgw {

// An upstream answer that was committed to. `hide_usage`: see usage_request.hpp.
struct Answer {
    std::unique_ptr<UpstreamResponse> upstream;
    int status = 200;  // as the client gets it
    Headers headers;   // screened, llmgw's own added
    bool hide_usage = false;
    std::shared_ptr<void> keep;  // what the upstream request's body views
};

// The upstream's next piece, within `wait` and the time the whole call has. As UpstreamResponse::read.
Result<UpstreamResponse::Chunk> read_in_time(const Exchange& exchange, UpstreamResponse& upstream,
                                             std::chrono::milliseconds wait);

// The whole body, or the reply that says why there is none.
std::expected<std::string, HttpReply> read_body(Exchange& exchange, Answer& answer, std::size_t bytes_max);

// Chooses by status, content type and length: read whole, passed on as it comes, or as an event stream.
HttpReply pass_through(const std::shared_ptr<Exchange>& exchange, Answer answer);

}  // namespace llmgw
