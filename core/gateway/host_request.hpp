// What a host that is not asked in its dialect's own way (core/provider/host.hpp) changes in a prepared request, and
// in the answer to it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/gateway/exchange.hpp"
#include "core/gateway/upstream_request.hpp"
#include "core/route/resolve.hpp"

namespace llmgw {

// The request as its provider's host wants it: URL, body, proof of who asks. Last of all that is done to it; does
// nothing for other providers. `key`: what the key ring gave.
// Errors: not_found (the host has no such call), credential, bad_request.
Result<> ask_host(const Exchange& exchange, const Target& target, const std::string& key, PreparedRequest& out);

// The answer with its body as server-sent events, where the provider's host streams in a framing of its own.
std::unique_ptr<UpstreamResponse> reframed(const Exchange& exchange, std::unique_ptr<UpstreamResponse> upstream);

// What an error (4xx, 5xx) of the running attempt says.
ApiError upstream_error(const Exchange& exchange, int status, const Headers& headers, std::string_view body);

// The same when its body is not in the shape of the dialect that is spoken, so that it has to be written anew; nullopt
// when it can be passed on.
std::optional<ApiError> foreign_error(const Exchange& exchange, int status, const Headers& headers,
                                      std::string_view body);

}  // namespace llmgw
