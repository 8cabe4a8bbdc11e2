#include "providers/dialects/error_body.hpp"
#include "providers/dialects/openai_responses/openai_responses.hpp"

namespace llmgw::wire {

using json_scan::Value;

bool is_billed_search(const Value& item) {
    const auto type = json_scan::member(item.text, "type");
    if (!type || type->raw_string() != "web_search_call") { return false; }
    const auto action = json_scan::at(item.text, {"action", "type"});
    return !action || action->raw_string() == "search";  // the first form of the item had no action
}

DecodedResponse read_response_object(std::string_view response_json) {
    static const OpenAiResponses dialect;
    DecodedResponse response;
    std::string status;
    std::string service_tier;
    std::int64_t searches = 0;
    json_scan::each_member(response_json, [&](std::string_view key, const Value& value) {
        if (key == "id") { response.id = string_or_empty(value); }
        if (key == "model") { response.model = string_or_empty(value); }
        if (key == "status") { status = string_or_empty(value); }
        if (key == "service_tier") { service_tier = string_or_empty(value); }
        if (key == "usage" && value.is_object()) { response.usage = dialect.decode_usage(value.text); }
        if (key == "error" && is_present(value)) { response.error = error_inside(value); }
        if (key == "incomplete_details" && value.is_object()) {
            if (const auto reason = json_scan::member(value.text, "reason")) {
                response.finish_reason = string_or_empty(*reason);
            }
        }
        if (key == "output" && value.is_array()) {
            response.content_bytes = value.text.size();
            json_scan::each_element(value.text, [&](const Value& item) {
                if (is_billed_search(item)) { ++searches; }
                return true;
            });
        }
        return true;
    });
    if (response.finish_reason.empty()) { response.finish_reason = status; }
    if (response.usage) {
        if (response.usage->service_tier.empty()) { response.usage->service_tier = service_tier; }
        response.usage->web_search_requests = searches;
    }
    if (status == "failed" && !response.error) {
        ErrorFacts facts;
        facts.message = "The provider marked the answer as failed and gave no reason.";
        response.error = classify_error(0, std::move(facts));
    }
    return response;
}

DecodedResponse OpenAiResponses::decode_response(std::string_view body) const {
    return read_response_object(body);
}

}  // namespace llmgw::wire
