// Translation to and from Chat Completions. A class of functions without state: everything is in the arguments.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"

namespace llmgw::wire {

class OpenAiChatCodec final : public Codec {
public:
    Result<ChatRequest> decode_request(std::string_view body) const override;
    // openai_responses for what Cursor sends (responses_shaped.hpp).
    std::optional<DialectId> written_in(std::string_view body) const override;
    std::unique_ptr<AnswerEncoder> answer_encoder(const AnswerWishes& wishes, Drops& drops) const override;
    std::string encode_answer(const std::vector<AnswerEvent>& events, const AnswerWishes& wishes,
                              Drops& drops) const override;
    std::unique_ptr<StreamValidator> stream_validator() const override;

    Result<EncodedRequest> encode_request(const ChatRequest& request, const TargetTraits& target,
                                          Drops& drops) const override;
    std::unique_ptr<AnswerDecoder> answer_decoder() const override;
    bool decode_answer(std::string_view body, std::vector<AnswerEvent>& out) const override;
    std::unique_ptr<AnswerDecoder> answer_decoder_for(const TargetTraits& target) const override;
    bool decode_answer_for(const TargetTraits& target, std::string_view body,
                           std::vector<AnswerEvent>& out) const override;
};

}  // namespace llmgw::wire
