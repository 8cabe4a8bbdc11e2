// Cohere's own chat API, the second one (POST /v2/chat). Providers speak it, clients do not. Its events and errors have
// no envelope: an event says its `type` in its data, an error is {id, message}.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/dialect.hpp"

namespace llmgw::wire {

class CohereChat final : public Dialect {
public:
    DialectId id() const override { return DialectId::cohere_chat; }
    std::unique_ptr<StreamDecoder> stream_decoder() const override;
    DecodedResponse decode_response(std::string_view body) const override;
    ApiError decode_error(int status, std::string_view body) const override;
    Usage decode_usage(std::string_view usage_json) const override;
    // As Cohere would say it: {message}.
    std::string encode_error(const ApiError& error) const override;
    std::string encode_stream_error(const ApiError& error, const StreamState& state) const override;
    std::string_view ping(bool) const override { return {}; }
    const Codec* codec() const override;
};

// `usage` of this API and `meta` of the first one. What is billed is not what was read and written: prompts of Cohere's
// own are free, and a cache makes nothing cheaper. The log has what is billed; a client is told what was read, by which
// it knows how full the context is. Each is the other where only that is said.
Usage cohere_billed(std::string_view json);
Usage cohere_counted(std::string_view json);

// An answer that ended this way failed: ERROR, TIMEOUT, with what was said about it.
bool is_failure(std::string_view finish_reason);
ApiError cohere_failure(std::string_view finish_reason, std::string message);

}  // namespace llmgw::wire
