// Anthropic Messages: one class, its methods in response.cpp, errors.cpp, usage.cpp and stream.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/dialect.hpp"
#include "providers/dialects/common.hpp"

namespace llmgw::wire {

class Anthropic final : public Dialect {
public:
    DialectId id() const override { return DialectId::anthropic; }
    std::unique_ptr<StreamDecoder> stream_decoder() const override;
    DecodedResponse decode_response(std::string_view body) const override;
    ApiError decode_error(int status, std::string_view body) const override;
    Usage decode_usage(std::string_view usage_json) const override;
    std::string encode_error(const ApiError& error) const override;
    std::string encode_stream_error(const ApiError& error, const StreamState& state) const override;
    std::string_view ping(bool started) const override;
    const Codec* codec() const override;
};

// Usage objects of one answer, merged as they come: message_start has the first, each message_delta a newer one
// that overrides the fields it has and says nothing about the others. Nothing is ever added up.
class AnthropicUsage {
public:
    void merge(std::string_view usage_json);
    bool seen() const { return seen_; }
    Usage result() const;

private:
    struct Pass {
        std::string type;
        std::string model;
        TokenCounts counts;
    };
    static Pass read_pass(std::string_view iteration_json);

    bool seen_ = false;
    Tokens input_;
    Tokens cache_read_;
    Tokens cache_write_;     // cache_creation_input_tokens: the sum of the two below
    Tokens cache_write_5m_;  // the split is often said once only, in message_start
    Tokens cache_write_1h_;
    Tokens output_;
    Tokens thinking_;
    std::vector<Pass> passes_;
    std::string service_tier_;
    std::string speed_;
    std::string inference_geo_;
    std::int64_t web_search_requests_ = 0;
};

}  // namespace llmgw::wire
