// contents and systemInstruction: who said what. Tools' results and media are read in results_decode.cpp.
#include <fmt/format.h>

#include "core/dialect/envelope.hpp"
#include "providers/dialects/gemini/json.hpp"
#include "providers/dialects/gemini/request_reading.hpp"
#include "providers/dialects/gemini/signature.hpp"

namespace llmgw::wire::gemini {

using json_scan::Type;
using json_scan::Value;

namespace {

// One part's members, before it is known what they make.
struct PartMembers {
    std::string_view raw;
    std::optional<std::string> text;
    std::optional<bool> thought;
    Signature signature;
    std::string kind;  // the member that holds the data, "" for text
    Value data;
    std::string side;  // a member beside the data that has no place of its own, such as videoMetadata
    std::optional<Value> resolution;
};

bool read_members(const Value& part, const std::string& path, RequestReading& reading, PartMembers& members) {
    members.raw = part.text;
    const bool whole = each_camel(part.text, [&](std::string_view key, const Value& value) {
        if (value.type == Type::null) { return true; }
        if (key == "text") {
            members.text.emplace();
            return reading.take(value, path + ".text", *members.text);
        }
        if (key == "thought") { return reading.take_bool(value, path + ".thought", members.thought); }
        if (key == "thoughtSignature") {
            std::string written;
            if (!reading.take(value, path + ".thoughtSignature", written)) { return false; }
            members.signature = read_signature(written);
        } else if (key == "mediaResolution") {
            members.resolution = value;
        } else if (key == "videoMetadata" || key == "partMetadata") {
            members.side = key;
        } else {
            members.kind = key;
            members.data = value;
        }
        return true;
    });
    return whole || reading.refuse(path, "valid JSON");
}

// The signature's own place: a part that says nothing but it.
part::Reasoning signature_alone(Sealed sealed) {
    part::Reasoning reasoning;
    reasoning.redacted = true;
    reasoning.sealed = std::move(sealed);
    return reasoning;
}

// Another provider's reasoning, kept in this part's signature. Thoughts the client did keep say the same without being
// signed: they go.
void restore_reasoning(const Signature& signature, std::vector<Part>& parts) {
    if (signature.reasoning.empty()) { return; }
    while (!parts.empty()) {
        const auto* thought = std::get_if<part::Reasoning>(&parts.back());
        if (thought == nullptr || !thought->sealed.empty()) { break; }
        parts.pop_back();
    }
    for (const auto& reasoning : signature.reasoning) {
        parts.emplace_back(reasoning);
    }
}

bool read_call(const PartMembers& members, const std::string& path, RequestReading& reading, std::vector<Part>& parts) {
    part::ToolCall call;
    if (!members.data.is_object()) { return reading.refuse(path + ".functionCall", "an object"); }
    const bool good = each_camel(members.data.text, [&](std::string_view key, const Value& value) {
        const std::string inside = path + ".functionCall." + std::string(key);
        if (value.type == Type::null) { return true; }
        if (key == "id") { return reading.take(value, inside, call.id); }
        if (key == "name") { return reading.take(value, inside, call.name); }
        if (key == "args") {
            if (!value.is_object()) { return reading.refuse(inside, "an object"); }
            call.arguments = value.text;
            return true;
        }
        reading.extra(inside, value);
        return true;
    });
    if (!good) { return reading.refuse(path + ".functionCall", "valid JSON"); }
    if (call.name.empty()) { return reading.refuse(path + ".functionCall.name", "the name of a function"); }
    const bool had_id = !call.id.empty();
    if (had_id) {
        CallId id = unwrap_call_id(call.id);
        call.id = std::move(id.id);
        call.sealed = std::move(id.sealed);
    } else {
        call.id = made_call_id(reading.calls.size(), call.name + "\n" + call.arguments);
    }
    if (!members.signature.own.empty()) { call.sealed = members.signature.own; }
    restore_reasoning(members.signature, parts);
    reading.calls.push_back({call.id, call.name, had_id, false});
    parts.emplace_back(std::move(call));
    return true;
}

void read_text(PartMembers& members, std::vector<Part>& parts) {
    Sealed sealed = members.signature.own;
    restore_reasoning(members.signature, parts);
    if (members.thought.value_or(false)) {
        // A streamed thought is kept by clients as the pieces it came in.
        auto* before = parts.empty() ? nullptr : std::get_if<part::Reasoning>(&parts.back());
        if (before != nullptr && before->sealed.empty() && before->summary.size() == 1 && !members.text->empty()) {
            before->summary.back() += *members.text;
            before->sealed = std::move(sealed);
            return;
        }
        part::Reasoning thought;
        thought.redacted = members.text->empty();
        if (!members.text->empty()) { thought.summary.push_back(std::move(*members.text)); }
        thought.sealed = std::move(sealed);
        if (!thought.redacted || !thought.sealed.empty()) { parts.emplace_back(std::move(thought)); }
    } else if (!members.text->empty()) {
        part::Text text;
        text.text = std::move(*members.text);
        text.sealed = std::move(sealed);
        parts.emplace_back(std::move(text));
    } else if (!sealed.empty()) {
        parts.emplace_back(signature_alone(std::move(sealed)));
    }
}

// The words openai has for it.
std::string detail_of(const Value& resolution) {
    const auto level = resolution.is_object() ? json_scan::member(resolution.text, "level") : resolution;
    const std::string_view word = level ? level->raw_string() : std::string_view{};
    if (word == "MEDIA_RESOLUTION_LOW") { return "low"; }
    if (word == "MEDIA_RESOLUTION_HIGH" || word == "MEDIA_RESOLUTION_ULTRA_HIGH") { return "high"; }
    return word == "MEDIA_RESOLUTION_MEDIUM" ? "auto" : "";
}

bool read_part(const Value& value, const std::string& path, RequestReading& reading, std::vector<Part>& parts) {
    if (!value.is_object()) { return reading.refuse(path, "an object"); }
    PartMembers members;
    if (!read_members(value, path, reading, members)) { return false; }
    if (members.kind == "functionCall") { return read_call(members, path, reading, parts); }
    if (members.kind == "functionResponse") {
        part::ToolResult result;
        if (!read_function_response(members.data, path + ".functionResponse", reading, result)) { return false; }
        parts.emplace_back(std::move(result));
        return true;
    }
    if ((members.kind == "inlineData" || members.kind == "fileData") && members.side.empty()) {
        part::Media media;
        if (!read_media(members.kind, members.data, path + "." + members.kind, reading, media)) { return false; }
        if (members.resolution) { media.detail = detail_of(*members.resolution); }
        restore_reasoning(members.signature, parts);
        parts.emplace_back(std::move(media));
        if (!members.signature.own.empty()) { parts.emplace_back(signature_alone(members.signature.own)); }
        return true;
    }
    if (members.kind.empty() && members.text) {
        read_text(members, parts);
        return true;
    }
    const std::string type = members.side.empty() ? members.kind : members.side;
    if (!type.empty()) { parts.emplace_back(part::Foreign{DialectId::gemini, type, std::string(members.raw), {}}); }
    return true;
}

bool read_parts(const Value& parts, const std::string& path, RequestReading& reading, std::vector<Part>& out) {
    if (parts.type == Type::null) { return true; }
    std::size_t index = 0;
    const bool whole = each_of(
        parts, [&](const Value& part) { return read_part(part, fmt::format("{}[{}]", path, index++), reading, out); });
    if (!reading.fault.empty()) { return false; }
    return whole || reading.refuse(path, "an array of parts");
}

bool read_content(const Value& content, const std::string& path, RequestReading& reading) {
    if (!content.is_object()) { return reading.refuse(path, "an object"); }
    Message message;
    const bool whole = each_camel(content.text, [&](std::string_view key, const Value& value) {
        if (key == "role") {
            std::string role;
            if (!reading.take(value, path + ".role", role)) { return false; }
            if (role == "model") { message.role = Role::assistant; }
            const bool known = role.empty() || role == "user" || role == "model" || role == "function";
            return known || reading.refuse(path + ".role", "\"user\" or \"model\"");
        }
        if (key == "parts") { return read_parts(value, path + ".parts", reading, message.parts); }
        reading.extra(path + "." + std::string(key), value);
        return true;
    });
    if (!reading.fault.empty()) { return false; }
    if (!whole) { return reading.refuse(path, "valid JSON"); }
    reading.request.messages.push_back(std::move(message));
    return true;
}

}  // namespace

bool read_contents(const Value& contents, RequestReading& reading) {
    std::size_t index = 0;
    const bool whole = each_of(contents, [&](const Value& content) {
        return read_content(content, fmt::format("contents[{}]", index++), reading);
    });
    if (!reading.fault.empty()) { return false; }
    return whole || reading.refuse("contents", "an array of contents");
}

bool read_system(const Value& instruction, RequestReading& reading) {
    Message system;
    system.role = Role::system;
    if (instruction.type == Type::string) {
        part::Text text;
        if (!reading.take(instruction, "systemInstruction", text.text)) { return false; }
        system.parts.emplace_back(std::move(text));
    } else if (instruction.is_object()) {
        const bool whole = each_camel(instruction.text, [&](std::string_view key, const Value& value) {
            return key != "parts" || read_parts(value, "systemInstruction.parts", reading, system.parts);
        });
        if (!reading.fault.empty()) { return false; }
        if (!whole) { return reading.refuse("systemInstruction", "valid JSON"); }
    } else {
        return reading.refuse("systemInstruction", "a content object");
    }
    // It may be written after the contents, and is said before them.
    auto& messages = reading.request.messages;
    if (!system.parts.empty()) { messages.insert(messages.begin(), std::move(system)); }
    return true;
}

}  // namespace llmgw::wire::gemini
