// Ollama's own API: POST /api/chat, whose words are those of its Modelfiles. Providers speak it, clients do not.
// Streams come as lines of JSON; here they are server-sent events already, a line each (providers/ollama.cpp).
// https://docs.ollama.com/api/chat
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/dialect/dialect.hpp"

namespace llmgw::wire {

class OllamaChat final : public Dialect {
public:
    DialectId id() const override { return DialectId::ollama_chat; }
    std::unique_ptr<StreamDecoder> stream_decoder() const override;
    DecodedResponse decode_response(std::string_view body) const override;
    ApiError decode_error(int status, std::string_view body) const override;
    // Ollama has no usage object: its members stand in the answer itself, or in a stream's last line.
    Usage decode_usage(std::string_view answer_json) const override;
    // As Ollama would say it: {"error": "text"}.
    std::string encode_error(const ApiError& error) const override;
    std::string encode_stream_error(const ApiError& error, const StreamState& state) const override;
    std::string_view ping(bool) const override { return {}; }
    const Codec* codec() const override;
};

}  // namespace llmgw::wire
