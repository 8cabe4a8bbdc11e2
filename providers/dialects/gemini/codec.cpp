#include "providers/dialects/gemini/codec.hpp"

#include "providers/dialects/gemini/gemini.hpp"

namespace llmgw::wire {

// One for the process: it has no state, and the dialect it asks has none either.
const gemini::GeminiCodec& gemini::gemini_codec() {
    static const Gemini dialect;
    static const GeminiCodec codec(dialect);
    return codec;
}

const Codec* Gemini::codec() const {
    return &gemini::gemini_codec();
}

}  // namespace llmgw::wire
