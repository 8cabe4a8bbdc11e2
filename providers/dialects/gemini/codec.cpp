#include "providers/dialects/gemini/codec.hpp"

#include "providers/dialects/gemini/gemini.hpp"

namespace llmgw::wire {

// One for the process: it has no state, and the dialect it asks has none either.
const Codec* Gemini::codec() const {
    static const Gemini dialect;
    static const gemini::GeminiCodec codec(dialect);
    return &codec;
}

}  // namespace llmgw::wire
