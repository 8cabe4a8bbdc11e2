// thoughtSignature: what a part carries for the model that made it. Gemini's own travels in Sealed of origin gemini.
// For a Gemini client that is served by another provider the field carries that provider's sealed reasoning (with its
// text: such clients forget thoughts but keep the signatures of calls and texts), so that the next turn can give it
// back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/chat_request.hpp"

namespace llmgw::wire::gemini {

struct Signature {
    std::vector<part::Reasoning> reasoning;  // said before the part, by another provider
    Sealed own;                              // of the part itself
    bool empty() const { return reasoning.empty() && own.empty(); }
};

// What a thoughtSignature, unescaped, says. Clients that hold it as bytes give it back in the other base64 alphabet.
Signature read_signature(std::string_view written);

// A thoughtSignature for a client; "" for nothing. Gemini's own goes plainly when no reasoning goes with it.
std::string write_signature(const Signature& signature);

// Stands where a call from another provider's history has no signature.
inline constexpr std::string_view signature_dummy = "skip_thought_signature_validator";

// An id for a call that came without: the same for the same input. `seed` is what tells answers or calls apart.
std::string made_call_id(std::size_t ordinal, std::string_view seed);
// Whether it has the form of those: then the wire had none, and gets none.
bool is_made_call_id(std::string_view id);

}  // namespace llmgw::wire::gemini
