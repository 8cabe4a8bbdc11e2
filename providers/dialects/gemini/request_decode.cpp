#include "core/model/reasoning_effort.hpp"
#include "core/util/json_valid.hpp"
#include "core/util/text.hpp"
#include "core/util/utf8.hpp"
#include "providers/dialects/gemini/codec.hpp"
#include "providers/dialects/gemini/json.hpp"
#include "providers/dialects/gemini/request_reading.hpp"
#include "providers/dialects/gemini/schema.hpp"

namespace llmgw::wire::gemini {

using json_scan::Type;
using json_scan::Value;

bool RequestReading::refuse(std::string_view path, std::string_view expected) {
    if (fault.empty()) { fault = std::string(path) + ": expected " + std::string(expected); }
    return false;
}

bool RequestReading::take(const Value& value, std::string_view path, std::string& out) {
    if (value.type == Type::null) { return true; }
    auto text = value.as_string();
    if (!text) { return refuse(path, "a string"); }
    out = std::move(*text);
    return true;
}

bool RequestReading::take_bool(const Value& value, std::string_view path, std::optional<bool>& out) {
    if (value.type == Type::null) { return true; }
    out = value.as_bool();
    return out ? true : refuse(path, "true or false");
}

bool RequestReading::take_int(const Value& value, std::string_view path, std::optional<std::int64_t>& out) {
    if (value.type == Type::null) { return true; }
    out = whole_number(value);
    return out ? true : refuse(path, "a whole number");
}

bool RequestReading::take_number(const Value& value, std::string_view path, JsonText& out) {
    if (value.type == Type::null) { return true; }
    out = number_text(value);
    return !out.empty() || refuse(path, "a number");
}

namespace {

bool read_strings(const Value& value, std::string_view path, RequestReading& reading, std::vector<std::string>& out) {
    if (value.type == Type::null) { return true; }
    bool good = value.is_array();
    good = good && json_scan::each_element(value.text, [&](const Value& element) {
               auto text = element.as_string();
               good = text.has_value();
               if (good) { out.push_back(std::move(*text)); }
               return good;
           });
    return good || reading.refuse(path, "an array of strings");
}

bool read_thinking(const Value& config, RequestReading& reading) {
    auto& wish = reading.request.reasoning;
    if (!config.is_object()) { return reading.refuse("generationConfig.thinkingConfig", "an object"); }
    each_camel(config.text, [&](std::string_view key, const Value& value) {
        const std::string path = "generationConfig.thinkingConfig." + std::string(key);
        if (key == "includeThoughts") { return reading.take_bool(value, path, wish.show); }
        if (key == "thinkingBudget") { return reading.take_int(value, path, wish.budget_tokens); }
        if (key == "thinkingLevel") { return reading.take(value, path, wish.effort); }
        reading.extra(path, value);
        return true;
    });
    wish.effort = wish.effort == "THINKING_LEVEL_UNSPECIFIED" ? "" : lower(wish.effort);
    if (wish.budget_tokens) {
        wish.adaptive = *wish.budget_tokens < 0;
        wish.enabled = *wish.budget_tokens != 0;
    }
    return reading.fault.empty();
}

struct FormatMembers {
    std::string mime_type;
    std::string_view schema;
    std::string_view schema_key;
};

void set_format(const FormatMembers& members, RequestReading& reading) {
    auto& format = reading.request.format;
    if (members.mime_type == "application/json") {
        format.kind = members.schema.empty() ? FormatKind::json_object : FormatKind::json_schema;
        if (!members.schema.empty()) { format.schema = from_openapi(members.schema); }
        return;
    }
    if (members.mime_type == "text/plain") { format.kind = FormatKind::text; }
    // text/x.enum and what is still to come.
    if (!members.mime_type.empty() && format.kind == FormatKind::unset) {
        reading.request.extras.emplace_back("generationConfig.responseMimeType", json_scan::quote(members.mime_type));
    }
    if (!members.schema.empty()) {
        reading.request.extras.emplace_back("generationConfig." + std::string(members.schema_key),
                                            std::string(members.schema));
    }
}

// Where a number of generationConfig goes.
JsonText* number_member(Sampling& sampling, std::string_view key) {
    if (key == "temperature") { return &sampling.temperature; }
    if (key == "topP") { return &sampling.top_p; }
    if (key == "topK") { return &sampling.top_k; }
    if (key == "seed") { return &sampling.seed; }
    if (key == "presencePenalty") { return &sampling.presence_penalty; }
    if (key == "frequencyPenalty") { return &sampling.frequency_penalty; }
    if (key == "logprobs") { return &sampling.top_logprobs; }
    return nullptr;
}

bool read_function_calling(const Value& config, RequestReading& reading) {
    const std::string root = "toolConfig.functionCallingConfig";
    if (!config.is_object()) { return reading.refuse(root, "an object"); }
    auto& choice = reading.request.tool_choice;
    std::string mode;
    each_camel(config.text, [&](std::string_view key, const Value& value) {
        const std::string path = root + "." + std::string(key);
        if (key == "mode") { return reading.take(value, path, mode); }
        if (key == "allowedFunctionNames") { return read_strings(value, path, reading, choice.allowed); }
        reading.extra(path, value);
        return true;
    });
    if (mode == "AUTO") { choice.mode = ToolChoiceMode::automatic; }
    if (mode == "NONE") { choice.mode = ToolChoiceMode::none; }
    if (mode == "ANY") {
        choice.mode = ToolChoiceMode::required;
        if (choice.allowed.size() == 1) {
            choice.mode = ToolChoiceMode::named;
            choice.name = choice.allowed.front();
            choice.allowed.clear();
        }
    }
    if (mode == "VALIDATED") {
        choice.mode = ToolChoiceMode::automatic;
        // With names it is how "one of these, or none" is said; alone it only asks for stricter arguments.
        if (choice.allowed.empty()) { reading.request.extras.emplace_back(root + ".mode", "\"VALIDATED\""); }
    }
    return reading.fault.empty();
}

bool read_labels(const Value& labels, RequestReading& reading) {
    if (!labels.is_object()) { return reading.refuse("labels", "an object"); }
    return json_scan::each_member(labels.text, [&](std::string_view key, const Value& value) {
        std::string text;
        if (!reading.take(value, "labels", text)) { return false; }
        reading.request.metadata.emplace_back(std::string(key), std::move(text));
        return true;
    });
}

bool read_member(std::string_view key, const Value& value, RequestReading& reading) {
    if (value.type == Type::null) { return true; }
    auto& request = reading.request;
    if (key == "contents") { return read_contents(value, reading); }
    if (key == "systemInstruction") { return read_system(value, reading); }
    if (key == "tools") { return read_tools(value, reading); }
    if (key == "toolConfig") { return read_tool_config(value, reading); }
    if (key == "generationConfig") { return read_generation_config(value, reading); }
    if (key == "serviceTier") { return reading.take(value, key, request.service_tier); }
    if (key == "labels") { return read_labels(value, reading); }
    if (key == "model") {
        if (!reading.take(value, key, request.model)) { return false; }
        if (request.model.starts_with("models/")) { request.model.erase(0, 7); }
        return true;
    }
    reading.extra(std::string(key), value);
    return true;
}

}  // namespace

bool read_tool_config(const Value& config, RequestReading& reading) {
    if (!config.is_object()) { return reading.refuse("toolConfig", "an object"); }
    each_camel(config.text, [&](std::string_view key, const Value& value) {
        if (key == "functionCallingConfig") { return read_function_calling(value, reading); }
        reading.extra("toolConfig." + std::string(key), value);
        return true;
    });
    return reading.fault.empty();
}

bool read_generation_config(const Value& config, RequestReading& reading) {
    if (!config.is_object()) { return reading.refuse("generationConfig", "an object"); }
    auto& request = reading.request;
    FormatMembers format;
    const bool whole = each_camel(config.text, [&](std::string_view key, const Value& value) {
        const std::string path = "generationConfig." + std::string(key);
        if (value.type == Type::null) { return true; }
        if (JsonText* number = number_member(request.sampling, key)) {
            return reading.take_number(value, path, *number);
        }
        if (key == "maxOutputTokens") { return reading.take_int(value, path, request.max_tokens); }
        if (key == "candidateCount") { return reading.take_int(value, path, request.sampling.candidates); }
        if (key == "stopSequences") { return read_strings(value, path, reading, request.sampling.stop); }
        if (key == "responseLogprobs") { return reading.take_bool(value, path, request.sampling.logprobs); }
        if (key == "thinkingConfig") { return read_thinking(value, reading); }
        if (key == "responseMimeType") { return reading.take(value, path, format.mime_type); }
        if (key == "responseSchema" || key == "responseJsonSchema") {
            if (!value.is_object()) { return reading.refuse(path, "an object"); }
            format.schema = value.text;
            format.schema_key = key == "responseSchema" ? "responseSchema" : "responseJsonSchema";
            return true;
        }
        reading.extra(path, value);
        return true;
    });
    if (!whole && reading.fault.empty()) { return reading.refuse("generationConfig", "valid JSON"); }
    set_format(format, reading);
    return reading.fault.empty();
}

Result<ChatRequest> GeminiCodec::decode_request(std::string_view body) const {
    // What is kept as it was written goes out as it was written: it must be JSON all the way down.
    if (!is_json(body) || !is_utf8(body)) { return fail(ErrorKind::bad_request, "the body: expected a JSON object"); }
    RequestReading reading;
    reading.request.origin = DialectId::gemini;
    // countTokens may wrap the whole request.
    std::string_view text = body;
    for (const char* key : {"generateContentRequest", "generate_content_request"}) {
        if (const auto inside = json_scan::member(body, key); inside && inside->is_object()) { text = inside->text; }
    }
    bool contents = false;
    const bool whole = each_camel(text, [&](std::string_view key, const Value& value) {
        contents = contents || key == "contents";
        return read_member(key, value, reading);
    });
    if (reading.fault.empty() && !whole) { reading.refuse("the body", "a JSON object"); }
    if (reading.fault.empty() && !contents) { reading.refuse("contents", "an array of contents"); }
    if (!reading.fault.empty()) { return fail(ErrorKind::bad_request, reading.fault); }
    return std::move(reading.request);
}

}  // namespace llmgw::wire::gemini
