// Clients of the four dialects, as small as an agent can be.
#include "tests/e2e/matrix.hpp"
#include "tests/e2e/world.hpp"

namespace llmgw::testing::matrix {
namespace {

const Json weather_schema = Json::parse(
    R"({"type":"object","properties":{"city":{"type":"string","description":"where"},"days":{"type":"integer","minimum":1}},"required":["city"]})");

std::string mime(MediaKind kind) {
    switch (kind) {
        case MediaKind::image: return "image/png";
        case MediaKind::pdf: return "application/pdf";
        case MediaKind::audio: return "audio/wav";
    }
    return {};
}

std::string data_url(const Media& media) {
    return "data:" + mime(media.kind) + ";base64," + media.data;
}

Json text_part(DialectId dialect, std::string_view text) {
    switch (dialect) {
        case DialectId::ollama_chat:
        case DialectId::cohere_chat:
        case DialectId::bedrock_converse:
        case DialectId::gemini: return {{"text", text}};
        case DialectId::openai_responses: return {{"type", "input_text"}, {"text", text}};
        default: return {{"type", "text"}, {"text", text}};
    }
}

Json media_part(DialectId dialect, const Media& media) {
    const bool url = !media.url.empty();
    switch (dialect) {
        case DialectId::anthropic: {
            const Json source = url ? Json{{"type", "url"}, {"url", media.url}}
                                    : Json{{"type", "base64"}, {"media_type", mime(media.kind)}, {"data", media.data}};
            return {{"type", media.kind == MediaKind::pdf ? "document" : "image"}, {"source", source}};
        }
        case DialectId::openai_chat:
            if (media.kind == MediaKind::audio) {
                return {{"type", "input_audio"}, {"input_audio", {{"data", media.data}, {"format", "wav"}}}};
            }
            if (media.kind == MediaKind::pdf) {
                return {{"type", "file"}, {"file", {{"filename", "a.pdf"}, {"file_data", data_url(media)}}}};
            }
            return {{"type", "image_url"}, {"image_url", {{"url", url ? media.url : data_url(media)}}}};
        case DialectId::openai_responses:
            if (media.kind == MediaKind::audio) {
                return {{"type", "input_audio"}, {"input_audio", {{"data", media.data}, {"format", "wav"}}}};
            }
            if (media.kind == MediaKind::pdf) {
                return {{"type", "input_file"}, {"filename", "a.pdf"}, {"file_data", data_url(media)}};
            }
            return {{"type", "input_image"}, {"image_url", url ? media.url : data_url(media)}};
        case DialectId::ollama_chat:
        case DialectId::cohere_chat:
        case DialectId::bedrock_converse:
        case DialectId::gemini:
            if (url) { return {{"fileData", {{"mimeType", mime(media.kind)}, {"fileUri", media.url}}}}; }
            return {{"inlineData", {{"mimeType", mime(media.kind)}, {"data", media.data}}}};
    }
    return {};
}

Json only(const Json& from, std::initializer_list<const char*> names) {
    Json out = Json::object();
    for (const auto* name : names) {
        if (from.contains(name)) { out[name] = from[name]; }
    }
    return out;
}

}  // namespace

void Client::say(std::string_view text, const std::vector<Media>& media) {
    Json parts = Json::array({text_part(dialect_, text)});
    for (const auto& one : media) {
        parts.push_back(media_part(dialect_, one));
    }
    const bool gemini = dialect_ == DialectId::gemini;
    turns_.push_back({{"role", "user"}, {gemini ? "parts" : "content", parts}});
}

void Client::keep(const Json& answer) {
    switch (dialect_) {
        case DialectId::anthropic: turns_.push_back({{"role", "assistant"}, {"content", answer.at("content")}}); break;
        case DialectId::openai_chat: {
            const auto& message = answer.at("choices").at(0).at("message");
            turns_.push_back(plain_ ? only(message, {"role", "content", "tool_calls"}) : message);
            break;
        }
        case DialectId::openai_responses:
            for (const auto& item : answer.at("output")) {
                turns_.push_back(item);
            }
            break;
        case DialectId::ollama_chat:
        case DialectId::cohere_chat:
        case DialectId::bedrock_converse:
        case DialectId::gemini: turns_.push_back(answer.at("candidates").at(0).at("content")); break;
    }
}

void Client::give(const std::vector<Result>& results) {
    Json parts = Json::array();
    for (const auto& result : results) {
        const auto image = Media{MediaKind::image, result.image, {}};
        switch (dialect_) {
            case DialectId::anthropic: {
                Json content = Json::array({text_part(dialect_, result.text)});
                if (!result.image.empty()) { content.push_back(media_part(dialect_, image)); }
                Json block{{"type", "tool_result"}, {"tool_use_id", result.call_id}, {"content", content}};
                if (result.is_error) { block["is_error"] = true; }
                parts.push_back(block);
                break;
            }
            case DialectId::openai_chat:
                turns_.push_back({{"role", "tool"}, {"tool_call_id", result.call_id}, {"content", result.text}});
                break;
            case DialectId::openai_responses: {
                Json output = result.text;
                if (!result.image.empty()) {
                    output = Json::array({text_part(dialect_, result.text), media_part(dialect_, image)});
                }
                turns_.push_back({{"type", "function_call_output"}, {"call_id", result.call_id}, {"output", output}});
                break;
            }
            case DialectId::ollama_chat:
            case DialectId::cohere_chat:
            case DialectId::bedrock_converse:
            case DialectId::gemini: {
                Json response{{"name", result.name},
                              {"response", {{result.is_error ? "error" : "output", result.text}}}};
                if (!result.call_id.empty()) { response["id"] = result.call_id; }
                if (!result.image.empty()) { response["parts"] = Json::array({media_part(dialect_, image)}); }
                parts.push_back({{"functionResponse", response}});
                break;
            }
        }
    }
    if (parts.empty()) { return; }
    turns_.push_back({{"role", "user"}, {dialect_ == DialectId::gemini ? "parts" : "content", parts}});
}

std::string Client::target(const Wish& wish) const {
    switch (dialect_) {
        case DialectId::anthropic: return "/v1/messages";
        case DialectId::openai_chat: return "/v1/chat/completions";
        case DialectId::openai_responses: return "/v1/responses";
        case DialectId::ollama_chat:
        case DialectId::cohere_chat:
        case DialectId::bedrock_converse:
        case DialectId::gemini: break;
    }
    return "/v1beta/models/" + wish.model + (wish.stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
}

std::string Client::body(const Wish& wish) const {
    Json body;
    const auto& schema = wish.schema;
    if (dialect_ != DialectId::gemini) {
        body["model"] = wish.model;
        if (wish.stream) { body["stream"] = true; }
    }
    switch (dialect_) {
        case DialectId::anthropic:
            body["max_tokens"] = 8192;
            if (!wish.system.empty()) { body["system"] = wish.system; }
            body["messages"] = turns_;
            if (wish.tools) {
                body["tools"] = Json::array(
                    {{{"name", "get_weather"}, {"description", "the weather"}, {"input_schema", weather_schema}}});
            }
            if (wish.thinking) { body["thinking"] = {{"type", "enabled"}, {"budget_tokens", 2048}}; }
            if (!schema.is_null()) { body["output_config"]["format"] = {{"type", "json_schema"}, {"schema", schema}}; }
            if (!wish.stop.empty()) { body["stop_sequences"] = Json::array({wish.stop}); }
            break;
        case DialectId::openai_chat:
            body["messages"] = Json::array();
            if (!wish.system.empty()) { body["messages"].push_back({{"role", "system"}, {"content", wish.system}}); }
            body["messages"].insert(body["messages"].end(), turns_.begin(), turns_.end());
            if (wish.stream) { body["stream_options"] = {{"include_usage", true}}; }
            if (wish.tools) {
                body["tools"] = Json::array(
                    {{{"type", "function"},
                      {"function",
                       {{"name", "get_weather"}, {"description", "the weather"}, {"parameters", weather_schema}}}}});
            }
            if (wish.thinking) { body["reasoning_effort"] = "low"; }
            if (!schema.is_null()) {
                body["response_format"] = {{"type", "json_schema"},
                                           {"json_schema", {{"name", "person"}, {"schema", schema}, {"strict", true}}}};
            }
            if (!wish.stop.empty()) { body["stop"] = wish.stop; }
            break;
        case DialectId::openai_responses:
            body["store"] = false;
            body["include"] = Json::array({"reasoning.encrypted_content"});
            if (!wish.system.empty()) { body["instructions"] = wish.system; }
            body["input"] = turns_;
            if (wish.tools) {
                body["tools"] = Json::array({{{"type", "function"},
                                              {"name", "get_weather"},
                                              {"description", "the weather"},
                                              {"parameters", weather_schema},
                                              {"strict", false}}});
            }
            if (wish.thinking) { body["reasoning"] = {{"effort", "low"}, {"summary", "auto"}}; }
            if (!schema.is_null()) {
                body["text"]["format"] = {
                    {"type", "json_schema"}, {"name", "person"}, {"schema", schema}, {"strict", true}};
            }
            break;
        case DialectId::ollama_chat:
        case DialectId::cohere_chat:
        case DialectId::bedrock_converse:
        case DialectId::gemini:
            if (!wish.system.empty()) { body["systemInstruction"]["parts"] = Json::array({{{"text", wish.system}}}); }
            body["contents"] = turns_;
            if (wish.tools) {
                body["tools"] = Json::array(
                    {{{"functionDeclarations", Json::array({{{"name", "get_weather"},
                                                             {"description", "the weather"},
                                                             {"parametersJsonSchema", weather_schema}}})}}});
            }
            if (wish.thinking) {
                body["generationConfig"]["thinkingConfig"] = {{"includeThoughts", true}, {"thinkingBudget", 2048}};
            }
            if (!schema.is_null()) {
                body["generationConfig"]["responseMimeType"] = "application/json";
                body["generationConfig"]["responseJsonSchema"] = schema;
            }
            if (!wish.stop.empty()) { body["generationConfig"]["stopSequences"] = Json::array({wish.stop}); }
            break;
    }
    return body.dump();
}

}  // namespace llmgw::testing::matrix
