// Translation towards Cohere's own chat API, which only providers speak.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "providers/dialects/provider_codec.hpp"

namespace llmgw::wire {

class CohereChatCodec final : public ProviderCodec {
public:
    CohereChatCodec() : ProviderCodec(DialectId::cohere_chat) {}

    Result<EncodedRequest> encode_request(const ChatRequest& request, const TargetTraits& target,
                                          Drops& drops) const override;
    // Also reads the lines of the first chat API, given as events.
    std::unique_ptr<AnswerDecoder> answer_decoder() const override;
    // Also an answer of the first chat API (/v1/chat).
    bool decode_answer(std::string_view body, std::vector<AnswerEvent>& out) const override;
};

const CohereChatCodec& cohere_chat_codec();

// Whether the model thinks, by its name.
bool cohere_thinks(std::string_view model);

}  // namespace llmgw::wire
