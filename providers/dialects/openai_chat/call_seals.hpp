// Plain Chat clients have no field for what belongs to a provider alone, but they give a tool call's id back as it
// was. So the id of a call carries its own seal (a thought signature) and those of the reasoning before it (thinking
// signatures, encrypted reasoning): without them the next turn is refused (T3, T4).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/chat_request.hpp"

namespace llmgw::wire::chat {

struct ReasoningSeal {
    Sealed sealed;
    bool redacted = false;
};

struct SealedCall {
    std::string id;  // the provider's
    Sealed own;
    std::vector<ReasoningSeal> reasoning;  // in the order it was said
};

std::string seal_call_id(const SealedCall& call);
SealedCall unseal_call_id(std::string_view id);

}  // namespace llmgw::wire::chat
