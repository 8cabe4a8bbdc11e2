#include "cli/ask/request.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "core/util/url.hpp"

namespace llmgw {
namespace {

using nlohmann::ordered_json;

constexpr std::int64_t default_max_tokens = 8192;
constexpr std::array<DialectId, 4> preference{DialectId::anthropic, DialectId::openai_chat, DialectId::gemini,
                                              DialectId::openai_responses};

DialectId first_spoken(const Provider& provider) {
    for (const auto dialect : preference) {
        if (provider.speaks(dialect)) { return dialect; }
    }
    return DialectId::openai_chat;
}

// --- one part of a turn, in each dialect's own form

ordered_json anthropic_part(const AskPart& part) {
    if (part.kind == AskPart::Kind::text) { return {{"type", "text"}, {"text", part.data}}; }
    const ordered_json source{{"type", "base64"}, {"media_type", part.media_type}, {"data", part.data}};
    if (part.kind == AskPart::Kind::image) { return {{"type", "image"}, {"source", source}}; }
    ordered_json document{{"type", "document"}, {"source", source}};
    if (!part.name.empty()) { document["title"] = part.name; }
    return document;
}

std::string data_url(const AskPart& part) {
    return "data:" + part.media_type + ";base64," + part.data;
}

std::string file_name(const AskPart& part) {
    return part.name.empty() ? "document.pdf" : part.name;
}

ordered_json chat_part(const AskPart& part) {
    switch (part.kind) {
        case AskPart::Kind::text: return {{"type", "text"}, {"text", part.data}};
        case AskPart::Kind::image: return {{"type", "image_url"}, {"image_url", {{"url", data_url(part)}}}};
        case AskPart::Kind::pdf: break;
    }
    return {{"type", "file"}, {"file", {{"filename", file_name(part)}, {"file_data", data_url(part)}}}};
}

ordered_json responses_part(const AskPart& part) {
    switch (part.kind) {
        case AskPart::Kind::text: return {{"type", "input_text"}, {"text", part.data}};
        case AskPart::Kind::image: return {{"type", "input_image"}, {"image_url", data_url(part)}};
        case AskPart::Kind::pdf: break;
    }
    return {{"type", "input_file"}, {"filename", file_name(part)}, {"file_data", data_url(part)}};
}

ordered_json gemini_part(const AskPart& part) {
    if (part.kind == AskPart::Kind::text) { return {{"text", part.data}}; }
    return {{"inlineData", {{"mimeType", part.media_type}, {"data", part.data}}}};
}

// A turn of one text is a plain string, which every host takes; anything else is a list of parts.
ordered_json content(const AskTurn& turn, ordered_json (*encode)(const AskPart&)) {
    if (turn.parts.size() == 1 && turn.parts[0].kind == AskPart::Kind::text) { return turn.parts[0].data; }
    auto list = ordered_json::array();
    for (const auto& part : turn.parts) {
        list.push_back(encode(part));
    }
    return list;
}

ordered_json messages(const std::vector<AskTurn>& turns, ordered_json (*encode)(const AskPart&)) {
    auto list = ordered_json::array();
    for (const auto& turn : turns) {
        list.push_back(
            {{"role", turn.role == AskRole::user ? "user" : "assistant"}, {"content", content(turn, encode)}});
    }
    return list;
}

// --- whole bodies

ordered_json anthropic_body(const AskInput& input) {
    ordered_json body;
    body["model"] = input.model;
    body["max_tokens"] = input.max_tokens > 0 ? input.max_tokens : default_max_tokens;
    if (!input.system.empty()) { body["system"] = input.system; }
    body["messages"] = messages(input.turns, &anthropic_part);
    if (input.temperature) { body["temperature"] = *input.temperature; }
    if (input.format) {
        body["output_config"]["format"] = {{"type", "json_schema"},
                                           {"schema", ordered_json::parse(input.format->schema)}};
    }
    return body;
}

ordered_json chat_body(const AskInput& input) {
    ordered_json body;
    body["model"] = input.model;
    body["messages"] = messages(input.turns, &chat_part);
    if (!input.system.empty()) {
        ordered_json system{{"role", "system"}, {"content", input.system}};
        body["messages"].insert(body["messages"].begin(), std::move(system));
    }
    if (input.max_tokens > 0) {
        body[input.max_completion_tokens ? "max_completion_tokens" : "max_tokens"] = input.max_tokens;
    }
    if (input.temperature) { body["temperature"] = *input.temperature; }
    if (input.format) {
        body["response_format"] = {{"type", "json_schema"},
                                   {"json_schema",
                                    {{"name", input.format->name},
                                     {"schema", ordered_json::parse(input.format->schema)},
                                     {"strict", input.format->strict}}}};
    }
    return body;
}

ordered_json responses_body(const AskInput& input) {
    ordered_json body;
    body["model"] = input.model;
    if (!input.system.empty()) { body["instructions"] = input.system; }
    if (input.turns.size() == 1 && content(input.turns[0], &responses_part).is_string()) {
        body["input"] = content(input.turns[0], &responses_part);
    } else {
        body["input"] = messages(input.turns, &responses_part);
    }
    // llmgw keeps the conversation itself; the provider need not.
    body["store"] = false;
    if (input.max_tokens > 0) { body["max_output_tokens"] = input.max_tokens; }
    if (input.temperature) { body["temperature"] = *input.temperature; }
    if (input.format) {
        body["text"]["format"] = {{"type", "json_schema"},
                                  {"name", input.format->name},
                                  {"schema", ordered_json::parse(input.format->schema)},
                                  {"strict", input.format->strict}};
    }
    return body;
}

ordered_json gemini_body(const AskInput& input) {
    ordered_json body;
    if (!input.system.empty()) { body["systemInstruction"]["parts"] = ordered_json::array({{{"text", input.system}}}); }
    body["contents"] = ordered_json::array();
    for (const auto& turn : input.turns) {
        auto parts = ordered_json::array();
        for (const auto& part : turn.parts) {
            parts.push_back(gemini_part(part));
        }
        body["contents"].push_back({{"role", turn.role == AskRole::user ? "user" : "model"}, {"parts", parts}});
    }
    if (input.max_tokens > 0) { body["generationConfig"]["maxOutputTokens"] = input.max_tokens; }
    if (input.temperature) { body["generationConfig"]["temperature"] = *input.temperature; }
    if (input.format) {
        body["generationConfig"]["responseMimeType"] = "application/json";
        body["generationConfig"]["responseJsonSchema"] = ordered_json::parse(input.format->schema);
    }
    return body;
}

}  // namespace

DialectId dialect_for(std::string_view model, const std::vector<Provider>& providers) {
    const auto prefix = model.substr(0, model.find('/'));
    for (const auto& provider : providers) {
        if (prefix.size() < model.size() && provider.name == prefix) { return first_spoken(provider); }
    }
    for (const auto& provider : providers) {
        for (const auto& listed : provider.models) {
            if (listed == model) { return first_spoken(provider); }
        }
    }
    if (model.starts_with("claude")) { return DialectId::anthropic; }
    if (model.starts_with("gemini") || model.starts_with("gemma")) { return DialectId::gemini; }
    return DialectId::openai_chat;
}

AskRequest ask_request(DialectId dialect, const AskInput& input) {
    AskRequest request;
    ordered_json body;
    switch (dialect) {
        case DialectId::anthropic:
            request.path = "/v1/messages";
            body = anthropic_body(input);
            break;
        case DialectId::openai_chat:
            request.path = "/v1/chat/completions";
            body = chat_body(input);
            break;
        case DialectId::openai_responses:
            request.path = "/v1/responses";
            body = responses_body(input);
            break;
        case DialectId::gemini:
            // Gemini names the model and the wish to stream in the path.
            request.path = "/v1beta/models/" + percent_encode(input.model, "/") +
                           (input.stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
            body = gemini_body(input);
            break;
        case DialectId::ollama_chat:
        case DialectId::bedrock_converse:
        case DialectId::cohere_chat: break;  // nobody asks llmgw in it
    }
    if (input.stream && dialect != DialectId::gemini) { body["stream"] = true; }
    request.body = body.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    return request;
}

}  // namespace llmgw
