// What the codecs of dialects have in common that providers speak and no client does: their client side is not there.
// decode_request refuses, and the encoders of answers are never asked for.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"
#include "core/model/dialect_id.hpp"

namespace llmgw::wire {

class ProviderCodec : public Codec {
public:
    explicit ProviderCodec(DialectId id) : id_(id) {}

    Result<ChatRequest> decode_request(std::string_view) const final {
        return fail(ErrorKind::bad_request, "no client speaks " + std::string(to_string(id_)));
    }
    std::unique_ptr<AnswerEncoder> answer_encoder(const AnswerWishes&, Drops&) const final { return nullptr; }
    std::string encode_answer(const std::vector<AnswerEvent>&, const AnswerWishes&, Drops&) const final { return {}; }
    std::unique_ptr<StreamValidator> stream_validator() const final { return nullptr; }

private:
    DialectId id_;
};

}  // namespace llmgw::wire
