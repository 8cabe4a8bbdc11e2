// Messages as `instructions` and items of `input`.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/util/json_scan.hpp"
#include "core/util/json_valid.hpp"
#include "core/util/text.hpp"
#include "providers/dialects/openai_responses/item_ids.hpp"
#include "providers/dialects/openai_responses/tool_search.hpp"
#include "providers/dialects/openai_responses/writing.hpp"

namespace llmgw::wire::responses {

namespace {

bool is_said(const Part& part) {
    if (const auto* text = std::get_if<part::Text>(&part)) { return !text->text.empty(); }
    return std::holds_alternative<part::ToolCall>(part) || std::holds_alternative<part::Refusal>(part);
}

// What a search found, as it says it: a search that failed may have a text of any kind.
bool is_tool_list(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && text[first] == '[' && is_json(text);
}

// One content part that is nothing but text, which may stand as a string.
const part::Text* only_text(const std::vector<Part>& parts) {
    if (parts.size() != 1) { return nullptr; }
    const auto* text = std::get_if<part::Text>(&parts.front());
    return text != nullptr && !text->cache && text->citations.empty() ? text : nullptr;
}

std::string_view role_word(Role role) {
    switch (role) {
        case Role::system: return "system";
        case Role::developer: return "developer";
        case Role::user: return "user";
        case Role::assistant: return "assistant";
    }
    return "user";
}

class InputWriter {
public:
    InputWriter(const Writing& writing, JsonWriter& json) : writing_(writing), json_(json) {
        if (!writing.own) { return; }
        for (const auto& [path, value] : writing.request.extras) {
            const auto end = path.find("].");
            if (!path.starts_with("input[") || end == std::string::npos) { continue; }
            extras_[path.substr(6, end - 6)].emplace_back(path.substr(end + 2), value);
        }
    }

    void write() {
        const auto& messages = writing_.request.messages;
        std::size_t first = 0;
        std::string instructions;
        while (first < messages.size() && is_plain_system(messages[first]) &&
               (!writing_.own || (first == 0 && messages[first].item_id.empty()))) {
            for (const auto& part : messages[first].parts) {
                const auto& text = std::get<part::Text>(part);
                if (text.cache) { writing_.drops.note("cache_control", "openai-responses caches prompts by itself"); }
                if (text.text.empty()) { continue; }
                if (!instructions.empty()) { instructions += "\n\n"; }
                instructions += text.text;
            }
            ++first;
        }
        json_.member_if("instructions", instructions);
        json_.key("input").begin_array();
        for (std::size_t i = first; i < messages.size(); ++i) {
            const bool goes_on = i + 1 < messages.size() && messages[i + 1].role == Role::assistant;
            if (messages[i].role == Role::assistant) {
                write_assistant(messages[i], goes_on);
            } else {
                write_told(messages[i]);
            }
        }
        json_.end_array();
    }

private:
    static bool is_plain_system(const Message& message) {
        return message.role == Role::system && !message.parts.empty() &&
               std::ranges::all_of(message.parts, [](const Part& part) {
                   const auto* text = std::get_if<part::Text>(&part);
                   return text != nullptr;
               });
    }

    void write_id(const std::string& id) {
        if (!writing_.own || id.empty()) { return; }
        json_.member("id", id);
        const auto found = extras_.find(id);
        if (found == extras_.end()) { return; }
        for (const auto& [key, value] : found->second) {
            json_.raw_member(key, value);
        }
    }

    // What is not said by the model: text and media as one item, each tool result as one of its own.
    void write_told(const Message& message) {
        if (!message.name.empty()) { writing_.drops.note("name", "openai-responses does not name participants"); }
        std::vector<const Part*> run;
        const auto flush = [&] { write_message(message, std::exchange(run, {}), Side::input); };
        for (const auto& part : message.parts) {
            if (const auto* result = std::get_if<part::ToolResult>(&part)) {
                flush();
                write_result(*result);
            } else if (is_item(part)) {
                flush();
                json_.raw(std::get<part::Foreign>(part).raw);
            } else {
                run.push_back(&part);
            }
        }
        flush();
    }

    void write_assistant(const Message& message, bool goes_on) {
        bool id_given = false;
        std::vector<const Part*> run;
        const auto flush = [&] {
            if (run.empty()) { return; }
            Message head;
            head.role = message.role;
            if (!std::exchange(id_given, true)) { head.item_id = message.item_id; }
            write_message(head, std::exchange(run, {}), Side::output);
        };
        for (std::size_t i = 0; i < message.parts.size(); ++i) {
            const Part& part = message.parts[i];
            if (const auto* call = std::get_if<part::ToolCall>(&part)) {
                flush();
                write_call(*call);
            } else if (const auto* reasoning = std::get_if<part::Reasoning>(&part)) {
                flush();
                const auto rest = message.parts.begin() + static_cast<std::ptrdiff_t>(i) + 1;
                write_reasoning(*reasoning, goes_on || std::any_of(rest, message.parts.end(), is_said));
            } else if (is_item(part)) {
                flush();
                json_.raw(std::get<part::Foreign>(part).raw);
            } else {
                if (!run.empty() && phase_of(*run.back()) != phase_of(part)) { flush(); }
                run.push_back(&part);
            }
        }
        flush();
    }

    // A foreign part that is an item of this dialect, and not a part of a message's content.
    static bool is_item(const Part& part) {
        const auto* foreign = std::get_if<part::Foreign>(&part);
        return foreign != nullptr && foreign->origin == DialectId::openai_responses &&
               !foreign->type.starts_with("input_") && !foreign->type.starts_with("output_");
    }

    static std::string phase_of(const Part& part) {
        const auto* text = std::get_if<part::Text>(&part);
        return text != nullptr ? text->phase : std::string();
    }

    void write_message(const Message& message, const std::vector<const Part*>& parts, Side side) {
        if (parts.empty()) { return; }
        JsonWriter content;
        content.begin_array();
        std::size_t written = 0;
        for (const auto* part : parts) {
            written += write_part(*part, side, writing_, content) ? 1U : 0U;
        }
        if (written == 0) { return; }
        content.end_array();
        json_.begin_object().member("type", "message").member("role", role_word(message.role));
        write_id(message.item_id);
        json_.raw_member("content", content.text());
        json_.member_if("phase", phase_of(*parts.front()));
        json_.end_object();
    }

    void write_call(const part::ToolCall& call) {
        const std::string id = allowed_call_id(call.id);
        if (writing_.own && is_tool_search(call.name, writing_.request)) {
            searches_.insert(call.id);
            json_.begin_object().member("type", "tool_search_call").member("call_id", id);
            write_id(call.item_id);
            json_.member("execution", "client").member("status", "completed");
            json_.raw_member("arguments", call.arguments.empty() ? "{}" : call.arguments).end_object();
            return;
        }
        const std::string flat = writing_.names.flat(call.name_space, call.name);
        const Tool* tool = writing_.names.find(flat);
        const bool custom = call.custom || (tool != nullptr && tool->kind == ToolKind::custom);
        if (custom) { customs_.insert(call.id); }
        json_.begin_object().member("type", custom ? "custom_tool_call" : "function_call").member("call_id", id);
        write_id(call.item_id);
        if (writing_.own) {
            json_.member("name", call.name).member_if("namespace", call.name_space);
        } else {
            json_.member("name", flat);
        }
        if (custom) {
            json_.member("input", call.arguments);
        } else {
            json_.member("arguments", call.arguments.empty() ? "{}" : call.arguments);
        }
        json_.end_object();
    }

    void write_result(const part::ToolResult& result) {
        const std::string id = allowed_call_id(result.call_id);
        const auto* text = only_text(result.content);
        if (searches_.contains(result.call_id) && text != nullptr && is_tool_list(text->text)) {
            json_.begin_object().member("type", "tool_search_output").member("call_id", id);
            write_id(result.item_id);
            json_.member("execution", "client").member("status", "completed").raw_member("tools", text->text);
            json_.end_object();
            return;
        }
        const bool custom = result.custom || customs_.contains(result.call_id);
        json_.begin_object().member("type", custom ? "custom_tool_call_output" : "function_call_output");
        json_.member("call_id", id);
        write_id(result.item_id);
        if (result.cache && !writing_.own) {
            writing_.drops.note("cache_control", "openai-responses caches prompts by itself");
        }
        json_.key("output");
        write_output(result);
        json_.end_object();
    }

    void write_output(const part::ToolResult& result) {
        const auto* text = only_text(result.content);
        std::string said = text != nullptr ? text->text : result.object;
        // There is no other place for it.
        const bool marked = lower(said.substr(0, 5)) == "error";
        const std::string_view prefix = result.is_error && !marked ? "Error: " : "";
        if (text != nullptr || result.content.empty()) {
            json_.string(std::string(prefix) + said);
            return;
        }
        json_.begin_array();
        if (!prefix.empty()) {
            json_.begin_object().member("type", "input_text").member("text", "Error:").end_object();
        }
        for (const auto& part : result.content) {
            write_part(part, Side::input, writing_, json_);
        }
        json_.end_array();
    }

    // `followed`: something was said after it. Reasoning that stands alone is refused.
    void write_reasoning(const part::Reasoning& reasoning, bool followed) {
        const Sealed& sealed = reasoning.sealed;
        const bool ours = sealed.origin == DialectId::openai_responses && !sealed.empty();
        if (!ours || (!followed && !writing_.own)) { return; }
        const bool made = std::string_view(sealed.item_id).starts_with(reasoning_prefix);
        // Nothing to know it by: only its text could say it, and a summary is not the text.
        if (sealed.data.empty() && (writing_.own ? made : reasoning.text.empty())) { return; }
        json_.begin_object().member("type", "reasoning");
        const bool id_holds = !sealed.data.empty() || writing_.own;
        if (id_holds && writing_.own) { write_id(sealed.item_id); }
        if (id_holds && !writing_.own) { json_.member_if("id", sealed.item_id); }
        // A client of another dialect gives summaries back as the text of its thinking.
        const bool as_summary = !writing_.own && !sealed.data.empty() && reasoning.summary.empty();
        json_.key("summary").begin_array();
        for (const auto& summary : reasoning.summary) {
            json_.begin_object().member("type", "summary_text").member("text", summary).end_object();
        }
        if (as_summary && !reasoning.text.empty()) {
            json_.begin_object().member("type", "summary_text").member("text", reasoning.text).end_object();
        }
        json_.end_array();
        if (!as_summary && !reasoning.text.empty()) {
            json_.key("content").begin_array().begin_object().member("type", "reasoning_text");
            json_.member("text", reasoning.text).end_object().end_array();
        }
        json_.member_if("encrypted_content", sealed.data).end_object();
    }

    const Writing& writing_;
    JsonWriter& json_;
    std::map<std::string, std::vector<std::pair<std::string, JsonText>>, std::less<>> extras_;  // by item id
    std::set<std::string, std::less<>> customs_;                                                // call ids
    std::set<std::string, std::less<>> searches_;                                               // call ids
};

}  // namespace

void write_input(const Writing& writing, JsonWriter& json) {
    InputWriter(writing, json).write();
}

}  // namespace llmgw::wire::responses
