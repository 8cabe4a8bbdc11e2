// Translation towards AWS Bedrock's Converse, which only providers speak.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "providers/dialects/provider_codec.hpp"

namespace llmgw::wire {

class BedrockConverseCodec final : public ProviderCodec {
public:
    BedrockConverseCodec() : ProviderCodec(DialectId::bedrock_converse) {}

    Result<EncodedRequest> encode_request(const ChatRequest& request, const TargetTraits& target,
                                          Drops& drops) const override;
    // The body of POST /model/{id}/count-tokens.
    Result<EncodedRequest> encode_count_request(const ChatRequest& request, const TargetTraits& target,
                                                Drops& drops) const override;
    std::unique_ptr<AnswerDecoder> answer_decoder() const override;
    bool decode_answer(std::string_view body, std::vector<AnswerEvent>& out) const override;
};

const BedrockConverseCodec& bedrock_converse_codec();

}  // namespace llmgw::wire
