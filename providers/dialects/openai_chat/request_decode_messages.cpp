// Reads `messages`. Each becomes one message of the normal form, so that paths in notes and in extras stay those of
// the client.
#include <array>
#include <utility>

#include "core/util/sha256.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_chat/call_seals.hpp"
#include "providers/dialects/openai_chat/reasoning_details.hpp"
#include "providers/dialects/openai_chat/request_read.hpp"

namespace llmgw::wire::chat {

using json_scan::Type;
using json_scan::Value;

namespace {

std::string member_string(std::string_view object, std::string_view key) {
    const auto found = json_scan::member(object, key);
    return found ? string_or_empty(*found) : std::string();
}

class MessageReader {
public:
    MessageReader(const Value& value, std::string path, Reading& reading)
        : path_(std::move(path)), reading_(reading), fault_(reading.fault) {
        json_scan::each_member(value.text, [&](std::string_view key, const Value& said) {
            if (said.type == Type::null) { return true; }
            for (auto& [name, place] : members_) {
                if (name == key) {
                    place = said;
                    return true;
                }
            }
            // What clients copy from an answer into the history without anybody reading it there.
            if (key != "index") { reading_.extra(path_to(path_, key), said); }
            return true;
        });
    }

    Message read() {
        Message message;
        const std::string role = string_of("role");
        message.name = string_of("name");
        if (role == "assistant") {
            message.role = Role::assistant;
            read_assistant(message);
        } else if (role == "tool" || role == "function") {
            message.role = Role::user;
            message.parts.emplace_back(read_result(role == "function"));
            message.name.clear();
        } else if (role == "user" || role == "system" || role == "developer") {
            message.role = role == "user" ? Role::user : role == "system" ? Role::system : Role::developer;
            message.parts = content();
        } else {
            fault_.expected(path_to(path_, "role"), "one of developer, system, user, assistant, tool");
        }
        return message;
    }

private:
    const Value* find(std::string_view name) const {
        for (const auto& [key, place] : members_) {
            if (key == name) { return place ? &*place : nullptr; }
        }
        return nullptr;
    }

    std::string string_of(std::string_view name) {
        const Value* value = find(name);
        return value != nullptr ? read_string(*value, path_to(path_, name), fault_) : std::string();
    }

    std::vector<Part> content() {
        const Value* value = find("content");
        return value != nullptr ? read_content(*value, path_to(path_, "content"), reading_) : std::vector<Part>{};
    }

    void read_assistant(Message& message) {
        std::vector<part::ToolCall> calls;
        std::vector<ReasoningSeal> seals;
        read_calls(calls, seals);
        read_reasoning(message, std::move(seals));
        for (auto& part : content()) {
            // An empty string beside tool calls is how some clients write null.
            const auto* text = std::get_if<part::Text>(&part);
            if (text == nullptr || !text->text.empty()) { message.parts.push_back(std::move(part)); }
        }
        read_message_seal(message, calls);
        read_annotations(message);
        if (std::string refusal = string_of("refusal"); !refusal.empty()) {
            message.parts.emplace_back(part::Refusal{std::move(refusal)});
        }
        if (const Value* audio = find("audio"); audio != nullptr && audio->is_object()) {
            message.parts.emplace_back(
                part::Foreign{DialectId::openai_chat, "audio", JsonText(audio->text), {}, false});
        }
        for (auto& call : calls) {
            message.parts.emplace_back(std::move(call));
        }
    }

    void read_reasoning(Message& message, std::vector<ReasoningSeal> seals) {
        const Value* details = find("reasoning_details");
        const std::string_view list = details != nullptr && details->is_array() ? details->text : std::string_view{};
        std::string text = string_of("reasoning_content");
        if (text.empty()) { text = string_of("reasoning"); }
        if (text.empty()) { text = details_text(list); }
        if (has_seals(list)) { seals.insert(seals.begin(), {{DialectId::openai_chat, std::string(list), {}}, false}); }
        if (seals.empty() && text.empty()) { return; }
        if (seals.empty()) { seals.emplace_back(); }
        for (auto& seal : seals) {
            part::Reasoning reasoning;
            reasoning.redacted = seal.redacted;
            reasoning.sealed = std::move(seal.sealed);
            if (!seal.redacted) {
                // A Responses item says its text as a summary.
                if (reasoning.sealed.origin == DialectId::openai_responses && !reasoning.sealed.empty()) {
                    if (!text.empty()) { reasoning.summary.push_back(std::exchange(text, {})); }
                } else {
                    reasoning.text = std::exchange(text, {});
                }
            }
            message.parts.emplace_back(std::move(reasoning));
        }
    }

    void read_calls(std::vector<part::ToolCall>& calls, std::vector<ReasoningSeal>& seals) {
        if (const Value* list = find("tool_calls")) {
            if (!list->is_array()) { return fault_.expected(path_to(path_, "tool_calls"), "a list"); }
            json_scan::each_element(list->text, [&](const Value& value) {
                const std::string here = path_to(path_to(path_, "tool_calls"), calls.size());
                if (value.is_object()) {
                    calls.push_back(read_call(value, here, seals));
                } else {
                    fault_.expected(here, "an object");
                }
                return !fault_.found();
            });
        }
        if (const Value* function = find("function_call"); function != nullptr && function->is_object()) {
            part::ToolCall call;
            read_function(*function, path_to(path_, "function_call"), call);
            if (call.name.empty()) { return; }
            call.id = "call_fn_" + sha256_hex(path_ + call.name).substr(0, 8);
            reading_.function_calls[call.name] = call.id;
            calls.push_back(std::move(call));
        }
    }

    part::ToolCall read_call(const Value& value, const std::string& path, std::vector<ReasoningSeal>& seals) {
        part::ToolCall call;
        std::string type;
        std::optional<Value> function;
        std::optional<Value> custom;
        json_scan::each_member(value.text, [&](std::string_view key, const Value& said) {
            if (said.type == Type::null) { return true; }
            if (key == "id") {
                SealedCall sealed = unseal_call_id(read_string(said, path_to(path, key), fault_));
                call.id = std::move(sealed.id);
                call.sealed = std::move(sealed.own);
                for (auto& seal : sealed.reasoning) {
                    seals.push_back(std::move(seal));
                }
            } else if (key == "type") {
                type = string_or_empty(said);
            } else if (key == "function") {
                function = said;
            } else if (key == "custom") {
                custom = said;
            } else if (key == "extra_content" && said.is_object()) {
                call.sealed = {DialectId::openai_chat, std::string(said.text), {}};
            } else if (key != "index") {
                reading_.extra(path_to(path, key), said);
            }
            return true;
        });
        if (custom && custom->is_object() && type == "custom") {
            call.custom = true;
            call.name = member_string(custom->text, "name");
            call.arguments = member_string(custom->text, "input");
            reading_.custom_calls.insert(call.id);
        } else if (function && function->is_object()) {
            read_function(*function, path_to(path, "function"), call);
        } else {
            fault_.expected(path_to(path, "function"), "an object");
        }
        if (call.name.empty()) { fault_.expected(path_to(path, "function.name"), "a name"); }
        return call;
    }

    // Arguments are JSON text in a string; some clients write the object itself.
    void read_function(const Value& function, const std::string& path, part::ToolCall& call) {
        json_scan::each_member(function.text, [&](std::string_view key, const Value& said) {
            if (key == "name") {
                call.name = read_string(said, path_to(path, key), fault_);
            } else if (key == "arguments") {
                call.arguments = said.is_object() ? std::string(said.text) : string_or_empty(said);
            } else {
                reading_.extra(path_to(path, key), said);
            }
            return true;
        });
    }

    part::ToolResult read_result(bool legacy) {
        part::ToolResult result;
        result.name = string_of("name");
        if (legacy) {
            const auto call = reading_.function_calls.find(result.name);
            if (call != reading_.function_calls.end()) { result.call_id = call->second; }
        } else {
            result.call_id = unseal_call_id(string_of("tool_call_id")).id;
            result.custom = reading_.custom_calls.contains(result.call_id);
            if (find("tool_call_id") == nullptr) { fault_.expected(path_to(path_, "tool_call_id"), "a string"); }
        }
        result.content = content();
        if (const Value* mark = find("cache_control"); mark != nullptr && mark->is_object()) {
            result.cache = read_cache_mark(*mark);
        }
        return result;
    }

    // Gemini's compatible endpoint seals the message, or each call (read_call).
    void read_message_seal(Message& message, const std::vector<part::ToolCall>& calls) {
        const Value* extra = find("extra_content");
        if (extra == nullptr || !extra->is_object()) { return; }
        Sealed sealed{DialectId::openai_chat, std::string(extra->text), {}};
        if (!message.parts.empty()) {
            if (auto* text = std::get_if<part::Text>(&message.parts.back())) {
                text->sealed = std::move(sealed);
                return;
            }
        }
        if (calls.empty()) { return; }
        part::Reasoning reasoning;
        reasoning.sealed = std::move(sealed);
        reasoning.redacted = true;
        message.parts.emplace_back(std::move(reasoning));
    }

    void read_annotations(Message& message) {
        const Value* list = find("annotations");
        if (list == nullptr || message.parts.empty()) { return; }
        auto* text = std::get_if<part::Text>(&message.parts.back());
        if (text == nullptr) { return; }
        json_scan::each_element(list->text, [&](const Value& value) {
            if (auto citation = read_annotation(value)) { text->citations.push_back(std::move(*citation)); }
            return true;
        });
    }

    std::array<std::pair<std::string_view, std::optional<Value>>, 15> members_{{
        {"role", {}},
        {"content", {}},
        {"name", {}},
        {"tool_calls", {}},
        {"tool_call_id", {}},
        {"refusal", {}},
        {"reasoning_content", {}},
        {"reasoning", {}},
        {"reasoning_details", {}},
        {"function_call", {}},
        {"audio", {}},
        {"cache_control", {}},
        {"extra_content", {}},
        {"annotations", {}},
        {"thought_signature", {}},  // also inside extra_content
    }};
    std::string path_;
    Reading& reading_;
    Fault& fault_;
};

}  // namespace

void read_messages(const Value& messages, Reading& reading, std::vector<Message>& out) {
    if (!messages.is_array()) { return reading.fault.expected("messages", "a list"); }
    json_scan::each_element(messages.text, [&](const Value& value) {
        std::string path = path_to("messages", out.size());
        if (value.is_object()) {
            out.push_back(MessageReader(value, std::move(path), reading).read());
        } else {
            reading.fault.expected(path, "an object");
        }
        return !reading.fault.found();
    });
}

}  // namespace llmgw::wire::chat
