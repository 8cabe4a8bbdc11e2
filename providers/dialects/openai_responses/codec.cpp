#include "providers/dialects/openai_responses/codec.hpp"

#include "providers/dialects/openai_responses/openai_responses.hpp"
#include "providers/dialects/openai_responses/turns.hpp"

namespace llmgw::wire {

const Codec* OpenAiResponses::codec() const {
    static const OpenAiResponsesCodec codec;
    return &codec;
}

const Turns* OpenAiResponsesCodec::turns() const {
    static const responses::ResponsesTurns turns;
    return &turns;
}

}  // namespace llmgw::wire
