// `tools`, `tool_choice` and `parallel_tool_calls`, written.
#include <array>
#include <utility>

#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_responses/writing.hpp"

namespace llmgw::wire::responses {

using json_scan::Value;

namespace {

constexpr std::string_view no_parameters = R"({"type":"object","properties":{}})";

bool is_web_search(const Tool& tool) {
    return tool.server_type.starts_with("web_search") || tool.server_type.starts_with("googleSearch") ||
           tool.server_type == "google_search";
}

// What a search of another dialect says that this one can say too.
JsonText web_search_json(const Tool& tool, const Writing& writing) {
    std::string allowed;
    std::string location;
    std::string context_size;
    std::string_view said = tool.raw;
    if (tool.origin == DialectId::gemini) {  // {googleSearch: {}}
        const auto inner = json_scan::member(said, tool.server_type);
        said = inner ? inner->text : std::string_view("{}");
    }
    json_scan::each_member(said, [&](std::string_view key, const Value& value) {
        if (key == "allowed_domains" && value.is_array()) {
            allowed = std::string(value.text);
        } else if (key == "user_location" && value.is_object()) {
            location = std::string(value.text);
        } else if (key == "search_context_size") {
            context_size = string_or_empty(value);
        } else if (key != "type" && key != "name" && key != "cache_control") {
            writing.drops.note(tool.server_type + "." + std::string(key),
                               "openai-responses' search has no such member");
        }
        return true;
    });
    // openai-chat puts the place one deeper.
    if (const auto inner = json_scan::member(location, "approximate"); inner && inner->is_object()) {
        JsonWriter flat;
        flat.begin_object().member("type", "approximate");
        json_scan::each_member(inner->text, [&](std::string_view key, const Value& value) {
            flat.raw_member(key, value.text);
            return true;
        });
        location = flat.end_object().take();
    }
    JsonWriter json;
    json.begin_object().member("type", "web_search").member_if("search_context_size", context_size);
    if (!allowed.empty()) { json.key("filters").begin_object().raw_member("allowed_domains", allowed).end_object(); }
    json.raw_member_if("user_location", location);
    return json.end_object().take();
}

JsonText named_tool_json(const Tool& tool, const Writing& writing) {
    if (tool.defer_loading && !writing.own) {
        writing.drops.note("tools[" + tool.name + "].defer_loading", "the tool is shown to the model at once");
    }
    if (tool.cache && !writing.own) {
        writing.drops.note("cache_control", "openai-responses caches prompts by itself");
    }
    JsonWriter json;
    const bool custom = tool.kind == ToolKind::custom;
    json.begin_object().member("type", custom ? "custom" : "function");
    json.member("name", writing.own ? tool.name : writing.names.flat(tool.name_space, tool.name));
    json.member_if("description", tool.description);
    if (custom) {
        json.raw_member_if("format", tool.format);
    } else {
        json.raw_member("parameters", tool.parameters.empty() ? no_parameters : tool.parameters);
        // Not saying it would mean strict here.
        if (tool.strict || !writing.own) { json.member("strict", tool.strict.value_or(false)); }
    }
    return json.end_object().take();
}

// The member of a namespace as it was written, "" when there is none.
JsonText namespace_member(const ChatRequest& request, std::string_view name_space, std::string_view member) {
    const std::string path = "tools[" + std::string(name_space) + "]." + std::string(member);
    for (const auto& [key, value] : request.extras) {
        if (key == path) { return value; }
    }
    return {};
}

void write_named(std::string_view flat_name, const Writing& writing, JsonWriter& json) {
    const Tool* tool = writing.names.find(flat_name);
    const bool custom = tool != nullptr && tool->kind == ToolKind::custom;
    json.begin_object().member("type", custom ? "custom" : "function");
    if (tool != nullptr && writing.own) {
        json.member("name", tool->name).member_if("namespace", tool->name_space);
    } else {
        json.member("name", writing.names.flat("", flat_name));
    }
    json.end_object();
}

// An allowed tool is named, or a hosted one of this type.
void write_allowed(const std::string& name, const Writing& writing, JsonWriter& json) {
    for (const auto& tool : writing.request.tools) {
        if (tool.kind == ToolKind::server && tool.server_type == name && writing.own) {
            json.begin_object().member("type", name).end_object();
            return;
        }
    }
    write_named(name, writing, json);
}

}  // namespace

JsonText tool_json(const Tool& tool, const Writing& writing) {
    if (tool.origin == DialectId::openai_responses && !tool.raw.empty()) { return tool.raw; }
    if (tool.kind != ToolKind::server) { return named_tool_json(tool, writing); }
    if (is_web_search(tool)) { return web_search_json(tool, writing); }
    writing.drops.note_server_tool("tools[" + tool.server_type + "]", "it runs at another provider");
    return {};
}

JsonText tools_json(const Writing& writing) {
    JsonWriter list;
    list.begin_array();
    std::string open;  // the namespace that is being written
    const auto close = [&] {
        if (!open.empty()) { list.end_array().end_object(); }
        open.clear();
    };
    for (const auto& tool : writing.request.tools) {
        if (tool.in_messages && writing.own) { continue; }
        const JsonText text = tool_json(tool, writing);
        if (text.empty()) { continue; }
        if (tool.name_space != open || !writing.own) { close(); }
        if (!tool.name_space.empty() && writing.own && open.empty()) {
            open = tool.name_space;
            list.begin_object().member("type", "namespace").member("name", open);
            list.raw_member_if("description", namespace_member(writing.request, open, "description"));
            list.key("tools").begin_array();
        }
        list.raw(text);
    }
    close();
    return list.end_array().take();
}

JsonText tool_choice_json(const Writing& writing) {
    const ToolChoice& choice = writing.request.tool_choice;
    JsonWriter json;
    if (choice.mode == ToolChoiceMode::named) {
        write_named(choice.name, writing, json);
        return json.take();
    }
    std::string_view mode;
    if (choice.mode == ToolChoiceMode::automatic) { mode = "auto"; }
    if (choice.mode == ToolChoiceMode::required) { mode = "required"; }
    if (choice.mode == ToolChoiceMode::none) { mode = "none"; }
    if (mode.empty()) { return {}; }
    if (choice.allowed.empty()) { return json.string(mode).take(); }
    json.begin_object().member("type", "allowed_tools").member("mode", mode).key("tools").begin_array();
    for (const auto& name : choice.allowed) {
        write_allowed(name, writing, json);
    }
    return json.end_array().end_object().take();
}

void write_tools(const Writing& writing, JsonWriter& json) {
    const JsonText tools = tools_json(writing);
    const bool any = tools != "[]";
    if (any) { json.raw_member("tools", tools); }
    // Without tools these are refused by some hosts; what came from the client itself it may say.
    if (!any && !writing.own) { return; }
    json.raw_member_if("tool_choice", tool_choice_json(writing));
    if (writing.request.tool_choice.parallel) {
        json.member("parallel_tool_calls", *writing.request.tool_choice.parallel);
    }
}

}  // namespace llmgw::wire::responses
