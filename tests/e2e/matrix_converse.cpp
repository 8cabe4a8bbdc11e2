#include "tests/e2e/matrix_converse.hpp"

#include "tests/support/aws_frames.hpp"

namespace llmgw::testing::matrix::converse {
namespace {

const std::string signature = "EqQBCkYICBgCKkBjb252ZXJzZSBzaWduYXR1cmUgb2YgYSB0aG91Z2h0LCBsb25nIGVub3VnaBIMT2b7/Q==";

std::string event(const char* type, const Json& payload) {
    return test::aws_event(type, payload.dump());
}

std::string stop_word(Stop stop) {
    switch (stop) {
        case Stop::end: return "end_turn";
        case Stop::tool: return "tool_use";
        case Stop::length: return "max_tokens";
        case Stop::stop_sequence: return "stop_sequence";
        case Stop::refusal: return "content_filtered";
    }
    return {};
}

Json usage_of(const Tokens& tokens) {
    return {{"inputTokens", tokens.input},
            {"outputTokens", tokens.output},
            {"totalTokens", tokens.prompt() + tokens.output},
            {"cacheReadInputTokens", tokens.cache_read},
            {"cacheWriteInputTokens", tokens.cache_write}};
}

Json blocks_of(const Answer& answer) {
    Json blocks = Json::array();
    if (!answer.thought.empty()) {
        blocks.push_back(
            {{"reasoningContent", {{"reasoningText", {{"text", answer.thought}, {"signature", signature}}}}}});
    }
    if (!answer.text.empty()) { blocks.push_back({{"text", answer.text}}); }
    for (const auto& call : answer.calls) {
        blocks.push_back({{"toolUse", {{"toolUseId", call.id}, {"name", call.name}, {"input", call.arguments}}}});
    }
    return blocks;
}

// Of one block; text and reasoning have no beginning.
std::vector<Json> deltas_of(const Json& block, std::size_t size) {
    std::vector<Json> deltas;
    if (block.contains("text")) {
        for (const auto& piece : pieces(block["text"].get<std::string>(), size)) {
            deltas.push_back({{"text", piece}});
        }
    } else if (block.contains("toolUse")) {
        for (const auto& piece : pieces(block["toolUse"]["input"].dump(), size)) {
            deltas.push_back({{"toolUse", {{"input", piece}}}});
        }
    } else {
        const auto& said = block["reasoningContent"]["reasoningText"];
        for (const auto& piece : pieces(said["text"].get<std::string>(), size)) {
            deltas.push_back({{"reasoningContent", {{"text", piece}}}});
        }
        deltas.push_back({{"reasoningContent", {{"signature", said["signature"]}}}});
    }
    return deltas;
}

std::string word(const Json& object, const char* name) {
    return object.contains(name) && object[name].is_string() ? object[name].get<std::string>() : "";
}

std::string bytes_of(const Json& media) {
    return word(media.at("source"), "bytes");
}

void read_result(const Json& result, Asked& asked) {
    Result out{word(result, "toolUseId"), {}, {}, word(result, "status") == "error", {}};
    for (const auto& part : result.at("content")) {
        out.text += word(part, "text");
        if (part.contains("image")) { out.image = bytes_of(part.at("image")); }
    }
    asked.results.push_back(out);
}

void read_block(bool user, const Json& block, Asked& asked) {
    if (user && block.contains("text")) { asked.user += word(block, "text") + "\n"; }
    if (block.contains("image")) { asked.media.push_back({MediaKind::image, bytes_of(block.at("image")), {}}); }
    if (block.contains("document")) { asked.media.push_back({MediaKind::pdf, bytes_of(block.at("document")), {}}); }
    if (block.contains("audio")) { asked.media.push_back({MediaKind::audio, bytes_of(block.at("audio")), {}}); }
    if (block.contains("toolUse")) {
        const auto& call = block.at("toolUse");
        asked.calls.push_back({word(call, "toolUseId"), word(call, "name"), call.at("input")});
    }
    if (block.contains("toolResult")) { read_result(block.at("toolResult"), asked); }
}

Asked read_body(const Json& body) {
    Asked asked;
    for (const auto& block : body.value("system", Json::array())) {
        asked.system += word(block, "text");
    }
    for (const auto& message : body.at("messages")) {
        for (const auto& block : message.at("content")) {
            read_block(message.at("role") == "user", block, asked);
        }
    }
    for (const auto& tool : body.value("toolConfig", Json::object()).value("tools", Json::array())) {
        if (!tool.contains("toolSpec")) { continue; }  // a cache point
        asked.tools.push_back(tool.at("toolSpec").at("name"));
        asked.tool_schemas.push_back(tool.at("toolSpec").at("inputSchema").at("json"));
    }
    const auto fields = body.value("additionalModelRequestFields", Json::object());
    asked.thinking = fields.contains("thinking") && fields.at("thinking").at("type") != "disabled";
    if (body.contains("outputConfig")) {
        const auto& structure = body.at("outputConfig").at("textFormat").at("structure");
        asked.schema = Json::parse(word(structure.at("jsonSchema"), "schema"));  // it is text
    }
    for (const auto& stop : body.value("inferenceConfig", Json::object()).value("stopSequences", Json::array())) {
        asked.stop.push_back(stop);
    }
    return asked;
}

}  // namespace

std::string whole_answer(const Answer& answer) {
    return Json{{"metrics", {{"latencyMs", 5}}},
                {"output", {{"message", {{"role", "assistant"}, {"content", blocks_of(answer)}}}}},
                {"stopReason", stop_word(answer.stop)},
                {"usage", usage_of(answer.tokens)}}
        .dump();
}

std::vector<std::string> answer_events(const Answer& answer, std::size_t piece_bytes) {
    std::vector<std::string> out{event("messageStart", {{"role", "assistant"}, {"p", "abc"}})};
    int index = 0;
    for (const auto& block : blocks_of(answer)) {
        if (block.contains("toolUse")) {
            auto start = block["toolUse"];
            start.erase("input");
            out.push_back(event("contentBlockStart", {{"contentBlockIndex", index}, {"start", {{"toolUse", start}}}}));
        }
        for (const auto& delta : deltas_of(block, piece_bytes)) {
            out.push_back(
                event("contentBlockDelta", {{"contentBlockIndex", index}, {"delta", delta}, {"p", "abcdefgh"}}));
        }
        out.push_back(event("contentBlockStop", {{"contentBlockIndex", index++}, {"p", "ab"}}));
    }
    out.push_back(event("messageStop", {{"stopReason", stop_word(answer.stop)}}));
    out.push_back(event("metadata", {{"usage", usage_of(answer.tokens)}, {"metrics", {{"latencyMs", 5}}}}));
    return out;
}

Asked read_request(const RecordedRequest& request) {
    auto asked = read_body(Json::parse(request.body));
    asked.stream = request.target.ends_with("/converse-stream");
    return asked;
}

std::string seal_fault(const Json& body, const Answer& before) {
    int at = 0;
    for (const auto& message : body.at("messages")) {
        const auto where = "messages." + std::to_string(at++);
        const auto& blocks = message.at("content");
        bool calls = false;
        for (const auto& block : blocks) {
            calls = calls || block.contains("toolUse");
            if (!block.contains("reasoningContent")) { continue; }
            const auto& said = block.at("reasoningContent").at("reasoningText");
            // Claude behind it takes a block without its text, as Messages does.
            const auto text = word(said, "text");
            if (word(said, "signature") != signature || (!text.empty() && text != before.thought)) {
                return where + ".content.0: Invalid `signature` in `thinking` block";
            }
        }
        if (calls && !blocks.at(0).contains("reasoningContent")) {
            return where + ".content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`";
        }
    }
    return "";
}

std::string seal() {
    return signature;
}

bool start(UpstreamConnection& connection) {
    return connection.start(200, {{"Content-Type", "application/vnd.amazon.eventstream"}});
}

std::string stream_error(const std::string& message) {
    return test::aws_exception("internalServerException", Json{{"message", message}}.dump());
}

}  // namespace llmgw::testing::matrix::converse
