#include "providers/dialects/error_body.hpp"
#include "providers/dialects/openai_chat/openai_chat.hpp"

namespace llmgw::wire {

using json_scan::Value;

namespace {

// OpenRouter nests the failure of a choice in a 200 answer.
void read_choice(const Value& choice, DecodedResponse& response) {
    json_scan::each_member(choice.text, [&](std::string_view key, const Value& value) {
        if (key == "message" && value.is_object()) { response.content_bytes += value.text.size(); }
        if (key == "text") { response.content_bytes += value.raw_string().size(); }
        if (key == "finish_reason" && response.finish_reason.empty()) {
            response.finish_reason = string_or_empty(value);
        }
        if (key == "error" && is_present(value)) { response.error = error_inside(value); }
        return true;
    });
}

}  // namespace

DecodedResponse OpenAiChat::decode_response(std::string_view body) const {
    DecodedResponse response;
    std::string_view usage;
    std::string_view timings;
    std::string service_tier;
    json_scan::each_member(body, [&](std::string_view key, const Value& value) {
        if (key == "id") { response.id = string_or_empty(value); }
        if (key == "model") { response.model = string_or_empty(value); }
        if (key == "service_tier") { service_tier = string_or_empty(value); }
        if (key == "usage" && value.is_object()) { usage = value.text; }
        if (key == "timings" && value.is_object()) { timings = value.text; }
        if (key == "error" && is_present(value)) { response.error = error_inside(value); }
        if (key == "choices" && value.is_array()) {
            json_scan::each_element(value.text, [&](const Value& choice) {
                read_choice(choice, response);
                return true;
            });
        }
        return true;
    });
    if (!usage.empty() || !timings.empty()) {
        response.usage = chat_usage(usage, timings);
        if (response.usage->service_tier.empty()) { response.usage->service_tier = service_tier; }
    }
    return response;
}

}  // namespace llmgw::wire
