// The grammar of a streamGenerateContent stream, as its SDKs and Gemini CLI depend on it (T2).
#include <map>

#include <fmt/format.h>

#include "core/util/base64.hpp"
#include "core/util/json_valid.hpp"
#include "providers/dialects/gemini/codec.hpp"
#include "providers/dialects/gemini/json.hpp"

namespace llmgw::wire::gemini {

using json_scan::Type;
using json_scan::Value;

namespace {

// What one candidate has said.
struct Seen {
    bool finished = false;
    bool call_open = false;  // its arguments come in pieces
};

class GeminiValidator final : public StreamValidator {
public:
    std::string event(const SseEvent& sse) override;
    std::string end() override;

private:
    std::string datum(std::string_view json);
    std::string candidate(const Value& value);
    std::string part(const Value& value, Seen& seen);
    std::string call(const Value& value, Seen& seen);
    std::string frame(std::string_view key, const Value& value);

    std::map<std::int64_t, Seen> candidates_;
    std::map<std::string, std::string, std::less<>> frame_;  // modelVersion, responseId: the same in each datum
    bool blocked_ = false;
    bool failed_ = false;
    bool usage_ = false;
};

std::string GeminiValidator::event(const SseEvent& sse) {
    if (failed_) { return "an event after the error"; }
    if (sse.comment_only) { return "a comment: Gemini CLI takes the stream for broken"; }
    if (!sse.name.empty()) { return "an event name: the dialect has data only"; }
    if (!is_json_object(sse.data)) { return "data that is no JSON object"; }
    return datum(sse.data);
}

std::string GeminiValidator::frame(std::string_view key, const Value& value) {
    if (value.type != Type::string) { return fmt::format("{} is not a string", key); }
    const auto [row, added] = frame_.emplace(std::string(key), std::string(value.text));
    return added || row->second == value.text ? "" : fmt::format("{} changed", key);
}

std::string GeminiValidator::datum(std::string_view json) {
    std::string fault;
    bool known = false;
    const auto check = [&](std::string_view key, const Value& value) -> std::string {
        if (key == "error") {
            failed_ = true;
            return value.is_object() ? "" : "error is not an object";
        }
        if (key == "candidates") {
            if (!value.is_array()) { return "candidates is not an array"; }
            json_scan::each_element(value.text, [&](const Value& one) {
                fault = candidate(one);
                return fault.empty();
            });
            return fault;
        }
        if (key == "promptFeedback") {
            blocked_ = blocked_ || json_scan::member(value.text, "blockReason").has_value();
            return value.is_object() ? "" : "promptFeedback is not an object";
        }
        if (key == "usageMetadata") {
            usage_ = true;
            return value.is_object() ? "" : "usageMetadata is not an object";
        }
        if (key == "modelVersion" || key == "responseId") { return frame(key, value); }
        return "";
    };
    each_camel(json, [&](std::string_view key, const Value& value) {
        known = known || key == "error" || key == "candidates" || key == "promptFeedback" || key == "usageMetadata";
        fault = check(key, value);
        return fault.empty();
    });
    return !fault.empty() || known ? fault : "a datum without candidates, feedback, usage or error";
}

std::string GeminiValidator::candidate(const Value& value) {
    if (!value.is_object()) { return "a candidate is not an object"; }
    const auto index = json_scan::member(value.text, "index");
    Seen& seen = candidates_[index ? index->as_int().value_or(-1) : 0];
    if (index && index->as_int().value_or(-1) < 0) { return "a candidate's index is no number"; }
    std::string fault;
    bool finish = false;
    each_camel(value.text, [&](std::string_view key, const Value& field) {
        if (key == "finishReason") {
            finish = true;
            if (field.type != Type::string || field.raw_string().empty()) { fault = "finishReason is no word"; }
        }
        if (key != "content") { return fault.empty(); }
        const auto role = json_scan::member(field.text, "role");
        if (role && role->raw_string() != "model") { fault = "a content's role is not model"; }
        const auto parts = json_scan::member(field.text, "parts");
        if (!fault.empty() || !parts) { return fault.empty(); }
        if (!parts->is_array()) {
            fault = "parts is not an array";
            return false;
        }
        json_scan::each_element(parts->text, [&](const Value& one) {
            fault = part(one, seen);
            return fault.empty();
        });
        return fault.empty();
    });
    if (!fault.empty() || !finish) { return fault; }
    if (seen.finished) { return "a second finishReason"; }
    seen.finished = true;
    return "";
}

std::string GeminiValidator::part(const Value& value, Seen& seen) {
    if (!value.is_object()) { return "a part is not an object"; }
    int kinds = 0;
    bool silent = false;
    std::string fault;
    each_camel(value.text, [&](std::string_view key, const Value& field) {
        if (key == "thought") {
            if (field.type != Type::boolean) { fault = "thought is not a boolean"; }
        } else if (key == "thoughtSignature") {
            const auto written = field.as_string();
            if (!written || written->empty() || !base64_decode(*written)) { fault = "a thoughtSignature is no base64"; }
        } else if (key == "functionCall") {
            ++kinds;
            fault = call(field, seen);
        } else if (key != "videoMetadata" && key != "partMetadata" && key != "mediaResolution") {
            ++kinds;
            if (key == "text" && field.type != Type::string) { fault = "a text is not a string"; }
            silent = key == "text" && field.text == "\"\"";
        }
        return fault.empty();
    });
    if (!fault.empty()) { return fault; }
    if (kinds != 1) { return "a part that is not exactly one thing"; }
    return seen.finished && !silent ? "a part after the finishReason" : "";
}

std::string GeminiValidator::call(const Value& value, Seen& seen) {
    if (!value.is_object()) { return "a functionCall is not an object"; }
    bool named = false;
    bool pieces = false;
    bool goes_on = false;
    std::string fault;
    each_camel(value.text, [&](std::string_view key, const Value& field) {
        if (key == "name") { named = !field.raw_string().empty(); }
        if (key == "id" && field.raw_string().empty()) { fault = "a call's id is no string"; }
        if (key == "args" && !is_json_object(field.text)) { fault = "a call's args are no JSON object"; }
        if (key == "partialArgs") { pieces = true; }
        if (key == "willContinue") { goes_on = field.as_bool().value_or(false); }
        return fault.empty();
    });
    if (!fault.empty()) { return fault; }
    if (!named && !seen.call_open) { return "a call without a name"; }
    if (pieces && !named && !seen.call_open) { return "pieces of a call that is not open"; }
    seen.call_open = goes_on;
    return "";
}

std::string GeminiValidator::end() {
    if (failed_) { return ""; }
    if (candidates_.empty()) { return blocked_ ? "" : "no candidate, no blocked prompt and no error"; }
    for (const auto& [index, seen] : candidates_) {
        if (!seen.finished) { return fmt::format("candidate {} has no finishReason", index); }
    }
    return "";
}

}  // namespace

std::unique_ptr<StreamValidator> GeminiCodec::stream_validator() const {
    return std::make_unique<GeminiValidator>();
}

}  // namespace llmgw::wire::gemini
