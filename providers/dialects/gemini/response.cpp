#include "providers/dialects/error_body.hpp"
#include "providers/dialects/gemini/gemini.hpp"

namespace llmgw::wire {

using json_scan::Reader;
using json_scan::Type;
using json_scan::Value;

namespace {

// Text by its length, a call, code or a picture by the size of its object; a thought's signature is nothing
// anyone sees.
std::size_t part_bytes(const Value& part) {
    std::size_t bytes = 0;
    json_scan::each_member(part.text, [&](std::string_view key, const Value& value) {
        if (key == "text") { bytes += value.raw_string().size(); }
        if (value.is_object() && value.text != "{}") { bytes += value.text.size(); }
        return true;
    });
    return bytes;
}

void read_candidate(const Value& candidate, GeminiChunk& chunk) {
    json_scan::each_member(candidate.text, [&](std::string_view key, const Value& value) {
        if (key == "finishReason") { chunk.finish_reason = value.raw_string(); }
        if (key == "content" && value.is_object()) {
            if (const auto parts = json_scan::member(value.text, "parts")) {
                json_scan::each_element(parts->text, [&](const Value& part) {
                    chunk.content_bytes += part_bytes(part);
                    return true;
                });
            }
        }
        return true;
    });
}

void add_chunk(const Gemini& dialect, std::string_view json, DecodedResponse& response) {
    const GeminiChunk chunk = read_gemini_chunk(json);
    if (!chunk.id.empty()) { response.id = chunk.id; }
    if (!chunk.model.empty()) { response.model = chunk.model; }
    if (!chunk.finish_reason.empty()) { response.finish_reason = chunk.finish_reason; }
    if (!chunk.usage.empty()) { response.usage = dialect.decode_usage(chunk.usage); }
    if (chunk.error) { response.error = error_inside(*chunk.error); }
    response.content_bytes += chunk.content_bytes;
}

}  // namespace

GeminiChunk read_gemini_chunk(std::string_view json) {
    GeminiChunk chunk;
    Reader reader(json, '{');
    std::string_view key;
    Value value;
    while (reader.next_member(key, value)) {
        if (key == "candidates" && value.is_array()) {
            json_scan::each_element(value.text, [&](const Value& candidate) {
                read_candidate(candidate, chunk);
                return true;
            });
        } else if (key == "usageMetadata" && value.is_object()) {
            chunk.usage = value.text;
        } else if (key == "modelVersion") {
            chunk.model = value.raw_string();
        } else if (key == "responseId") {
            chunk.id = value.raw_string();
        } else if (key == "promptFeedback" && value.is_object()) {
            const auto reason = json_scan::member(value.text, "blockReason");
            if (reason && chunk.finish_reason.empty()) { chunk.finish_reason = reason->raw_string(); }
        } else if (key == "error" && value.type != Type::null) {
            chunk.error = value;
        }
    }
    return chunk;
}

// Without alt=sse a streamed answer is an array of what would have been the stream's data.
DecodedResponse Gemini::decode_response(std::string_view body) const {
    DecodedResponse response;
    const bool is_array = json_scan::each_element(body, [&](const Value& element) {
        add_chunk(*this, element.text, response);
        return true;
    });
    if (!is_array) { add_chunk(*this, body, response); }
    return response;
}

}  // namespace llmgw::wire
