#include "cli/ask/answer_text.hpp"

#include <nlohmann/json.hpp>

namespace llmgw {
namespace {

using nlohmann::json;

std::string text_at(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const json& member(const json& object, const char* key) {
    static const json none;
    if (!object.is_object()) { return none; }
    const auto found = object.find(key);
    return found == object.end() ? none : *found;
}

AnswerText gemini_answer(const json& answer) {
    AnswerText out;
    for (const auto& candidate : member(answer, "candidates")) {
        for (const auto& part : member(member(candidate, "content"), "parts")) {
            if (part.is_object() && member(part, "thought") != json(true)) { out.text += text_at(part, "text"); }
        }
    }
    const auto& feedback = member(answer, "promptFeedback");
    const auto reason = feedback.is_object() ? text_at(feedback, "blockReason") : std::string();
    if (!reason.empty()) { out.refusal = "the prompt was blocked: " + reason; }
    return out;
}

AnswerText responses_answer(const json& answer) {
    AnswerText out;
    for (const auto& item : member(answer, "output")) {
        for (const auto& part : member(item, "content")) {
            if (!part.is_object()) { continue; }
            const auto type = text_at(part, "type");
            if (type == "output_text") { out.text += text_at(part, "text"); }
            if (type == "refusal") { out.refusal += text_at(part, "refusal"); }
        }
    }
    return out;
}

// A message or a delta; its content is a string, or at Mistral a list of parts.
AnswerText chat_message(const json& message) {
    if (!message.is_object()) { return {}; }
    AnswerText out{text_at(message, "content"), text_at(message, "refusal")};
    const auto& content = member(message, "content");
    if (!content.is_array()) { return out; }
    for (const auto& part : content) {
        if (part.is_object() && text_at(part, "type") == "text") { out.text += text_at(part, "text"); }
    }
    return out;
}

AnswerText chat_answer(const json& answer, const char* key) {
    const auto& choices = member(answer, "choices");
    return choices.is_array() && !choices.empty() ? chat_message(member(choices[0], key)) : AnswerText{};
}

AnswerText anthropic_answer(const json& answer) {
    AnswerText out;
    for (const auto& block : member(answer, "content")) {
        if (block.is_object() && text_at(block, "type") == "text") { out.text += text_at(block, "text"); }
    }
    return out;
}

std::string anthropic_refusal(const json& holder) {
    const auto& details = member(holder, "stop_details");
    return details.is_object() ? text_at(details, "explanation") : std::string();
}

}  // namespace

AnswerText event_text(DialectId dialect, std::string_view data) {
    const auto event = json::parse(data, nullptr, false);
    if (!event.is_object()) { return {}; }
    switch (dialect) {
        case DialectId::anthropic: {
            const auto& delta = member(event, "delta");
            return delta.is_object() ? AnswerText{text_at(delta, "text"), anthropic_refusal(delta)} : AnswerText{};
        }
        case DialectId::openai_responses: {
            const auto type = text_at(event, "type");
            if (type == "response.output_text.delta") { return {text_at(event, "delta"), {}}; }
            if (type == "response.refusal.delta") { return {{}, text_at(event, "delta")}; }
            return {};
        }
        case DialectId::gemini: return gemini_answer(event);
        case DialectId::openai_chat: return chat_answer(event, "delta");
        case DialectId::ollama_chat:
        case DialectId::bedrock_converse:
        case DialectId::cohere_chat: break;
    }
    return {};
}

AnswerText answer_text(DialectId dialect, std::string_view body) {
    const auto answer = json::parse(body, nullptr, false);
    if (!answer.is_object()) { return {}; }
    switch (dialect) {
        case DialectId::anthropic: {
            auto out = anthropic_answer(answer);
            out.refusal = anthropic_refusal(answer);
            return out;
        }
        case DialectId::openai_responses: return responses_answer(answer);
        case DialectId::gemini: return gemini_answer(answer);
        case DialectId::openai_chat: return chat_answer(answer, "message");
        case DialectId::ollama_chat:
        case DialectId::bedrock_converse:
        case DialectId::cohere_chat: break;
    }
    return {};
}

std::string error_text(std::string_view body) {
    auto answer = json::parse(body, nullptr, false);
    if (answer.is_array() && !answer.empty()) { answer = answer[0]; }
    const auto& error = member(answer, "error");
    if (error.is_string()) { return error.get<std::string>(); }
    const auto message = error.is_object() ? text_at(error, "message")
                                           : text_at(answer.is_object() ? answer : json::object(), "message");
    return message.empty() ? std::string(body) : message;
}

}  // namespace llmgw
