#include "providers/dialects/anthropic/anthropic.hpp"
#include "providers/dialects/anthropic/codec.hpp"
#include "providers/dialects/error_body.hpp"

namespace llmgw::wire {

using json_scan::Value;

DecodedResponse Anthropic::decode_response(std::string_view body) const {
    DecodedResponse response;
    json_scan::each_member(body, [&](std::string_view key, const Value& value) {
        if (key == "id") { response.id = string_or_empty(value); }
        if (key == "model") { response.model = string_or_empty(value); }
        if (key == "stop_reason") { response.finish_reason = string_or_empty(value); }
        if (key == "content" && value.is_array()) { response.content_bytes = value.text.size(); }
        if (key == "usage" && value.is_object()) { response.usage = decode_usage(value.text); }
        if (key == "error" && is_present(value)) { response.error = error_inside(value); }
        return true;
    });
    return response;
}

const Codec* Anthropic::codec() const {
    return &anthropic_codec();
}

}  // namespace llmgw::wire
