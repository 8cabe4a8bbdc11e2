// Providers of the four dialects: what they answer, whole and streamed, each in its own way.
#include <algorithm>

#include "tests/e2e/matrix.hpp"
#include "tests/e2e/matrix_converse.hpp"

namespace llmgw::testing::matrix {
namespace {

// Shaped as the real ones are, and as long as a short one of them.
const std::string signature = "EqQBCkYICBgCKkBtYXRyaXggc2lnbmF0dXJlIG9mIGEgdGhvdWdodCwgbG9uZyBlbm91Z2gSDE9m+/0=";
const std::string encrypted = "gAAAAABo7matrix_encrypted-reasoning_0123456789-abcdefghijklmnopqrstuvwxyz==";
const std::string thought_signature = "CiQBjz1rX0bWF0cml4IHRob3VnaHQgc2lnbmF0dXJlCkEBjz1rX/+AbCdEf0123456789==";

std::string named(const Json& data) {
    return "event: " + data["type"].get<std::string>() + "\ndata: " + data.dump() + "\n\n";
}

std::string anthropic_stop(Stop stop) {
    switch (stop) {
        case Stop::end: return "end_turn";
        case Stop::tool: return "tool_use";
        case Stop::length: return "max_tokens";
        case Stop::stop_sequence: return "stop_sequence";
        case Stop::refusal: return "refusal";
    }
    return {};
}

Json anthropic_usage(const Tokens& tokens) {
    Json usage{
        {"input_tokens", tokens.input},
        {"cache_creation_input_tokens", tokens.cache_write + tokens.cache_write_1h},
        {"cache_read_input_tokens", tokens.cache_read},
        {"cache_creation",
         {{"ephemeral_5m_input_tokens", tokens.cache_write}, {"ephemeral_1h_input_tokens", tokens.cache_write_1h}}},
        {"output_tokens", tokens.output},
        {"service_tier", "standard"}};
    return usage;
}

Json anthropic_blocks(const Answer& answer) {
    Json blocks = Json::array();
    if (!answer.thought.empty()) {
        blocks.push_back({{"type", "thinking"}, {"thinking", answer.thought}, {"signature", signature}});
    }
    if (!answer.text.empty()) { blocks.push_back({{"type", "text"}, {"text", answer.text}}); }
    for (const auto& call : answer.calls) {
        blocks.push_back({{"type", "tool_use"}, {"id", call.id}, {"name", call.name}, {"input", call.arguments}});
    }
    return blocks;
}

Json anthropic_message(const Answer& answer) {
    return {{"id", "msg_01matrix"},
            {"type", "message"},
            {"role", "assistant"},
            {"model", "claude-sonnet-4-5-20250929"},
            {"content", anthropic_blocks(answer)},
            {"stop_reason", anthropic_stop(answer.stop)},
            {"stop_sequence", answer.stop == Stop::stop_sequence ? Json("END") : Json()},
            {"usage", anthropic_usage(answer.tokens)}};
}

std::vector<std::string> anthropic_events(const Answer& answer, std::size_t size) {
    std::vector<std::string> out;
    auto start = anthropic_message(answer);
    start["content"] = Json::array();
    start["stop_reason"] = start["stop_sequence"] = nullptr;
    start["usage"]["output_tokens"] = 1;
    out.push_back(named({{"type", "message_start"}, {"message", start}}));
    out.push_back(named({{"type", "ping"}}));
    int index = 0;
    for (const auto& block : anthropic_blocks(answer)) {
        auto empty = block;
        std::vector<Json> deltas;
        const auto type = block["type"].get<std::string>();
        if (type == "tool_use") {
            empty["input"] = Json::object();
            deltas.push_back({{"type", "input_json_delta"}, {"partial_json", ""}});
            if (!block["input"].empty()) {
                for (const auto& piece : pieces(block["input"].dump(), size)) {
                    deltas.push_back({{"type", "input_json_delta"}, {"partial_json", piece}});
                }
            }
        } else {
            empty[type] = "";
            for (const auto& piece : pieces(block[type].get<std::string>(), size)) {
                deltas.push_back({{"type", type + "_delta"}, {type, piece}});
            }
            if (type == "thinking") {
                empty["signature"] = "";
                deltas.push_back({{"type", "signature_delta"}, {"signature", block["signature"]}});
            }
        }
        out.push_back(named({{"type", "content_block_start"}, {"index", index}, {"content_block", empty}}));
        for (const auto& delta : deltas) {
            out.push_back(named({{"type", "content_block_delta"}, {"index", index}, {"delta", delta}}));
        }
        out.push_back(named({{"type", "content_block_stop"}, {"index", index++}}));
    }
    const auto whole = anthropic_message(answer);
    out.push_back(named({{"type", "message_delta"},
                         {"delta", {{"stop_reason", whole["stop_reason"]}, {"stop_sequence", whole["stop_sequence"]}}},
                         {"usage", {{"output_tokens", answer.tokens.output}}}}));
    out.push_back(named({{"type", "message_stop"}}));
    return out;
}

std::string chat_stop(Stop stop) {
    switch (stop) {
        case Stop::tool: return "tool_calls";
        case Stop::length: return "length";
        case Stop::refusal: return "content_filter";
        default: return "stop";
    }
}

Json chat_usage(const Tokens& tokens) {
    return {
        {"prompt_tokens", tokens.prompt()},
        {"completion_tokens", tokens.output},
        {"total_tokens", tokens.prompt() + tokens.output},
        {"prompt_tokens_details", {{"cached_tokens", tokens.cache_read}, {"cache_write_tokens", tokens.cache_write}}},
        {"completion_tokens_details", {{"reasoning_tokens", tokens.reasoning}}}};
}

Json chat_detail(const std::string& text, bool signed_) {
    Json detail{{"type", "reasoning.text"}, {"text", text}, {"format", "anthropic-claude-v1"}, {"index", 0}};
    if (signed_) { detail["signature"] = signature; }
    return Json::array({detail});
}

Json chat_call(const Call& call) {
    return {{"id", call.id},
            {"type", "function"},
            {"function", {{"name", call.name}, {"arguments", call.arguments.dump()}}}};
}

Json chat_envelope(const char* object) {
    return {{"id", "chatcmpl-matrix"}, {"object", object}, {"created", 1790000000}, {"model", "gpt-5.6"}};
}

Json chat_completion(const Answer& answer) {
    Json message{{"role", "assistant"},
                 {"content", answer.text.empty() ? Json() : Json(answer.text)},
                 {"refusal", nullptr},
                 {"annotations", Json::array()}};
    if (!answer.thought.empty() && answer.chat_reasoning == ChatReasoning::details) {
        message["reasoning"] = answer.thought;
        message["reasoning_details"] = chat_detail(answer.thought, true);
    } else if (!answer.thought.empty()) {
        message["reasoning_content"] = answer.thought;
    }
    for (const auto& call : answer.calls) {
        message["tool_calls"].push_back(chat_call(call));
    }
    auto out = chat_envelope("chat.completion");
    out["choices"] = Json::array(
        {{{"index", 0}, {"message", message}, {"logprobs", nullptr}, {"finish_reason", chat_stop(answer.stop)}}});
    out["usage"] = chat_usage(answer.tokens);
    out["service_tier"] = "default";
    return out;
}

std::vector<std::string> chat_events(const Answer& answer, std::size_t size) {
    std::vector<std::string> out;
    const auto chunk = [&](const Json& delta, const Json& finish = {}) {
        auto json = chat_envelope("chat.completion.chunk");
        json["choices"] =
            Json::array({{{"index", 0}, {"delta", delta}, {"logprobs", nullptr}, {"finish_reason", finish}}});
        json["usage"] = nullptr;
        json["obfuscation"] = "aB3xY";
        out.push_back("data: " + json.dump() + "\n\n");
    };
    chunk({{"role", "assistant"}, {"content", answer.text.empty() ? Json() : Json("")}});
    const bool details = answer.chat_reasoning == ChatReasoning::details;
    for (const auto& piece : pieces(answer.thought, size)) {
        details ? chunk({{"content", ""}, {"reasoning", piece}, {"reasoning_details", chat_detail(piece, false)}})
                : chunk({{"reasoning_content", piece}});
    }
    if (details && !answer.thought.empty()) { chunk({{"content", ""}, {"reasoning_details", chat_detail("", true)}}); }
    for (const auto& piece : pieces(answer.text, size)) {
        chunk({{"content", piece}});
    }
    // Parallel calls begin one after the other, and then their arguments come in turns.
    std::vector<std::vector<std::string>> arguments;
    std::size_t longest = 0;
    for (const auto& call : answer.calls) {
        auto first = chat_call(call);
        first["index"] = arguments.size();
        first["function"]["arguments"] = "";
        chunk({{"tool_calls", Json::array({first})}});
        arguments.push_back(pieces(call.arguments.dump(), size));
        longest = std::max(longest, arguments.back().size());
    }
    for (std::size_t round = 0; round < longest; ++round) {
        for (std::size_t index = 0; index < arguments.size(); ++index) {
            if (round >= arguments[index].size()) { continue; }
            chunk({{"tool_calls",
                    Json::array({{{"index", index}, {"function", {{"arguments", arguments[index][round]}}}}})}});
        }
    }
    chunk(Json::object(), chat_stop(answer.stop));
    auto last = chat_envelope("chat.completion.chunk");
    last["choices"] = Json::array();
    last["usage"] = chat_usage(answer.tokens);
    out.push_back("data: " + last.dump() + "\n\n");
    out.push_back("data: [DONE]\n\n");
    return out;
}

Json responses_items(const Answer& answer) {
    Json items = Json::array();
    if (!answer.thought.empty()) {
        items.push_back({{"id", "rs_0matrix"},
                         {"type", "reasoning"},
                         {"summary", Json::array({{{"type", "summary_text"}, {"text", answer.thought}}})},
                         {"encrypted_content", encrypted}});
    }
    if (!answer.text.empty()) {
        items.push_back({{"id", "msg_0matrix"},
                         {"type", "message"},
                         {"status", answer.stop == Stop::length ? "incomplete" : "completed"},
                         {"role", "assistant"},
                         {"content", Json::array({{{"type", "output_text"},
                                                   {"annotations", Json::array()},
                                                   {"logprobs", Json::array()},
                                                   {"text", answer.text}}})}});
    }
    for (const auto& call : answer.calls) {
        items.push_back({{"id", "fc_0" + call.id},
                         {"type", "function_call"},
                         {"status", "completed"},
                         {"arguments", call.arguments.dump()},
                         {"call_id", call.id},
                         {"name", call.name}});
    }
    return items;
}

Json response_object(const Answer& answer, bool over) {
    const bool incomplete = answer.stop == Stop::length || answer.stop == Stop::refusal;
    Json details;
    if (over && incomplete) {
        details = {{"reason", answer.stop == Stop::length ? "max_output_tokens" : "content_filter"}};
    }
    Json usage;
    if (over) {
        usage = {{"input_tokens", answer.tokens.prompt()},
                 {"input_tokens_details",
                  {{"cached_tokens", answer.tokens.cache_read}, {"cache_write_tokens", answer.tokens.cache_write}}},
                 {"output_tokens", answer.tokens.output},
                 {"output_tokens_details", {{"reasoning_tokens", answer.tokens.reasoning}}},
                 {"total_tokens", answer.tokens.prompt() + answer.tokens.output}};
    }
    return {{"id", "resp_0matrix"},
            {"object", "response"},
            {"created_at", 1790000000},
            {"status", !over        ? "in_progress"
                       : incomplete ? "incomplete"
                                    : "completed"},
            {"error", nullptr},
            {"incomplete_details", details},
            {"model", "gpt-5.6"},
            {"output", over ? responses_items(answer) : Json::array()},
            {"parallel_tool_calls", true},
            {"store", false},
            {"tool_choice", "auto"},
            {"tools", Json::array()},
            {"usage", usage}};
}

class ResponsesEvents {
public:
    ResponsesEvents(const Answer& answer, std::size_t size) : size_(size) {
        const bool incomplete = answer.stop == Stop::length || answer.stop == Stop::refusal;
        say("response.created", {{"response", response_object(answer, false)}});
        say("response.in_progress", {{"response", response_object(answer, false)}});
        for (const auto& item : responses_items(answer)) {
            add(item);
            ++index_;
        }
        say(incomplete ? "response.incomplete" : "response.completed", {{"response", response_object(answer, true)}});
    }
    std::vector<std::string> events;

private:
    void say(const std::string& type, const Json& rest) {
        Json event{{"type", type}, {"sequence_number", sequence_++}};
        event.update(rest);
        events.push_back(named(event));
    }
    void add(const Json& item) {
        auto open = item;
        const auto type = item["type"].get<std::string>();
        const auto id = item["id"];
        if (type == "function_call") {
            open["arguments"] = "";
            open["status"] = "in_progress";
        }
        if (type == "message") {
            open["content"] = Json::array();
            open["status"] = "in_progress";
        }
        if (type == "reasoning") {
            open["summary"] = Json::array();
            open["encrypted_content"] = encrypted.substr(0, 20);  // the real one comes at the end
        }
        say("response.output_item.added", {{"output_index", index_}, {"item", open}});
        if (type == "function_call") {
            for (const auto& piece : pieces(item["arguments"].get<std::string>(), size_)) {
                say("response.function_call_arguments.delta",
                    {{"item_id", id}, {"output_index", index_}, {"delta", piece}, {"obfuscation", "x9"}});
            }
            say("response.function_call_arguments.done",
                {{"item_id", id}, {"output_index", index_}, {"arguments", item["arguments"]}});
        } else {
            const bool message = type == "message";
            const auto& part = message ? item["content"][0] : item["summary"][0];
            const std::string name = message ? "response.content_part" : "response.reasoning_summary_part";
            const std::string text = message ? "response.output_text" : "response.reasoning_summary_text";
            const Json at{{"item_id", id}, {"output_index", index_}, {message ? "content_index" : "summary_index", 0}};
            auto empty = part;
            empty["text"] = "";
            say(name + ".added", with(at, "part", empty));
            for (const auto& piece : pieces(part["text"].get<std::string>(), size_)) {
                say(text + ".delta", with(at, "delta", piece));
            }
            say(text + ".done", with(at, "text", part["text"]));
            say(name + ".done", with(at, "part", part));
        }
        say("response.output_item.done", {{"output_index", index_}, {"item", item}});
    }
    static Json with(Json at, const char* name, const Json& value) {
        at[name] = value;
        return at;
    }

    std::size_t size_;
    int index_ = 0;
    int sequence_ = 0;
};

std::string gemini_stop(Stop stop) {
    return stop == Stop::length ? "MAX_TOKENS" : stop == Stop::refusal ? "SAFETY" : "STOP";
}

Json gemini_chunk(const Json& parts, const Answer& answer, bool last) {
    Json candidate{{"content", {{"role", "model"}, {"parts", parts}}}, {"index", 0}};
    if (parts.empty()) { candidate.erase("content"); }
    if (last) { candidate["finishReason"] = gemini_stop(answer.stop); }
    const auto& tokens = answer.tokens;
    Json usage{{"promptTokenCount", tokens.prompt()}, {"totalTokenCount", tokens.prompt()}};
    if (last) {
        usage = {{"promptTokenCount", tokens.prompt()},
                 {"cachedContentTokenCount", tokens.cache_read},
                 {"candidatesTokenCount", tokens.output - tokens.reasoning},
                 {"totalTokenCount", tokens.prompt() + tokens.output}};
        if (tokens.reasoning > 0) { usage["thoughtsTokenCount"] = tokens.reasoning; }
    }
    return {{"candidates", Json::array({candidate})},
            {"usageMetadata", usage},
            {"modelVersion", "gemini-3-pro-preview"},
            {"responseId", "matrix01"}};
}

Json gemini_calls(const Answer& answer) {
    Json parts = Json::array();
    for (const auto& call : answer.calls) {
        Json part{{"functionCall", {{"name", call.name}, {"args", call.arguments}}}};
        // Of parallel calls the first one is signed.
        if (parts.empty() && !answer.thought.empty()) { part["thoughtSignature"] = thought_signature; }
        parts.push_back(part);
    }
    return parts;
}

Json gemini_response(const Answer& answer) {
    Json parts = Json::array();
    if (!answer.thought.empty()) { parts.push_back({{"text", answer.thought}, {"thought", true}}); }
    if (!answer.text.empty()) { parts.push_back({{"text", answer.text}}); }
    for (const auto& part : gemini_calls(answer)) {
        parts.push_back(part);
    }
    return gemini_chunk(parts, answer, true);
}

std::vector<std::string> gemini_events(const Answer& answer, std::size_t size) {
    std::vector<Json> chunks;
    for (const auto& piece : pieces(answer.thought, size)) {
        chunks.push_back(Json::array({{{"text", piece}, {"thought", true}}}));
    }
    for (const auto& piece : pieces(answer.text, size)) {
        chunks.push_back(Json::array({{{"text", piece}}}));
    }
    if (!answer.calls.empty()) { chunks.push_back(gemini_calls(answer)); }
    chunks.push_back(answer.stop == Stop::refusal ? Json::array() : Json::array({{{"text", ""}}}));
    std::vector<std::string> out;
    for (std::size_t i = 0; i < chunks.size(); ++i) {
        out.push_back("data: " + gemini_chunk(chunks[i], answer, i + 1 == chunks.size()).dump() + "\r\n\r\n");
    }
    return out;
}

// --- what came back

const Json* find(const Json& list, const char* name, const std::string& value) {
    for (const auto& one : list) {
        if (one.contains(name) && one[name] == value) { return &one; }
    }
    return nullptr;
}

std::string messages_fault(const Json& body, const Answer& before) {
    int at = 0;
    for (const auto& message : body.at("messages")) {
        const auto where = "messages." + std::to_string(at++);
        if (!message.at("content").is_array()) { continue; }
        const auto& blocks = message.at("content");
        for (const auto& block : blocks) {
            if (block.at("type") != "thinking") { continue; }
            // Without its text, as thinking.display = "omitted" shows it, a signed block is whole: the signature holds
            // the thought.
            const auto text = block.value("thinking", "");
            if (block.value("signature", "") != signature || (!text.empty() && text != before.thought)) {
                return where + ".content.0: Invalid `signature` in `thinking` block";
            }
        }
        if (message.at("role") == "assistant" && find(blocks, "type", "tool_use") != nullptr &&
            blocks.at(0).at("type") != "thinking") {
            return where + ".content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`";
        }
    }
    return "";
}

std::string chat_fault(const Json& body, const Answer& before) {
    for (const auto& message : body.at("messages")) {
        if (!message.contains("tool_calls")) { continue; }
        if (before.chat_reasoning == ChatReasoning::content) {
            if (message.value("reasoning_content", "") != before.thought) {
                return "Missing `reasoning_content` field in the assistant message";
            }
        } else if (!message.contains("reasoning_details") || nlohmann::json(message.at("reasoning_details")) !=
                                                                 nlohmann::json(chat_detail(before.thought, true))) {
            return "reasoning_details were not given back as they came";
        }
    }
    return "";
}

std::string responses_fault(const Json& body) {
    if (!body.at("input").is_array()) { return ""; }
    bool after_reasoning = false;
    bool seen = false;
    for (const auto& item : body.at("input")) {
        const auto type = item.value("type", "message");
        if (type == "reasoning") {
            if (item.value("encrypted_content", "") != encrypted) {
                return "The encrypted content for item rs_0matrix could not be verified.";
            }
            after_reasoning = seen = true;
        } else if (type == "function_call") {
            if (!after_reasoning) {
                return "Item 'fc_0' of type 'function_call' was provided without its required 'reasoning' item";
            }
        } else {
            if (type == "message" && item.value("role", "") == "assistant") { continue; }
            after_reasoning = false;
        }
    }
    return seen ? "" : "no reasoning came back";
}

std::string gemini_fault(const Json& body) {
    for (const auto& content : body.at("contents")) {
        bool first = true;
        for (const auto& part : content.at("parts")) {
            if (!part.contains("functionCall")) { continue; }
            if (first && part.value("thoughtSignature", "") != thought_signature) {
                return "Function call is missing a thought_signature in functionCall parts";
            }
            if (!first && part.contains("thoughtSignature")) { return "Thought signature is not valid"; }
            first = false;
        }
    }
    return "";
}

}  // namespace

std::string seal_of(DialectId dialect) {
    switch (dialect) {
        case DialectId::anthropic: return signature;
        case DialectId::openai_responses: return encrypted;
        case DialectId::gemini: return thought_signature;
        case DialectId::bedrock_converse: return converse::seal();
        case DialectId::openai_chat:
        case DialectId::ollama_chat:
        case DialectId::cohere_chat: break;  // no provider of the matrix speaks it
    }
    return {};
}

std::vector<std::string> pieces(const std::string& text, std::size_t piece_bytes) {
    std::vector<std::string> out;
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t end = std::min(text.size(), at + piece_bytes);
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
            ++end;
        }
        out.push_back(text.substr(at, end - at));
        at = end;
    }
    return out;
}

std::string whole_answer(DialectId dialect, const Answer& answer) {
    switch (dialect) {
        case DialectId::anthropic: return anthropic_message(answer).dump();
        case DialectId::openai_chat: return chat_completion(answer).dump();
        case DialectId::openai_responses: return response_object(answer, true).dump();
        case DialectId::ollama_chat: break;  // has a test of its own
        case DialectId::gemini: return gemini_response(answer).dump();
        case DialectId::bedrock_converse: return converse::whole_answer(answer);
        case DialectId::cohere_chat: break;
    }
    return {};
}

std::vector<std::string> answer_events(DialectId dialect, const Answer& answer, std::size_t piece_bytes) {
    switch (dialect) {
        case DialectId::anthropic: return anthropic_events(answer, piece_bytes);
        case DialectId::openai_chat: return chat_events(answer, piece_bytes);
        case DialectId::openai_responses: return ResponsesEvents(answer, piece_bytes).events;
        case DialectId::ollama_chat: break;
        case DialectId::gemini: return gemini_events(answer, piece_bytes);
        case DialectId::bedrock_converse: return converse::answer_events(answer, piece_bytes);
        case DialectId::cohere_chat: break;
    }
    return {};
}

std::string seal_fault(DialectId dialect, const std::string& request, const Answer& before) {
    try {
        const auto body = Json::parse(request);
        switch (dialect) {
            case DialectId::anthropic: return messages_fault(body, before);
            case DialectId::openai_chat: return chat_fault(body, before);
            case DialectId::openai_responses: return responses_fault(body);
            case DialectId::ollama_chat: break;
            case DialectId::gemini: return gemini_fault(body);
            case DialectId::bedrock_converse: return converse::seal_fault(body, before);
            case DialectId::cohere_chat: break;
        }
    } catch (const Json::exception& error) { return std::string("cannot be read: ") + error.what(); }
    return {};
}

}  // namespace llmgw::testing::matrix
