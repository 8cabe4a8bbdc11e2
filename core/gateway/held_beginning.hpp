// The beginning of an answer, held back while another attempt could still take this one's place: a stream until its
// first content, a whole answer until its end. Bounded in time and bytes; beyond that it is trusted.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "core/gateway/exchange.hpp"
#include "core/net/transport.hpp"
#include "core/usage/tap.hpp"

namespace llmgw {

struct Beginning {
    std::optional<Error> error;    // of the connection, before anything that counts: the upstream is of no more use
    std::optional<ApiError> told;  // the provider's own, inside its 200
    TapFacts facts;
};

// What was read stands in front of `upstream` afterwards. `silence_max`: before the first event; nullopt: as the
// settings say.
Beginning hold_beginning(Exchange& exchange, std::unique_ptr<UpstreamResponse>& upstream,
                         std::optional<std::chrono::milliseconds> silence_max);

// Likewise of an answer with an error status: its body, or as much as came in a moment.
std::string read_error_body(Exchange& exchange, std::unique_ptr<UpstreamResponse>& upstream);

}  // namespace llmgw
