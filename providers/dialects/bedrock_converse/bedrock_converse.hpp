// AWS Bedrock's Converse and ConverseStream, which every chat model there understands. Providers speak it, clients do
// not. Streams come as AWS event-stream messages; here they are server-sent events already, each named by its
// :event-type or :exception-type (providers/bedrock.cpp).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/dialect.hpp"

namespace llmgw::wire {

class BedrockConverse final : public Dialect {
public:
    DialectId id() const override { return DialectId::bedrock_converse; }
    std::unique_ptr<StreamDecoder> stream_decoder() const override;
    DecodedResponse decode_response(std::string_view body) const override;
    ApiError decode_error(int status, std::string_view body) const override;
    Usage decode_usage(std::string_view usage_json) const override;
    // As Bedrock would say it: {message} and __type.
    std::string encode_error(const ApiError& error) const override;
    std::string encode_stream_error(const ApiError& error, const StreamState& state) const override;
    std::string_view ping(bool) const override { return {}; }
    const Codec* codec() const override;
};

// Whether a stream's event of this name says that the answer failed: throttlingException, ..., or "error" for what the
// service does not name.
bool is_exception(std::string_view event_name);

// What an AWS service says in an error's body, or in an exception's payload. `type` is its name, from a header
// (x-amzn-errortype) or the stream; "" when it stands in the body (__type) or nowhere. `status` 0 inside a stream.
ApiError aws_error(int status, std::string_view type, std::string_view body);

}  // namespace llmgw::wire
