// OpenAI Responses in translation. Requests: request_decode.cpp, input_decode.cpp, tools_decode.cpp,
// parts_decode.cpp, and the same with encode. Answers: answer_decode.cpp, answer_encode.cpp, validate.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"

namespace llmgw::wire {

class OpenAiResponsesCodec final : public Codec {
public:
    Result<ChatRequest> decode_request(std::string_view body) const override;
    std::unique_ptr<AnswerEncoder> answer_encoder(const AnswerWishes& wishes, Drops& drops) const override;
    std::string encode_answer(const std::vector<AnswerEvent>& events, const AnswerWishes& wishes,
                              Drops& drops) const override;
    std::unique_ptr<StreamValidator> stream_validator() const override;
    const Turns* turns() const override;

    Result<EncodedRequest> encode_request(const ChatRequest& request, const TargetTraits& target,
                                          Drops& drops) const override;
    // The body of POST /v1/responses/input_tokens: the same prompt without what belongs to the answer only.
    Result<EncodedRequest> encode_count_request(const ChatRequest& request, const TargetTraits& target,
                                                Drops& drops) const override;
    std::unique_ptr<AnswerDecoder> answer_decoder() const override;
    bool decode_answer(std::string_view body, std::vector<AnswerEvent>& out) const override;
};

}  // namespace llmgw::wire
