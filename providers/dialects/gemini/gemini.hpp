// Gemini generateContent, also as Vertex AI serves it. One class, its methods in response.cpp, errors.cpp,
// usage.cpp and stream.cpp. Translation to and from the other dialects is the codec's: codec.hpp and all it includes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/dialect.hpp"
#include "providers/dialects/common.hpp"

namespace llmgw::wire {

class Gemini final : public Dialect {
public:
    DialectId id() const override { return DialectId::gemini; }
    std::unique_ptr<StreamDecoder> stream_decoder() const override;
    DecodedResponse decode_response(std::string_view body) const override;
    ApiError decode_error(int status, std::string_view body) const override;
    Usage decode_usage(std::string_view usage_json) const override;
    std::string encode_error(const ApiError& error) const override;
    std::string encode_stream_error(const ApiError& error, const StreamState& state) const override;
    std::string_view ping(bool started) const override;
    const Codec* codec() const override;
};

// What one GenerateContentResponse says: a whole answer, or one datum of a stream. Views into its text.
struct GeminiChunk {
    std::string_view id;  // as written between the quotes, "" when absent; the same for the next two
    std::string_view model;
    std::string_view finish_reason;  // a candidate's, or the reason a prompt was blocked
    std::string_view usage;          // the usageMetadata object, "" when absent
    std::size_t content_bytes = 0;
    std::optional<json_scan::Value> error;
};
GeminiChunk read_gemini_chunk(std::string_view json);

}  // namespace llmgw::wire
