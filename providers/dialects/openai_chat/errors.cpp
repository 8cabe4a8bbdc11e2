#include "providers/dialects/openai_chat/openai_chat.hpp"
#include "providers/dialects/openai_error.hpp"

namespace llmgw::wire {

ApiError OpenAiChat::decode_error(int status, std::string_view body) const {
    return classify_error(status, read_error_body(body));
}

std::string OpenAiChat::encode_error(const ApiError& error) const {
    return openai_error_body(error);
}

// No [DONE] follows: a cut answer must not look finished.
std::string OpenAiChat::encode_stream_error(const ApiError& error, const StreamState&) const {
    return "data: " + openai_error_body(error) + "\n\n";
}

std::string_view OpenAiChat::ping(bool) const {
    return ": keep-alive\n\n";
}

}  // namespace llmgw::wire
