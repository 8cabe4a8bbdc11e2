// `input`: a list of items, of which several may be one message. What the assistant said in a row (reasoning, text,
// calls) is one message, at most one message item each; tool results stand right after the message with their calls.
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "core/dialect/envelope.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_responses/item_ids.hpp"
#include "providers/dialects/openai_responses/reading.hpp"
#include "providers/dialects/openai_responses/tool_search.hpp"

namespace llmgw::wire::responses {

using json_scan::Type;
using json_scan::Value;

namespace {

// What is known of items that are read, and not kept as they are.
constexpr std::array<std::string_view, 15> known_members{
    "type",  "id",     "role",    "content",           "status",    "phase", "call_id", "name", "namespace",
    "input", "output", "summary", "encrypted_content", "execution", "tools"};

// Items the client makes, among those that are kept as they are.
constexpr std::array<std::string_view, 5> client_items{"computer_call_output", "local_shell_call_output",
                                                       "shell_call_output", "apply_patch_call_output",
                                                       "mcp_approval_response"};

struct Item {
    std::string_view raw;
    std::string path;
    std::string type;
    std::string id;
    std::string role;
    std::string call_id;
    std::string name;
    std::string name_space;
    std::string phase;
    std::string execution;
    std::optional<Value> content;
    std::optional<Value> arguments;
    std::optional<Value> input;
    std::optional<Value> output;
    std::optional<Value> summary;
    std::optional<Value> encrypted;
    std::optional<Value> tools;
};

bool read_members(const Value& value, Item& item, Reading& reading) {
    json_scan::each_member(value.text, [&](std::string_view key, const Value& member) {
        if (member.type == Type::null) { return true; }
        const auto text = [&](std::string& out) {
            return reading.text(member, item.path + "." + std::string(key), out);
        };
        if (key == "type") { return text(item.type); }
        if (key == "id") { return text(item.id); }
        if (key == "role") { return text(item.role); }
        if (key == "call_id") { return text(item.call_id); }
        if (key == "name") { return text(item.name); }
        if (key == "namespace") { return text(item.name_space); }
        if (key == "phase") { return text(item.phase); }
        if (key == "execution") { return text(item.execution); }
        if (key == "content") { item.content = member; }
        if (key == "arguments") { item.arguments = member; }
        if (key == "input") { item.input = member; }
        if (key == "output") { item.output = member; }
        if (key == "summary") { item.summary = member; }
        if (key == "encrypted_content") { item.encrypted = member; }
        if (key == "tools") { item.tools = member; }
        return true;
    });
    return reading.ok();
}

class InputReader {
public:
    InputReader(Reading& reading, ChatRequest& request) : reading_(reading), request_(request) {}

    bool read(const Value& input) {
        std::size_t index = 0;
        const bool whole = json_scan::each_element(input.text, [&](const Value& value) {
            Item item;
            item.path = "input[" + std::to_string(index++) + "]";
            item.raw = value.text;
            if (!value.is_object()) { return reading_.wrong(item.path, "an object"); }
            return read_members(value, item, reading_) && take(item);
        });
        if (!reading_.ok()) { return false; }
        if (!whole) { return reading_.wrong("input", "an array"); }
        place_early_results();
        for (auto& slot : slots_) {
            if (!slot.message.parts.empty()) { request_.messages.push_back(std::move(slot.message)); }
        }
        return true;
    }

private:
    struct Slot {
        Message message;
        bool results = false;  // nothing but tool results
    };

    bool take(Item& item) {
        if (item.type.empty()) { item.type = item.role.empty() ? "item_reference" : "message"; }
        if (item.type == "message") { return keep_unknown(item) && take_message(item); }
        if (item.type == "reasoning") { return keep_unknown(item) && take_reasoning(item); }
        if (item.type == "function_call" || item.type == "custom_tool_call") {
            return keep_unknown(item) && take_call(item);
        }
        if (item.type == "function_call_output" || item.type == "custom_tool_call_output") {
            return keep_unknown(item) && take_result(item);
        }
        const bool client_search = item.execution == "client" && !item.call_id.empty();
        if (item.type == "tool_search_call" && client_search) { return keep_unknown(item) && take_search(item); }
        if (item.type == "tool_search_output" && client_search) { return keep_unknown(item) && take_found(item); }
        if (item.type == "additional_tools") { return take_additional_tools(item); }
        const bool by_client = std::ranges::find(client_items, item.type) != client_items.end();
        Message& message = by_client ? push(Role::user) : assistant();
        message.parts.emplace_back(part::Foreign{DialectId::openai_responses, item.type, std::string(item.raw), {}});
        return true;
    }

    // Written back beside the item of this id by this dialect, named by others.
    bool keep_unknown(const Item& item) {
        json_scan::each_member(item.raw, [&](std::string_view key, const Value& member) {
            const bool known = key == "arguments" || std::ranges::find(known_members, key) != known_members.end();
            if (!known) { keep_extra(request_, item_path(item) + "." + std::string(key), member); }
            return true;
        });
        return true;
    }

    static std::string item_path(const Item& item) { return item.id.empty() ? item.path : "input[" + item.id + "]"; }

    Message& push(Role role) {
        slots_.emplace_back();
        slots_.back().message.role = role;
        return slots_.back().message;
    }

    // The message the assistant is saying, or a new one.
    Message& assistant() {
        if (!slots_.empty() && slots_.back().message.role == Role::assistant) { return slots_.back().message; }
        return push(Role::assistant);
    }

    static bool has_text(const Message& message) {
        return !message.item_id.empty() || std::ranges::any_of(message.parts, [](const Part& part) {
            return std::holds_alternative<part::Text>(part) || std::holds_alternative<part::Refusal>(part);
        });
    }

    bool take_message(Item& item) {
        Role role = Role::user;
        if (item.role == "assistant") {
            role = Role::assistant;
        } else if (item.role == "developer") {
            role = Role::developer;
        } else if (item.role == "system") {
            role = Role::system;
        } else if (item.role != "user") {
            return reading_.wrong(item.path + ".role", "user, assistant, system or developer");
        }
        if (!item.content) { return reading_.wrong(item.path + ".content", "a string or an array"); }
        const bool joins = role == Role::assistant && !slots_.empty() &&
                           slots_.back().message.role == Role::assistant && !has_text(slots_.back().message);
        Message& message = joins ? slots_.back().message : push(role);
        message.item_id = item.id;
        const std::size_t first = message.parts.size();
        if (!read_parts(*item.content, item.path + ".content", reading_, message.parts)) { return false; }
        for (std::size_t i = first; i < message.parts.size(); ++i) {
            if (auto* text = std::get_if<part::Text>(&message.parts[i])) { text->phase = item.phase; }
        }
        return true;
    }

    bool take_reasoning(Item& item) {
        part::Reasoning reasoning;
        if (!read_texts(item.summary, item.path + ".summary", reasoning.summary)) { return false; }
        std::vector<std::string> texts;
        if (!read_texts(item.content, item.path + ".content", texts)) { return false; }
        for (const auto& text : texts) {
            if (!reasoning.text.empty()) { reasoning.text += "\n\n"; }
            reasoning.text += text;
        }
        std::string encrypted;
        if (item.encrypted && !reading_.text(*item.encrypted, item.path + ".encrypted_content", encrypted)) {
            return false;
        }
        std::string_view envelope = encrypted;
        const bool redacted = envelope.ends_with(redacted_suffix);
        if (redacted) { envelope.remove_suffix(redacted_suffix.size()); }
        if (auto sealed = unwrap_sealed(envelope)) {
            reasoning.sealed = std::move(*sealed);
            reasoning.redacted = redacted;
            // What was said as a summary is the provider's own text (answer_encode.cpp).
            if (reasoning.text.empty() && reasoning.summary.size() == 1) {
                reasoning.text = std::move(reasoning.summary.front());
                reasoning.summary.clear();
            }
        } else {
            reasoning.sealed = {DialectId::openai_responses, std::move(encrypted), item.id};
        }
        assistant().parts.emplace_back(std::move(reasoning));
        return true;
    }

    bool read_texts(const std::optional<Value>& value, const std::string& path, std::vector<std::string>& out) {
        if (!value) { return true; }
        if (!value->is_array()) { return reading_.wrong(path, "an array"); }
        json_scan::each_element(value->text, [&](const Value& element) {
            const auto text = json_scan::member(element.text, "text");
            if (text) { out.push_back(string_or_empty(*text)); }
            return true;
        });
        return true;
    }

    part::ToolCall call_of(const Item& item) {
        part::ToolCall call;
        CallId id = unwrap_call_id(item.call_id);
        call.id = std::move(id.id);
        call.sealed = std::move(id.sealed);
        call.name = item.name;
        call.name_space = item.name_space;
        call.item_id = item.id;
        return call;
    }

    bool take_call(Item& item) {
        part::ToolCall call = call_of(item);
        call.custom = item.type == "custom_tool_call";
        if (call.id.empty()) { return reading_.wrong(item.path + ".call_id", "a string"); }
        if (call.name.empty()) { return reading_.wrong(item.path + ".name", "a string"); }
        const auto& said = call.custom ? item.input : item.arguments;
        if (said && said->is_object()) {
            call.arguments = std::string(said->text);  // some clients write the object itself
        } else if (said) {
            const std::string path = item.path + (call.custom ? ".input" : ".arguments");
            if (!reading_.text(*said, path, call.arguments)) { return false; }
        }
        assistant().parts.emplace_back(std::move(call));
        return true;
    }

    bool take_search(Item& item) {
        part::ToolCall call = call_of(item);
        call.name = tool_search_name;
        if (item.arguments) { call.arguments = std::string(item.arguments->text); }
        assistant().parts.emplace_back(std::move(call));
        return true;
    }

    bool take_result(Item& item) {
        if (item.call_id.empty()) { return reading_.wrong(item.path + ".call_id", "a string"); }
        part::ToolResult result;
        result.call_id = unwrap_call_id(item.call_id).id;
        result.custom = item.type == "custom_tool_call_output";
        result.item_id = item.id;
        if (!item.output) { return reading_.wrong(item.path + ".output", "a string or an array"); }
        if (item.output->is_object()) {
            result.content.emplace_back(part::Text{std::string(item.output->text), {}, {}, {}, {}});
        } else if (!read_parts(*item.output, item.path + ".output", reading_, result.content)) {
            return false;
        }
        place(std::move(result));
        return true;
    }

    bool take_found(Item& item) {
        if (!item.tools || !item.tools->is_array()) { return reading_.wrong(item.path + ".tools", "an array"); }
        part::ToolResult result;
        result.call_id = unwrap_call_id(item.call_id).id;
        result.item_id = item.id;
        result.content.emplace_back(part::Text{std::string(item.tools->text), {}, {}, {}, {}});
        if (!declare(*item.tools, item.path + ".tools")) { return false; }
        place(std::move(result));
        return true;
    }

    bool take_additional_tools(Item& item) {
        if (!item.tools || !item.tools->is_array()) { return reading_.wrong(item.path + ".tools", "an array"); }
        if (!declare(*item.tools, item.path + ".tools")) { return false; }
        part::Foreign foreign{DialectId::openai_responses, item.type, std::string(item.raw), {}};
        foreign.carried = true;
        push(item.role == "system" ? Role::system : Role::developer).parts.emplace_back(std::move(foreign));
        return true;
    }

    // A tool that is known already (a deferred one that was found) is not said twice.
    bool declare(const Value& tools, const std::string& path) {
        const std::size_t first = request_.tools.size();
        std::size_t index = 0;
        json_scan::each_element(tools.text, [&](const Value& tool) {
            return read_tool(tool, path + "[" + std::to_string(index++) + "]", true, reading_, request_);
        });
        if (!reading_.ok()) { return false; }
        auto& all = request_.tools;
        for (std::size_t i = first; i < all.size();) {
            const bool known =
                std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i),
                            [&](const Tool& t) { return t.name == all[i].name && t.name_space == all[i].name_space; });
            if (known) {
                all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
            } else {
                ++i;
            }
        }
        return true;
    }

    // The last message with this call; ids are used again in some histories.
    std::optional<std::size_t> holder_of(std::string_view call_id) const {
        for (std::size_t i = slots_.size(); i-- > 0;) {
            for (const auto& part : slots_[i].message.parts) {
                const auto* call = std::get_if<part::ToolCall>(&part);
                if (call != nullptr && call->id == call_id) { return i; }
            }
        }
        return std::nullopt;
    }

    void place(part::ToolResult result) {
        const auto holder = holder_of(result.call_id);
        if (!holder) { without_call_.insert(result.call_id); }
        put_at(holder ? *holder + 1 : slots_.size(), std::move(result));
    }

    void put_at(std::size_t at, part::ToolResult result) {
        // At the end, results of calls that are elsewhere (previous_response_id) stay together as well.
        if (at == slots_.size() && !slots_.empty() && slots_.back().results) { --at; }
        if (at == slots_.size() || !slots_[at].results) {
            Slot slot;
            slot.message.role = Role::user;
            slot.results = true;
            slots_.insert(slots_.begin() + static_cast<std::ptrdiff_t>(at), std::move(slot));
        }
        slots_[at].message.parts.emplace_back(std::move(result));
    }

    // Results that stood before their calls.
    void place_early_results() {
        std::vector<part::ToolResult> early;
        for (auto& slot : slots_) {
            if (!slot.results) { continue; }
            std::erase_if(slot.message.parts, [&](Part& part) {
                auto& result = std::get<part::ToolResult>(part);
                if (!without_call_.contains(result.call_id) || !holder_of(result.call_id)) { return false; }
                early.push_back(std::move(result));
                return true;
            });
        }
        for (auto& result : early) {
            place(std::move(result));
        }
    }

    Reading& reading_;
    ChatRequest& request_;
    std::vector<Slot> slots_;
    std::set<std::string> without_call_;  // ids of results whose call had not come yet
};

}  // namespace

bool read_input(const Value& input, Reading& reading, ChatRequest& request) {
    if (input.type == Type::null) { return true; }
    if (input.type == Type::string) {
        Message message;
        if (!read_parts(input, "input", reading, message.parts)) { return false; }
        request.messages.push_back(std::move(message));
        return true;
    }
    if (!input.is_array()) { return reading.wrong("input", "a string or an array"); }
    return InputReader(reading, request).read(input);
}

}  // namespace llmgw::wire::responses
