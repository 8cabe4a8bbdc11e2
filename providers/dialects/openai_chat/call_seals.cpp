#include "providers/dialects/openai_chat/call_seals.hpp"

#include <algorithm>

#include "core/dialect/envelope.hpp"

namespace llmgw::wire::chat {

namespace {

// Only Responses items have ids of their own, so in seals of other origins that field says what was sealed.
constexpr std::string_view reasoning_word = "reasoning";
constexpr std::string_view redacted_word = "redacted";

Sealed marked(const ReasoningSeal& seal) {
    Sealed sealed = seal.sealed;
    if (sealed.origin != DialectId::openai_responses) {
        sealed.item_id = seal.redacted ? redacted_word : reasoning_word;
    }
    return sealed;
}

bool of_reasoning(const Sealed& sealed) {
    return sealed.origin == DialectId::openai_responses || sealed.item_id == reasoning_word ||
           sealed.item_id == redacted_word;
}

ReasoningSeal unmarked(Sealed sealed) {
    ReasoningSeal seal;
    if (sealed.origin != DialectId::openai_responses) {
        seal.redacted = sealed.item_id == redacted_word;
        sealed.item_id.clear();
    }
    seal.sealed = std::move(sealed);
    return seal;
}

}  // namespace

std::string seal_call_id(const SealedCall& call) {
    std::string id = wrap_call_id(call.id, call.own);
    for (const auto& seal : call.reasoning) {
        id = wrap_call_id(id, marked(seal));
    }
    return id;
}

SealedCall unseal_call_id(std::string_view id) {
    SealedCall call;
    call.id = id;
    for (;;) {
        CallId inner = unwrap_call_id(call.id);
        if (inner.sealed.empty()) { break; }
        call.id = std::move(inner.id);
        if (of_reasoning(inner.sealed)) {
            call.reasoning.push_back(unmarked(std::move(inner.sealed)));
        } else {
            call.own = std::move(inner.sealed);
        }
    }
    std::ranges::reverse(call.reasoning);
    return call;
}

}  // namespace llmgw::wire::chat
