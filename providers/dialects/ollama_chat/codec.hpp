// Translation towards Ollama's own API, which only providers speak.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "providers/dialects/provider_codec.hpp"

namespace llmgw::wire {

class OllamaChatCodec final : public ProviderCodec {
public:
    OllamaChatCodec() : ProviderCodec(DialectId::ollama_chat) {}

    Result<EncodedRequest> encode_request(const ChatRequest& request, const TargetTraits& target,
                                          Drops& drops) const override;
    std::unique_ptr<AnswerDecoder> answer_decoder() const override;
    // Also an answer of /api/generate.
    bool decode_answer(std::string_view body, std::vector<AnswerEvent>& out) const override;
};

const OllamaChatCodec& ollama_chat_codec();

}  // namespace llmgw::wire
