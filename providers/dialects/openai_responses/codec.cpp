#include "providers/dialects/openai_responses/codec.hpp"

#include "providers/dialects/openai_responses/openai_responses.hpp"

namespace llmgw::wire {

const Codec* OpenAiResponses::codec() const {
    static const OpenAiResponsesCodec codec;
    return &codec;
}

}  // namespace llmgw::wire
