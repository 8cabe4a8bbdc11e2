// One dialect's requests (FUZZED_DIALECT): whatever a client sends is refused or read. What is read is refused or
// written for each dialect's provider, as one JSON object; reading that again is harmless.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

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

struct Row {
    DialectId dialect;
    TargetTraits traits;
    bool counts = true;
};

// Each dialect's provider, and those whose model or host wants another form.
const std::vector<Row>& targets() {
    static const std::vector<Row> all = [] {
        std::vector<Row> made{{DialectId::anthropic, {}},
                              {DialectId::openai_chat, {}},
                              {DialectId::openai_responses, {}},
                              {DialectId::gemini, {}},
                              {DialectId::bedrock_converse, {}},
                              {DialectId::anthropic, {}, false},
                              {DialectId::openai_chat, {}, false},
                              {DialectId::gemini, {}, false},
                              {DialectId::bedrock_converse, {}, false},
                              {DialectId::cohere_chat, {}},
                              {DialectId::cohere_chat, {}, false},
                              {DialectId::ollama_chat, {}},
                              {DialectId::ollama_chat, {}, false}};
        constexpr std::array models{"claude-opus-4-6",
                                    "gpt-5.6",
                                    "gpt-5.6",
                                    "gemini-3-pro",
                                    "us.amazon.nova-pro-v1:0",
                                    "claude-3-5-haiku-latest",
                                    "mistral-large",
                                    "gemini-2.0-flash",
                                    "us.anthropic.claude-sonnet-4-5-v1:0",
                                    "command-a-reasoning-08-2025",
                                    "command-r7b-12-2024",
                                    "qwen3:8b",
                                    "gpt-oss:20b"};
        for (std::size_t i = 0; i < made.size(); ++i) {
            made[i].traits.model = models.at(i);
        }
        made[3].traits.thinking_level = true;
        TargetTraits& host = made[6].traits;
        host.max_tokens_field = "max_tokens";
        host.reasoning_back = "thinking_parts";
        host.developer_role = host.strict_schema = host.image_urls = host.openai_parameters = false;
        made[7].traits.parameters_json_schema = false;
        for (auto& row : made) {
            if (row.dialect != DialectId::ollama_chat || row.counts) { continue; }
            row.traits.num_ctx = 32768;
            row.traits.keep_alive = "-1";
        }
        return made;
    }();
    return all;
}

void check(const Result<EncodedRequest>& encoded, DialectId target) {
    if (!encoded) {
        if (encoded.error().message.empty()) { found("refused without a word", target, {}); }
        return;
    }
    if (!is_json_object(encoded->body)) { found("what is written is no JSON", target, encoded->body); }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    auto request = dialects().get(DialectId::FUZZED_DIALECT).codec()->decode_request(body);
    if (!request) {
        if (request.error().message.empty()) { std::abort(); }
        return 0;
    }
    for (const auto& row : targets()) {
        const Codec& codec = *dialects().get(row.dialect).codec();
        Drops drops;
        const auto encoded = codec.encode_request(*request, row.traits, drops);
        check(encoded, row.dialect);
        // A dialect that only providers speak reads no requests, and says so.
        if (encoded) { (void)codec.decode_request(encoded->body); }
        if (!row.counts) { continue; }
        Drops more;
        check(codec.encode_count_request(*request, row.traits, more), row.dialect);
    }
    return 0;
}
