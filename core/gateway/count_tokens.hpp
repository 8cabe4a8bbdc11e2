// The tokens of a prompt, counted by its provider where that can, else estimated (T7).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/gateway/exchange.hpp"
#include "core/gateway/passthrough.hpp"
#include "core/route/resolve.hpp"

namespace llmgw {

// The number in an answer of whichever dialect counts; nullopt when there is none.
std::optional<std::int64_t> read_count(std::string_view body);
// The answer in a client's shape.
std::string encode_count(DialectId client, std::int64_t tokens);

// The provider's answer to having been asked: as it is between equals, its number in the client's shape where dialects
// differ. A host without such an endpoint gets the estimate; a model it does not know is its error.
HttpReply counted(const std::shared_ptr<Exchange>& exchange, Answer answer, const Target& target);

// The estimate, marked `x-llmgw-token-count: estimate`, for a provider that cannot count; 404 where none would be
// sound: clients then reckon themselves.
HttpReply estimated_count(Exchange& exchange, const Target& target);

}  // namespace llmgw
