// Translation towards AWS Bedrock's Converse. No client speaks it, so its client side is not there: decode_request
// refuses, and the encoders of answers are never asked for.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"

namespace llmgw::wire {

class BedrockConverseCodec final : public Codec {
public:
    Result<ChatRequest> decode_request(std::string_view) const override {
        return fail(ErrorKind::bad_request, "no client speaks bedrock-converse");
    }
    std::unique_ptr<AnswerEncoder> answer_encoder(const AnswerWishes&, Drops&) const override { return nullptr; }
    std::string encode_answer(const std::vector<AnswerEvent>&, const AnswerWishes&, Drops&) const override {
        return {};
    }
    std::unique_ptr<StreamValidator> stream_validator() const override { return nullptr; }

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
