// One dialect's requests (FUZZED_DIALECT): whatever a client sends is refused or read. What is read is refused or
// written for each dialect's provider, as one JSON object; reading that again is harmless.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/dialect/codec.hpp"
#include "core/util/json_valid.hpp"
#include "providers/registry.hpp"

using namespace llmgw;

namespace {

[[noreturn]] void found(std::string_view what, DialectId target, std::string_view body) {
    const auto name = to_string(target);
    std::fprintf(stderr, "for %.*s: %.*s\n%.*s\n", static_cast<int>(name.size()), name.data(),
                 static_cast<int>(what.size()), what.data(), static_cast<int>(body.size()), body.data());
    std::abort();
}

void check(const Result<EncodedRequest>& encoded, DialectId target) {
    if (!encoded) {
        if (encoded.error().message.empty()) { found("refused without a word", target, {}); }
        return;
    }
    if (!is_json_object(encoded->body)) { found("what is written is no JSON", target, encoded->body); }
}

void write_for(DialectId id, const ChatRequest& request) {
    const Codec& codec = *dialects().get(id).codec();
    TargetTraits target;
    target.model = id == DialectId::cohere_chat ? "command-a-reasoning-08-2025" : "a-model";
    Drops drops;
    const auto encoded = codec.encode_request(request, target, drops);
    check(encoded, id);
    if (encoded) { (void)codec.decode_request(encoded->body); }
    Drops more;
    check(codec.encode_count_request(request, target, more), id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    auto request = dialects().get(DialectId::FUZZED_DIALECT).codec()->decode_request(body);
    if (!request) {
        if (request.error().message.empty()) { std::abort(); }
        return 0;
    }
    for (const auto& row : dialect_names) {
        write_for(row.id, *request);
    }
    for (const auto& row : provider_dialect_names) {
        write_for(row.id, *request);
    }
    return 0;
}
