// Translation towards Cohere's own chat API. No client speaks it, so its client side is not there: decode_request
// refuses, and the encoders of answers are never asked for.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"

namespace llmgw::wire {

class CohereChatCodec final : public Codec {
public:
    Result<ChatRequest> decode_request(std::string_view) const override {
        return fail(ErrorKind::bad_request, "no client speaks cohere-chat");
    }
    std::unique_ptr<AnswerEncoder> answer_encoder(const AnswerWishes&, Drops&) const override { return nullptr; }
    std::string encode_answer(const std::vector<AnswerEvent>&, const AnswerWishes&, Drops&) const override {
        return {};
    }
    std::unique_ptr<StreamValidator> stream_validator() const override { return nullptr; }

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
