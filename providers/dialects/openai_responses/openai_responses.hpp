// OpenAI Responses. One class, its methods in response.cpp, errors.cpp, usage.cpp and stream.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/dialect.hpp"
#include "providers/dialects/common.hpp"

namespace llmgw::wire {

class OpenAiResponses final : public Dialect {
public:
    DialectId id() const override { return DialectId::openai_responses; }
    std::unique_ptr<StreamDecoder> stream_decoder() const override;
    DecodedResponse decode_response(std::string_view body) const override;
    ApiError decode_error(int status, std::string_view body) const override;
    Usage decode_usage(std::string_view usage_json) const override;
    std::string encode_error(const ApiError& error) const override;
    std::string encode_stream_error(const ApiError& error, const StreamState& state) const override;
    std::string_view ping(bool started) const override;
    const Codec* codec() const override;
};

// Reads a response object, the same whether it is a whole answer or inside a stream's event. finish_reason is why
// an incomplete one is so, else its status.
DecodedResponse read_response_object(std::string_view response_json);

// Whether an output item is a web search that is billed apart: opening or reading a page it found is not.
bool is_billed_search(const json_scan::Value& item);

}  // namespace llmgw::wire
