// A request for the number of its tokens.
#include <algorithm>
#include <array>

#include "core/util/json_scan.hpp"
#include "core/util/json_writer.hpp"
#include "providers/dialects/openai_responses/codec.hpp"

namespace llmgw::wire {
namespace {

// What the endpoint takes: the members that make the prompt.
constexpr std::array<std::string_view, 11> counted{
    "conversation", "input", "instructions", "model", "parallel_tool_calls", "previous_response_id",
    "reasoning",    "text",  "tool_choice",  "tools", "truncation"};

}  // namespace

Result<EncodedRequest> OpenAiResponsesCodec::encode_count_request(const ChatRequest& request,
                                                                  const TargetTraits& target, Drops& drops) const {
    const auto whole = encode_request(request, target, drops);
    if (!whole) { return whole; }
    JsonWriter json;
    json.begin_object();
    json_scan::each_member(whole->body, [&](std::string_view key, const json_scan::Value& value) {
        if (std::ranges::find(counted, key) != counted.end()) { json.raw_member(key, value.text); }
        return true;
    });
    json.end_object();
    return EncodedRequest{json.take()};
}

}  // namespace llmgw::wire
