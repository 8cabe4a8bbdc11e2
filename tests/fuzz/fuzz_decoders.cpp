// Everything of the dialects that reads a provider's bytes. The first byte chooses the dialect.
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/util/sse.hpp"
#include "providers/dialects/anthropic/anthropic.hpp"
#include "providers/dialects/bedrock_converse/bedrock_converse.hpp"
#include "providers/dialects/gemini/gemini.hpp"
#include "providers/dialects/openai_chat/openai_chat.hpp"
#include "providers/dialects/openai_responses/openai_responses.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const llmgw::wire::Anthropic anthropic;
    static const llmgw::wire::OpenAiChat chat;
    static const llmgw::wire::OpenAiResponses responses;
    static const llmgw::wire::Gemini gemini;
    static const llmgw::wire::BedrockConverse converse;
    static const std::array<const llmgw::Dialect*, 5> dialects{&anthropic, &chat, &responses, &gemini, &converse};
    if (size == 0) { return 0; }
    const llmgw::Dialect& dialect = *dialects[data[0] % dialects.size()];
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);

    std::vector<llmgw::Event> events;
    const auto decoder = dialect.stream_decoder();
    llmgw::SseFramer framer;
    for (const auto& event : framer.feed(text)) {
        decoder->decode(event, events);
    }
    llmgw::SseEvent tail;
    if (framer.finish(tail)) { decoder->decode(tail, events); }
    decoder->finish(events);

    (void)dialect.decode_response(text);
    (void)dialect.decode_usage(text);
    const llmgw::ApiError error = dialect.decode_error(400 + data[0], text);
    (void)dialect.encode_error(error);
    (void)dialect.encode_stream_error(error, decoder->state());
    return 0;
}
