// `tools` and `tool_choice`. Namespaces are opened: their tools stand one by one, each with the namespace's name.
#include <algorithm>
#include <array>
#include <utility>

#include "core/util/json_writer.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_responses/reading.hpp"
#include "providers/dialects/openai_responses/tool_search.hpp"
#include "providers/dialects/tool_names.hpp"

namespace llmgw::wire::responses {

using json_scan::Type;
using json_scan::Value;

namespace {

constexpr std::array<std::string_view, 8> known_members{"type",   "name",   "description",   "parameters",
                                                        "strict", "format", "defer_loading", "execution"};

class ToolReader {
public:
    ToolReader(const std::string& path, bool in_messages, Reading& reading, ChatRequest& request)
        : path_(path), in_messages_(in_messages), reading_(reading), request_(request) {}

    bool read(const Value& value, const std::string& name_space) {
        if (!value.is_object()) { return reading_.wrong(path_, "an object"); }
        const auto type_value = json_scan::member(value.text, "type");
        const std::string type = type_value ? string_or_empty(*type_value) : std::string();
        if (type.empty()) { return reading_.wrong(path_ + ".type", "a string"); }
        if (type == "namespace") { return read_namespace(value); }
        Tool tool;
        tool.origin = DialectId::openai_responses;
        tool.name_space = name_space;
        tool.in_messages = in_messages_;
        tool.raw = std::string(value.text);
        if (type == "function" || type == "custom") {
            tool.kind = type == "custom" ? ToolKind::custom : ToolKind::function;
            return read_members(value, tool) && put_named(std::move(tool));
        }
        if (type == "tool_search" && is_client_run(value)) {
            tool.server_type = tool_search_name;
            if (!read_members(value, tool)) { return false; }
            tool.name = tool_search_name;
            request_.tools.push_back(std::move(tool));
            return true;
        }
        tool.kind = ToolKind::server;
        tool.server_type = type;
        tool.name = type;
        request_.tools.push_back(std::move(tool));
        return true;
    }

private:
    static bool is_client_run(const Value& tool) {
        const auto execution = json_scan::member(tool.text, "execution");
        return execution && execution->raw_string() == "client";
    }

    bool put_named(Tool tool) {
        if (tool.name.empty()) { return reading_.wrong(path_ + ".name", "a string"); }
        request_.tools.push_back(std::move(tool));
        return true;
    }

    bool read_members(const Value& value, Tool& tool) {
        json_scan::each_member(value.text,
                               [&](std::string_view key, const Value& member) { return take(key, member, tool); });
        if (!reading_.ok()) { return false; }
        keep_unknown(value, tool.name);
        return true;
    }

    bool take(std::string_view key, const Value& member, Tool& tool) {
        const std::string at = path_ + "." + std::string(key);
        if (member.type == Type::null) { return true; }
        if (key == "name") { return reading_.text(member, at, tool.name); }
        if (key == "description") { return reading_.text(member, at, tool.description); }
        if (key == "strict") { return reading_.flag(member, at, tool.strict); }
        if (key == "defer_loading") { tool.defer_loading = member.as_bool().value_or(false); }
        if (key == "format") { tool.format = std::string(member.text); }
        if (key == "parameters") {
            if (!member.is_object()) { return reading_.wrong(at, "an object"); }
            tool.parameters = std::string(member.text);
        }
        // The shape of openai-chat, which some clients send here.
        if (key == "function" || key == "custom") {
            tool.raw.clear();
            json_scan::each_member(member.text, [&](std::string_view inner, const Value& inner_value) {
                return take(inner, inner_value, tool);
            });
        }
        return reading_.ok();
    }

    // `raw` gives them back to this dialect; others are to name what they leave out.
    void keep_unknown(const Value& value, const std::string& name) {
        json_scan::each_member(value.text, [&](std::string_view key, const Value& member) {
            const bool nested = key == "function" || key == "custom";
            if (!nested && std::ranges::find(known_members, key) == known_members.end()) {
                keep_extra(request_, "tools[" + name + "]." + std::string(key), member);
            }
            return true;
        });
    }

    bool read_namespace(const Value& value) {
        std::string name;
        std::optional<Value> tools;
        json_scan::each_member(value.text, [&](std::string_view key, const Value& member) {
            if (key == "name") { return reading_.text(member, path_ + ".name", name); }
            if (key == "tools") { tools = member; }
            return true;
        });
        if (!reading_.ok()) { return false; }
        if (name.empty()) { return reading_.wrong(path_ + ".name", "a string"); }
        if (!tools || !tools->is_array()) { return reading_.wrong(path_ + ".tools", "an array"); }
        json_scan::each_member(value.text, [&](std::string_view key, const Value& member) {
            const bool known = key == "type" || key == "name" || key == "tools";
            if (!known && is_present(member)) {
                keep_extra(request_, "tools[" + name + "]." + std::string(key), member);
            }
            return true;
        });
        std::size_t index = 0;
        json_scan::each_element(tools->text, [&](const Value& tool) {
            const std::string at = path_ + ".tools[" + std::to_string(index++) + "]";
            return ToolReader(at, in_messages_, reading_, request_).read(tool, name);
        });
        // Kept, so that the dialect itself gets it back: some name a namespace whose tools are found later.
        if (index == 0) {
            Tool empty;
            empty.kind = ToolKind::server;
            empty.origin = DialectId::openai_responses;
            empty.name = name;
            empty.server_type = "namespace";
            empty.raw = std::string(value.text);
            empty.in_messages = in_messages_;
            request_.tools.push_back(std::move(empty));
        }
        return reading_.ok();
    }

    const std::string& path_;
    bool in_messages_;
    Reading& reading_;
    ChatRequest& request_;
};

// How a tool is meant by name in tool_choice: namespaced ones by their flat name.
std::string chosen_name(const Value& choice) {
    std::string name;
    std::string name_space;
    json_scan::each_member(choice.text, [&](std::string_view key, const Value& value) {
        if (key == "name") { name = string_or_empty(value); }
        if (key == "namespace") { name_space = string_or_empty(value); }
        return true;
    });
    return name_space.empty() ? name : flat_tool_name(name_space, name);
}

}  // namespace

bool read_tool(const Value& tool, const std::string& path, bool in_messages, Reading& reading, ChatRequest& request) {
    return ToolReader(path, in_messages, reading, request).read(tool, "");
}

bool read_tool_choice(const Value& choice, Reading& reading, ChatRequest& request) {
    ToolChoice& out = request.tool_choice;
    const auto mode_of = [&](std::string_view word) {
        if (word == "auto") { out.mode = ToolChoiceMode::automatic; }
        if (word == "none") { out.mode = ToolChoiceMode::none; }
        if (word == "required") { out.mode = ToolChoiceMode::required; }
        return out.mode != ToolChoiceMode::unset;
    };
    if (choice.type == Type::string) {
        return mode_of(choice.raw_string()) || reading.wrong("tool_choice", "auto, none, required or an object");
    }
    if (!choice.is_object()) { return reading.wrong("tool_choice", "a string or an object"); }
    const auto type = json_scan::member(choice.text, "type");
    const std::string_view word = type ? type->raw_string() : std::string_view();
    if (word == "function" || word == "custom") {
        out.mode = ToolChoiceMode::named;
        out.name = chosen_name(choice);
        return !out.name.empty() || reading.wrong("tool_choice.name", "a string");
    }
    if (word == "allowed_tools") {
        const auto mode = json_scan::member(choice.text, "mode");
        if (!mode || !mode_of(mode->raw_string())) { return reading.wrong("tool_choice.mode", "auto or required"); }
        const auto tools = json_scan::member(choice.text, "tools");
        if (!tools || !tools->is_array()) { return reading.wrong("tool_choice.tools", "an array"); }
        json_scan::each_element(tools->text, [&](const Value& tool) {
            std::string name = chosen_name(tool);
            // A hosted tool is named by its type.
            if (name.empty()) {
                if (const auto hosted = json_scan::member(tool.text, "type")) { name = string_or_empty(*hosted); }
            }
            if (!name.empty()) { out.allowed.push_back(std::move(name)); }
            return true;
        });
        return true;
    }
    // A hosted tool: this dialect's own.
    keep_extra(request, "tool_choice", choice);
    return true;
}

}  // namespace llmgw::wire::responses
