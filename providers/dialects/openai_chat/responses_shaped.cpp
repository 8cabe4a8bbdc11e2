#include "providers/dialects/openai_chat/responses_shaped.hpp"

#include <utility>

#include "core/dialect/envelope.hpp"
#include "core/util/json_scan.hpp"
#include "providers/dialects/openai_chat/call_seals.hpp"
#include "providers/dialects/openai_responses/codec.hpp"

namespace llmgw::wire::chat {

namespace {

using json_scan::Type;
using json_scan::Value;

// The ids in its history are those that a chat answer gave its calls: they may hold several seals, of which the
// Responses codec has taken the outermost.
void unseal(Message& message) {
    std::vector<Part> parts;
    for (auto& part : message.parts) {
        if (auto* call = std::get_if<part::ToolCall>(&part)) {
            SealedCall sealed = unseal_call_id(wrap_call_id(call->id, call->sealed));
            for (auto& seal : sealed.reasoning) {
                part::Reasoning reasoning;
                reasoning.sealed = std::move(seal.sealed);
                reasoning.redacted = seal.redacted;
                parts.emplace_back(std::move(reasoning));
            }
            call->id = std::move(sealed.id);
            call->sealed = std::move(sealed.own);
        } else if (auto* result = std::get_if<part::ToolResult>(&part)) {
            result->call_id = unseal_call_id(result->call_id).id;
        }
        parts.push_back(std::move(part));
    }
    message.parts = std::move(parts);
}

}  // namespace

bool is_responses_shaped(std::string_view body) {
    bool input = false;
    bool messages = false;
    json_scan::each_member(body, [&](std::string_view key, const Value& value) {
        if (key == "input") { input = value.type != Type::null; }
        if (key == "messages") { messages = value.type != Type::null; }
        return true;
    });
    return input && !messages;
}

Result<ChatRequest> read_responses_shaped(std::string_view body) {
    auto request = OpenAiResponsesCodec().decode_request(body);
    if (!request) { return request; }
    for (auto& message : request->messages) {
        unseal(message);
    }
    // The one member of Chat it comes with.
    if (const auto wanted = json_scan::at(body, {"stream_options", "include_usage"})) {
        request->stream_usage = wanted->as_bool().value_or(false);
    }
    std::erase_if(request->extras, [](const auto& extra) { return extra.first.starts_with("stream_options"); });
    return request;
}

}  // namespace llmgw::wire::chat
