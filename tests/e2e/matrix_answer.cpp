// What clients make of an answer: streams put together as the official SDKs do it, and read.
#include <algorithm>
#include <map>

#include "tests/e2e/matrix.hpp"
#include "tests/e2e/world.hpp"

namespace llmgw::testing::matrix {
namespace {

Json messages_answer(const std::vector<StreamEvent>& events) {
    Json message;
    std::string arguments;
    for (const auto& event : events) {
        const auto json = Json::parse(event.data);
        const auto type = json.value("type", "");
        if (type == "message_start") { message = json.at("message"); }
        if (type == "content_block_start") {
            message["content"].push_back(json.at("content_block"));
            arguments.clear();
        }
        if (type == "content_block_delta") {
            auto& block = message["content"].at(json.at("index").get<std::size_t>());
            const auto& delta = json.at("delta");
            const auto append = [&](const char* to) {
                block[to] = block.value(to, "") + delta.at(to).get<std::string>();
            };
            const auto kind = delta.value("type", "");
            if (kind == "text_delta") { append("text"); }
            if (kind == "thinking_delta") { append("thinking"); }
            if (kind == "signature_delta") { block["signature"] = delta.at("signature"); }
            if (kind == "input_json_delta") { arguments += delta.at("partial_json").get<std::string>(); }
        }
        if (type == "content_block_stop" && !arguments.empty()) {
            message["content"].at(json.at("index").get<std::size_t>())["input"] = Json::parse(arguments);
            arguments.clear();
        }
        if (type == "message_delta") {
            message.update(json.at("delta"));
            message["usage"].update(json.at("usage"));
        }
    }
    return message;
}

void merge_details(Json& all, const Json& pieces) {
    for (const auto& piece : pieces) {
        const auto known = std::ranges::find_if(all, [&](const Json& one) {
            return one.at("type") == piece.at("type") && one.value("index", -1) == piece.value("index", -1);
        });
        if (known == all.end()) {
            all.push_back(piece);
            continue;
        }
        for (const auto& [name, value] : piece.items()) {
            const bool grows = name == "text" || name == "summary";
            if (grows && known->contains(name) && (*known)[name].is_string()) {
                (*known)[name] = (*known)[name].get<std::string>() + value.get<std::string>();
            } else {
                (*known)[name] = value;
            }
        }
    }
}

Json chat_answer(const std::vector<StreamEvent>& events) {
    Json answer;
    Json message = Json::object();
    Json calls = Json::array();
    Json finish;
    for (const auto& event : events) {
        if (event.data == "[DONE]") { continue; }
        const auto chunk = Json::parse(event.data);
        if (answer.is_null()) { answer = chunk; }
        if (chunk.contains("usage") && !chunk.at("usage").is_null()) { answer["usage"] = chunk.at("usage"); }
        for (const auto& choice : chunk.value("choices", Json::array())) {
            if (choice.contains("finish_reason") && !choice.at("finish_reason").is_null()) {
                finish = choice.at("finish_reason");
            }
            const auto delta = choice.value("delta", Json::object());
            for (const auto& [name, value] : delta.items()) {
                if (name == "tool_calls") {
                    for (const auto& piece : value) {
                        const auto index = piece.at("index").get<std::size_t>();
                        while (calls.size() <= index) {
                            calls.push_back({{"id", ""}, {"type", "function"}, {"function", {{"arguments", ""}}}});
                        }
                        auto& call = calls[index];
                        if (piece.contains("id")) { call["id"] = piece.at("id"); }
                        const auto function = piece.value("function", Json::object());
                        if (function.contains("name")) { call["function"]["name"] = function["name"]; }
                        call["function"]["arguments"] =
                            call["function"]["arguments"].get<std::string>() + function.value("arguments", "");
                    }
                } else if (name == "reasoning_details") {
                    if (!message.contains(name)) { message[name] = Json::array(); }
                    merge_details(message[name], value);
                } else if (value.is_string() && name != "role") {
                    const auto so_far = message.contains(name) && message[name].is_string()
                                            ? message[name].get<std::string>()
                                            : std::string();
                    message[name] = so_far + value.get<std::string>();
                } else if (!value.is_null()) {
                    message[name] = value;
                }
            }
        }
    }
    if (!message.contains("content")) { message["content"] = nullptr; }
    if (!calls.empty()) { message["tool_calls"] = calls; }
    answer["choices"] = Json::array({{{"index", 0}, {"message", message}, {"finish_reason", finish}}});
    return answer;
}

Json responses_answer(const std::vector<StreamEvent>& events) {
    Json items = Json::array();
    Json answer;
    for (const auto& event : events) {
        const auto json = Json::parse(event.data);
        if (json.at("type") == "response.output_item.done") { items.push_back(json.at("item")); }
        if (json.at("type") == "response.completed" || json.at("type") == "response.incomplete") {
            answer = json.at("response");
        }
    }
    // Codex lives on the items, others on the last event: both must say the same.
    if (!answer.is_null() && answer["output"] != items) { answer["output"] = "not what output_item.done said"; }
    return answer;
}

Json gemini_answer(const std::vector<StreamEvent>& events) {
    Json answer;
    Json parts = Json::array();
    for (const auto& event : events) {
        const auto chunk = Json::parse(event.data);
        const auto candidates = chunk.value("candidates", Json::array());
        if (!candidates.empty() && candidates.at(0).contains("content")) {
            for (const auto& part : candidates.at(0).at("content").value("parts", Json::array())) {
                parts.push_back(part);
            }
        }
        answer.is_null() ? void(answer = chunk) : answer.update(chunk);
    }
    if (!answer.contains("candidates") || answer["candidates"].empty()) {
        answer["candidates"] = Json::array({Json::object()});
    }
    answer["candidates"][0]["content"] = {{"role", "model"}, {"parts", parts}};
    return answer;
}

std::string word(const Json& object, const char* name) {
    return object.contains(name) && object[name].is_string() ? object[name].get<std::string>() : "";
}

int number(const Json& object, const char* name) {
    return object.contains(name) && object[name].is_number() ? object[name].get<int>() : -1;
}

void read_messages(const Json& answer, Said& said) {
    for (const auto& block : answer.at("content")) {
        const auto type = word(block, "type");
        if (type == "text") { said.text += word(block, "text"); }
        if (type == "thinking") { said.thought += word(block, "thinking"); }
        if (type == "tool_use") { said.calls.push_back({word(block, "id"), word(block, "name"), block.at("input")}); }
    }
    said.stop = word(answer, "stop_reason");
    const auto& usage = answer.at("usage");
    said.prompt_tokens = number(usage, "input_tokens") + std::max(0, number(usage, "cache_read_input_tokens")) +
                         std::max(0, number(usage, "cache_creation_input_tokens"));
    said.cached_tokens = number(usage, "cache_read_input_tokens");
    said.output_tokens = number(usage, "output_tokens");
}

void read_chat(const Json& answer, Said& said) {
    const auto& choice = answer.at("choices").at(0);
    const auto& message = choice.at("message");
    said.text = word(message, "content") + word(message, "refusal");
    said.thought = word(message, "reasoning_content") + word(message, "reasoning");
    for (const auto& call : message.value("tool_calls", Json::array())) {
        said.calls.push_back(
            {word(call, "id"), word(call.at("function"), "name"), Json::parse(word(call.at("function"), "arguments"))});
    }
    said.stop = word(choice, "finish_reason");
    if (!answer.contains("usage") || !answer.at("usage").is_object()) { return; }
    const auto& usage = answer.at("usage");
    said.prompt_tokens = number(usage, "prompt_tokens");
    said.output_tokens = number(usage, "completion_tokens");
    said.cached_tokens = number(usage.value("prompt_tokens_details", Json::object()), "cached_tokens");
    said.reasoning_tokens = number(usage.value("completion_tokens_details", Json::object()), "reasoning_tokens");
}

void read_responses(const Json& answer, Said& said) {
    if (!answer.at("output").is_array()) {
        said.text = answer.at("output").dump();
        return;
    }
    for (const auto& item : answer.at("output")) {
        const auto type = word(item, "type");
        if (type == "message") {
            for (const auto& part : item.at("content")) {
                said.text += word(part, "text") + word(part, "refusal");
                if (word(part, "type") == "refusal") { said.stop = "refusal"; }
            }
        }
        if (type == "reasoning") {
            for (const auto& part : item.value("summary", Json::array())) {
                said.thought += word(part, "text");
            }
            if (said.thought.empty() && item.contains("content") && item.at("content").is_array()) {
                for (const auto& part : item.at("content")) {
                    said.thought += word(part, "text");
                }
            }
        }
        if (type == "function_call") {
            said.calls.push_back({word(item, "call_id"), word(item, "name"), Json::parse(word(item, "arguments"))});
        }
    }
    if (said.stop.empty()) {
        said.stop = word(answer, "status");
        if (said.stop == "incomplete") { said.stop = word(answer.at("incomplete_details"), "reason"); }
        if (said.stop == "completed" && !said.calls.empty()) { said.stop = "function_call"; }
    }
    const auto& usage = answer.at("usage");
    said.prompt_tokens = number(usage, "input_tokens");
    said.output_tokens = number(usage, "output_tokens");
    said.cached_tokens = number(usage.at("input_tokens_details"), "cached_tokens");
    said.reasoning_tokens = number(usage.at("output_tokens_details"), "reasoning_tokens");
}

void read_gemini(const Json& answer, Said& said) {
    const auto& candidate = answer.at("candidates").at(0);
    const auto content = candidate.value("content", Json::object());
    for (const auto& part : content.value("parts", Json::array())) {
        if (part.value("thought", false)) {
            said.thought += word(part, "text");
        } else {
            said.text += word(part, "text");
        }
        if (part.contains("functionCall")) {
            const auto& call = part.at("functionCall");
            said.calls.push_back({word(call, "id"), word(call, "name"), call.value("args", Json::object())});
        }
    }
    said.stop = word(candidate, "finishReason");
    if (said.stop == "STOP" && !said.calls.empty()) { said.stop = "STOP with a call"; }
    const auto usage = answer.value("usageMetadata", Json::object());
    said.prompt_tokens = number(usage, "promptTokenCount");
    said.cached_tokens = number(usage, "cachedContentTokenCount");
    said.reasoning_tokens = number(usage, "thoughtsTokenCount");
    said.output_tokens = std::max(0, number(usage, "candidatesTokenCount")) + std::max(0, said.reasoning_tokens);
}

}  // namespace

// The words of wire formats for one stop, in the order anthropic, chat, responses, gemini.
bool Said::stopped_as(Stop wanted) const {
    static const std::map<Stop, std::vector<std::vector<std::string>>> words{
        {Stop::end, {{"end_turn"}, {"stop"}, {"completed"}, {"STOP"}}},
        {Stop::tool, {{"tool_use"}, {"tool_calls"}, {"function_call"}, {"STOP with a call"}}},
        {Stop::length, {{"max_tokens"}, {"length"}, {"max_output_tokens"}, {"MAX_TOKENS"}}},
        {Stop::stop_sequence, {{"stop_sequence", "end_turn"}, {"stop"}, {"completed"}, {"STOP"}}},
        {Stop::refusal,
         {{"refusal"}, {"content_filter"}, {"content_filter", "refusal"}, {"SAFETY", "PROHIBITED_CONTENT", "OTHER"}}}};
    const auto& mine = words.at(wanted).at(static_cast<std::size_t>(dialect));
    return std::ranges::find(mine, stop) != mine.end();
}

Json put_together(DialectId dialect, const std::string& sse) {
    const auto events = stream_events(sse);
    try {
        switch (dialect) {
            case DialectId::anthropic: return messages_answer(events);
            case DialectId::openai_chat: return chat_answer(events);
            case DialectId::openai_responses: return responses_answer(events);
            case DialectId::ollama_chat:
            case DialectId::cohere_chat:
            case DialectId::bedrock_converse:
            case DialectId::gemini: return gemini_answer(events);
        }
    } catch (const Json::exception&) {}  // none of the dialect's
    return {};
}

Said understood(DialectId dialect, const Json& answer) {
    Said said;
    said.dialect = dialect;
    try {
        switch (dialect) {
            case DialectId::anthropic: read_messages(answer, said); break;
            case DialectId::openai_chat: read_chat(answer, said); break;
            case DialectId::openai_responses: read_responses(answer, said); break;
            case DialectId::ollama_chat:
            case DialectId::cohere_chat:
            case DialectId::bedrock_converse:
            case DialectId::gemini: read_gemini(answer, said); break;
        }
    } catch (const Json::exception& error) { said.text = std::string("cannot be read: ") + error.what(); }
    return said;
}

}  // namespace llmgw::testing::matrix
