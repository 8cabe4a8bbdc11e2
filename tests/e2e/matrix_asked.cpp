// What providers read in a request.
#include "tests/e2e/matrix.hpp"
#include "tests/e2e/matrix_converse.hpp"

namespace llmgw::testing::matrix {
namespace {

std::string word(const Json& object, const char* name) {
    return object.contains(name) && object[name].is_string() ? object[name].get<std::string>() : "";
}

MediaKind kind_of(const std::string& mime) {
    return mime.starts_with("image/")   ? MediaKind::image
           : mime.starts_with("audio/") ? MediaKind::audio
                                        : MediaKind::pdf;
}

// data:MIME;base64,DATA or an address
Media from_url(const std::string& url, MediaKind kind) {
    const auto comma = url.find(";base64,");
    if (!url.starts_with("data:") || comma == std::string::npos) { return {kind, {}, url}; }
    return {kind_of(url.substr(5, comma - 5)), url.substr(comma + 8), {}};
}

class Reader {
public:
    Reader(DialectId dialect, const RecordedRequest& request) : body_(Json::parse(request.body)) {
        switch (dialect) {
            case DialectId::anthropic: messages(); break;
            case DialectId::openai_chat: chat(); break;
            case DialectId::openai_responses: responses(); break;
            case DialectId::ollama_chat:
            case DialectId::cohere_chat:
            case DialectId::bedrock_converse:
            case DialectId::gemini:
                gemini();
                asked.stream = request.target.find(":streamGenerateContent") != std::string::npos;
                break;
        }
        if (dialect != DialectId::gemini) { asked.stream = body_.value("stream", false); }
    }
    Asked asked;

private:
    static std::string joined(const Json& content) {
        if (content.is_string()) { return content.get<std::string>(); }
        std::string text;
        for (const auto& part : content) {
            text += word(part, "text");
        }
        return text;
    }

    void tool(const std::string& name, const Json& schema) {
        asked.tools.push_back(name);
        asked.tool_schemas.push_back(schema);
    }

    void messages() {
        if (body_.contains("system")) { asked.system = joined(body_.at("system")); }
        for (const auto& message : body_.at("messages")) {
            if (message.at("content").is_string()) {
                asked.user += message.at("content").get<std::string>() + "\n";
                continue;
            }
            for (const auto& block : message.at("content")) {
                message_block(message.at("role") == "user", block);
            }
        }
        for (const auto& one : body_.value("tools", Json::array())) {
            tool(one.at("name"), one.at("input_schema"));
        }
        asked.thinking = body_.contains("thinking") && body_.at("thinking").at("type") != "disabled";
        if (body_.contains("output_config") && body_.at("output_config").contains("format")) {
            asked.schema = body_.at("output_config").at("format").at("schema");
        }
        for (const auto& stop : body_.value("stop_sequences", Json::array())) {
            asked.stop.push_back(stop);
        }
    }
    void message_block(bool user, const Json& block) {
        const auto type = word(block, "type");
        if (type == "text" && user) { asked.user += word(block, "text") + "\n"; }
        if (type == "tool_use") { asked.calls.push_back({word(block, "id"), word(block, "name"), block.at("input")}); }
        if (type == "image" || type == "document") { asked.media.push_back(message_media(block)); }
        if (type == "tool_result") {
            Result result{
                word(block, "tool_use_id"), {}, joined(block.at("content")), block.value("is_error", false), {}};
            if (block.at("content").is_array()) {
                for (const auto& part : block.at("content")) {
                    if (word(part, "type") == "image") { result.image = message_media(part).data; }
                }
            }
            asked.results.push_back(result);
        }
    }
    static Media message_media(const Json& block) {
        const auto& source = block.at("source");
        if (word(source, "type") == "url") { return {MediaKind::image, {}, word(source, "url")}; }
        return {kind_of(word(source, "media_type")), word(source, "data"), {}};
    }

    void chat() {
        for (const auto& message : body_.at("messages")) {
            const auto role = word(message, "role");
            const auto content = message.value("content", Json());
            if (role == "system" || role == "developer") { asked.system += joined(content); }
            if (role == "tool") {
                asked.results.push_back({word(message, "tool_call_id"), {}, joined(content), false, {}});
            }
            if (role == "user") { chat_user(content); }
            for (const auto& call : message.value("tool_calls", Json::array())) {
                asked.calls.push_back({word(call, "id"), word(call.at("function"), "name"),
                                       Json::parse(word(call.at("function"), "arguments"))});
            }
        }
        for (const auto& one : body_.value("tools", Json::array())) {
            tool(one.at("function").at("name"), one.at("function").at("parameters"));
        }
        asked.thinking =
            body_.contains("reasoning_effort") || body_.contains("reasoning") || body_.contains("thinking");
        if (body_.contains("response_format")) {
            asked.schema = body_.at("response_format").value("json_schema", Json::object()).value("schema", Json());
        }
        if (body_.contains("stop")) {
            const auto& stop = body_.at("stop");
            asked.stop.push_back(stop.is_string() ? stop.get<std::string>() : stop.at(0).get<std::string>());
        }
    }
    void chat_user(const Json& content) {
        if (content.is_string()) {
            asked.user += content.get<std::string>() + "\n";
            return;
        }
        for (const auto& part : content) {
            const auto type = word(part, "type");
            if (type == "text") { asked.user += word(part, "text") + "\n"; }
            if (type == "image_url") {
                const auto media = from_url(word(part.at("image_url"), "url"), MediaKind::image);
                asked.media.push_back(media);
                // This wire's tool results are text: a user's message brings their pictures.
                if (!asked.results.empty()) { asked.results.back().image = media.data; }
            }
            if (type == "file") { asked.media.push_back(from_url(word(part.at("file"), "file_data"), MediaKind::pdf)); }
            if (type == "input_audio") {
                asked.media.push_back({MediaKind::audio, word(part.at("input_audio"), "data"), {}});
            }
        }
    }

    void responses() {
        asked.system = word(body_, "instructions");
        if (body_.at("input").is_string()) { asked.user = word(body_, "input"); }
        for (const auto& item : body_.at("input").is_array() ? body_.at("input") : Json::array()) {
            const auto type = item.value("type", "message");
            if (type == "function_call") {
                asked.calls.push_back(
                    {word(item, "call_id"), word(item, "name"), Json::parse(word(item, "arguments"))});
            }
            if (type == "function_call_output") {
                Result result{word(item, "call_id"), {}, joined(item.at("output")), false, {}};
                if (item.at("output").is_array()) {
                    for (const auto& part : item.at("output")) {
                        if (word(part, "type") == "input_image") {
                            result.image = from_url(word(part, "image_url"), MediaKind::image).data;
                        }
                    }
                }
                asked.results.push_back(result);
            }
            if (type != "message") { continue; }
            const auto role = word(item, "role");
            if (role == "system" || role == "developer") { asked.system += joined(item.at("content")); }
            if (role == "user") { responses_user(item.at("content")); }
        }
        for (const auto& one : body_.value("tools", Json::array())) {
            tool(one.at("name"), one.at("parameters"));
        }
        asked.thinking = body_.contains("reasoning");
        if (body_.contains("text")) {
            asked.schema = body_.at("text").value("format", Json::object()).value("schema", Json());
        }
    }
    void responses_user(const Json& content) {
        if (content.is_string()) {
            asked.user += content.get<std::string>() + "\n";
            return;
        }
        for (const auto& part : content) {
            const auto type = word(part, "type");
            if (type == "input_text") { asked.user += word(part, "text") + "\n"; }
            if (type == "input_image") { asked.media.push_back(from_url(word(part, "image_url"), MediaKind::image)); }
            if (type == "input_file") { asked.media.push_back(from_url(word(part, "file_data"), MediaKind::pdf)); }
            if (type == "input_audio") {
                asked.media.push_back({MediaKind::audio, word(part.at("input_audio"), "data"), {}});
            }
        }
    }

    void gemini() {
        if (body_.contains("systemInstruction")) { asked.system = joined(body_.at("systemInstruction").at("parts")); }
        for (const auto& content : body_.at("contents")) {
            for (const auto& part : content.at("parts")) {
                if (content.at("role") == "user" && part.contains("text")) { asked.user += word(part, "text") + "\n"; }
                if (part.contains("inlineData") || part.contains("fileData")) {
                    asked.media.push_back(gemini_media(part));
                    if (!asked.results.empty()) { asked.results.back().image = asked.media.back().data; }
                }
                if (part.contains("functionCall")) {
                    const auto& call = part.at("functionCall");
                    asked.calls.push_back({word(call, "id"), word(call, "name"), call.value("args", Json::object())});
                }
                if (part.contains("functionResponse")) { gemini_result(part.at("functionResponse")); }
            }
        }
        for (const auto& one : body_.value("tools", Json::array())) {
            for (const auto& function : one.value("functionDeclarations", Json::array())) {
                tool(function.at("name"), function.contains("parametersJsonSchema")
                                              ? function.at("parametersJsonSchema")
                                              : function.at("parameters"));
            }
        }
        const auto config = body_.value("generationConfig", Json::object());
        asked.thinking = config.contains("thinkingConfig");
        asked.schema = config.value("responseJsonSchema", config.value("responseSchema", Json()));
        for (const auto& stop : config.value("stopSequences", Json::array())) {
            asked.stop.push_back(stop);
        }
    }
    static Media gemini_media(const Json& part) {
        if (part.contains("fileData")) {
            const auto& file = part.at("fileData");
            return {kind_of(word(file, "mimeType")), {}, word(file, "fileUri")};
        }
        return {kind_of(word(part.at("inlineData"), "mimeType")), word(part.at("inlineData"), "data"), {}};
    }
    void gemini_result(const Json& response) {
        const auto& said = response.at("response");
        Result result{word(response, "id"), word(response, "name"), {}, said.contains("error"), {}};
        for (const char* name : {"output", "result", "error"}) {
            if (said.contains(name)) { result.text += word(said, name); }
        }
        for (const auto& part : response.value("parts", Json::array())) {
            if (part.contains("inlineData")) { result.image = word(part.at("inlineData"), "data"); }
        }
        asked.results.push_back(result);
    }

    Json body_;
};

}  // namespace

Asked read_request(DialectId dialect, const RecordedRequest& request) {
    try {
        if (dialect == DialectId::bedrock_converse) { return converse::read_request(request); }
        return Reader(dialect, request).asked;
    } catch (const Json::exception& error) {
        Asked asked;
        asked.user = std::string("cannot be read: ") + error.what() + ": " + request.body;
        return asked;
    }
}

}  // namespace llmgw::testing::matrix
