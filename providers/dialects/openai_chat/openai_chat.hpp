// OpenAI Chat Completions, as OpenAI and some thirty hosts speak it; also Embeddings answers.
// One class, its methods in response.cpp, errors.cpp, usage.cpp and stream.cpp; translation is in codec.hpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/dialect.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_chat/codec.hpp"

namespace llmgw::wire {

class OpenAiChat final : public Dialect {
public:
    DialectId id() const override { return DialectId::openai_chat; }
    std::unique_ptr<StreamDecoder> stream_decoder() const override;
    DecodedResponse decode_response(std::string_view body) const override;
    ApiError decode_error(int status, std::string_view body) const override;
    Usage decode_usage(std::string_view usage_json) const override;
    std::string encode_error(const ApiError& error) const override;
    std::string encode_stream_error(const ApiError& error, const StreamState& state) const override;
    std::string_view ping(bool started) const override;
    const Codec* codec() const override { return &codec_; }

private:
    OpenAiChatCodec codec_;
};

// `usage_json` is a usage object, `timings_json` llama.cpp's timings object; either may be empty.
Usage chat_usage(std::string_view usage_json, std::string_view timings_json);

}  // namespace llmgw::wire
