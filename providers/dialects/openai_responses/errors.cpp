#include <fmt/format.h>

#include "providers/dialects/openai_error.hpp"
#include "providers/dialects/openai_responses/openai_responses.hpp"

namespace llmgw::wire {

using json_scan::quote;

ApiError OpenAiResponses::decode_error(int status, std::string_view body) const {
    return classify_error(status, read_error_body(body));
}

std::string OpenAiResponses::encode_error(const ApiError& error) const {
    return openai_error_body(error);
}

// Codex resends after this event and dies of a stream that only stops. The JavaScript SDK walks `output`.
std::string OpenAiResponses::encode_stream_error(const ApiError& error, const StreamState& state) const {
    std::string id = state.response_id;
    if (id.empty()) { id = "resp_" + error.request_id; }
    std::string_view code = openai_error_code(error.error_class);
    if (code.empty()) { code = "invalid_request_error"; }
    return fmt::format(
        "event: response.failed\n"
        R"(data: {{"type":"response.failed","sequence_number":{},"response":{{"id":{},"object":"response",)"
        R"("status":"failed","error":{{"code":"{}","message":{}}},"incomplete_details":null,"model":{},"output":[],)"
        R"("usage":null,"metadata":{{}}}}}})"
        "\n\n",
        state.next_sequence, quote(id), code, quote(error.message), quote(state.model));
}

std::string_view OpenAiResponses::ping(bool) const {
    return ": keep-alive\n\n";
}

}  // namespace llmgw::wire
