// What Ollama would refuse of a request of /api/chat: it reads them into structures with fixed types.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace llmgw::test {

// A property's schema, as Ollama's tools have it; "" when nothing is wrong.
inline std::string schema_fault(const nlohmann::json& schema, bool top) {
    if (!schema.is_object()) { return "a schema that is no object: " + schema.dump(); }
    if (const auto type = schema.find("type"); type != schema.end()) {
        if (!type->is_string() && (top || !type->is_array())) { return "a type that is none: " + type->dump(); }
    } else if (top) {
        return "parameters without a type";
    }
    if (top && !schema.contains("properties")) { return "parameters without properties"; }
    if (!top && schema.contains("description") && !schema["description"].is_string()) { return "a description"; }
    if (!top && schema.contains("enum") && !schema["enum"].is_array()) { return "an enum"; }
    if (schema.contains("required") && !schema["required"].is_array()) { return "a required that is no list"; }
    if (!top && schema.contains("anyOf")) {
        if (!schema["anyOf"].is_array()) { return "an anyOf that is no list"; }
        for (const auto& one : schema["anyOf"]) {
            if (auto fault = schema_fault(one, false); !fault.empty()) { return fault; }
        }
    }
    if (schema.contains("properties")) {
        if (!schema["properties"].is_object()) { return "properties that are no object"; }
        for (const auto& one : schema["properties"]) {
            if (auto fault = schema_fault(one, false); !fault.empty()) { return fault; }
        }
    }
    return "";
}

inline std::string message_fault(const nlohmann::json& message) {
    const std::string role = message.value("role", "");
    if (role != "system" && role != "user" && role != "assistant" && role != "tool") { return "the role " + role; }
    if (!message.contains("content") || !message["content"].is_string()) { return "content that is no string"; }
    if (message.contains("images")) {
        for (const auto& image : message["images"]) {
            if (!image.is_string() || image.get<std::string>().starts_with("data:")) {
                return "an image that is no base64";
            }
        }
    }
    if (role == "tool" && message.value("tool_name", "").empty()) { return "a result without a tool's name"; }
    if (!message.contains("tool_calls")) { return ""; }
    for (const auto& call : message["tool_calls"]) {
        if (call["function"].value("name", "").empty()) { return "a call without a name"; }
        if (!call["function"]["arguments"].is_object()) { return "arguments that are no object"; }
    }
    return "";
}

// "" when nothing.
inline std::string refused_by_ollama(const nlohmann::json& body) {
    if (!body.value("model", nlohmann::json()).is_string()) { return "no model"; }
    if (!body.value("stream", nlohmann::json()).is_boolean()) { return "it is not said whether to stream"; }
    if (body["messages"].empty()) { return "no messages"; }
    for (const auto& message : body["messages"]) {
        if (auto fault = message_fault(message); !fault.empty()) { return fault; }
    }
    for (const auto& tool : body.value("tools", nlohmann::json::array())) {
        if (tool["type"] != "function") { return "a tool that is no function"; }
        if (tool["function"].value("name", "").empty()) { return "a tool without a name"; }
        if (auto fault = schema_fault(tool["function"]["parameters"], true); !fault.empty()) { return fault; }
    }
    if (body.contains("format") && !body["format"].is_object() && body["format"] != "json") { return "a format"; }
    if (body.contains("think") && !body["think"].is_boolean()) {
        const std::string level = body["think"];
        if (level != "low" && level != "medium" && level != "high") { return "the level " + level; }
    }
    return "";
}

}  // namespace llmgw::test
