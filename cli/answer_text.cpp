#include "cli/answer_text.hpp"

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

std::string gemini_parts(const json& answer) {
    std::string text;
    for (const auto& candidate : member(answer, "candidates")) {
        for (const auto& part : member(member(candidate, "content"), "parts")) {
            if (member(part, "thought") != json(true)) { text += text_at(part, "text"); }
        }
    }
    return text;
}

std::string responses_output(const json& answer) {
    std::string text;
    for (const auto& item : member(answer, "output")) {
        for (const auto& part : member(item, "content")) {
            if (text_at(part, "type") == "output_text") { text += text_at(part, "text"); }
        }
    }
    return text;
}

}  // namespace

std::string event_text(DialectId dialect, std::string_view data) {
    const auto event = json::parse(data, nullptr, false);
    if (!event.is_object()) { return {}; }
    switch (dialect) {
        case DialectId::anthropic: return text_at(member(event, "delta"), "text");
        case DialectId::openai_responses:
            return text_at(event, "type") == "response.output_text.delta" ? text_at(event, "delta") : std::string();
        case DialectId::gemini: return gemini_parts(event);
        case DialectId::openai_chat: {
            const auto& choices = member(event, "choices");
            return choices.is_array() && !choices.empty() ? text_at(member(choices[0], "delta"), "content")
                                                          : std::string();
        }
    }
    return {};
}

std::string answer_text(DialectId dialect, std::string_view body) {
    const auto answer = json::parse(body, nullptr, false);
    if (!answer.is_object()) { return {}; }
    switch (dialect) {
        case DialectId::anthropic: {
            std::string text;
            for (const auto& block : member(answer, "content")) {
                if (text_at(block, "type") == "text") { text += text_at(block, "text"); }
            }
            return text;
        }
        case DialectId::openai_responses: return responses_output(answer);
        case DialectId::gemini: return gemini_parts(answer);
        case DialectId::openai_chat: {
            const auto& choices = member(answer, "choices");
            return choices.is_array() && !choices.empty() ? text_at(member(choices[0], "message"), "content")
                                                          : std::string();
        }
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
