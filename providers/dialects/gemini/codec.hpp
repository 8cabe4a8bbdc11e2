// The gemini dialect in translation: requests and answers to and from the normal form. The request's model and whether
// it streams stand in the path, so decode_request leaves both to the caller; a countTokens body decodes too.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"

namespace llmgw::wire {

class Gemini;

namespace gemini {

class GeminiCodec final : public Codec {
public:
    // `dialect` reads usage and writes errors; it outlives this.
    explicit GeminiCodec(const Gemini& dialect) : dialect_(dialect) {}

    Result<ChatRequest> decode_request(std::string_view body) const override;
    std::unique_ptr<AnswerEncoder> answer_encoder(const AnswerWishes& wishes, Drops& drops) const override;
    std::string encode_answer(const std::vector<AnswerEvent>& events, const AnswerWishes& wishes,
                              Drops& drops) const override;
    std::unique_ptr<StreamValidator> stream_validator() const override;

    Result<EncodedRequest> encode_request(const ChatRequest& request, const TargetTraits& target,
                                          Drops& drops) const override;
    std::unique_ptr<AnswerDecoder> answer_decoder() const override;
    bool decode_answer(std::string_view body, std::vector<AnswerEvent>& out) const override;

    // The body of :countTokens: {"generateContentRequest": ...}.
    Result<EncodedRequest> encode_count_request(const ChatRequest& request, const TargetTraits& target,
                                                Drops& drops) const override;

private:
    const Gemini& dialect_;
};

// The codec that Gemini::codec() gives.
const GeminiCodec& gemini_codec();

}  // namespace gemini
}  // namespace llmgw::wire
