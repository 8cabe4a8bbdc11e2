// Conversations a client goes on with by an answer's id, where the provider keeps none: the items in front of a request
// that names one, and the answer added to them (core/gateway/turn_store.hpp).
#pragma once

#include <string>
#include <string_view>

#include "core/gateway/translation.hpp"

namespace llmgw {

// The request with what it goes on from put in front of it (in `storage`, when it was changed), and in `translation`
// what is needed to keep the answer. Error: unknown_turn.
Result<std::string_view> with_history(const Exchange& exchange, Translation& translation, std::string& storage);

// Keeps the answer that ends with these bytes, before the client can name it.
void keep_turn(const Exchange& exchange, Translation& translation, std::string_view bytes, bool is_event_stream);

}  // namespace llmgw
