// Writes tools and the choice among them.
#include <algorithm>

#include <fmt/format.h>

#include "core/util/json_scan.hpp"
#include "providers/dialects/custom_input.hpp"
#include "providers/dialects/openai_chat/request_write.hpp"

namespace llmgw::wire::chat {

using json_scan::Value;

namespace {

constexpr std::string_view no_parameters = R"({"type":"object","properties":{}})";

// OpenAI refuses an object schema without properties, and one that does not say it is an object. Everything else stays
// as written.
JsonText completed_schema(const JsonText& schema) {
    if (schema.empty()) { return JsonText(no_parameters); }
    bool typed = false;
    bool has_properties = false;
    bool empty = true;
    json_scan::each_member(schema, [&](std::string_view key, const Value&) {
        empty = false;
        typed = typed || key == "type" || key == "$ref" || key == "anyOf" || key == "oneOf" || key == "allOf";
        has_properties = has_properties || key == "properties" || key == "$ref" || key == "anyOf" || key == "oneOf" ||
                         key == "allOf";
        return true;
    });
    std::string missing;
    if (!typed) { missing += R"("type":"object")"; }
    if (!has_properties) { missing += std::string(missing.empty() ? "" : ",") + R"("properties":{})"; }
    if (missing.empty()) { return schema; }
    const auto open = schema.find('{');
    return schema.substr(0, open + 1) + missing + (empty ? "" : ",") + schema.substr(open + 1);
}

// {type, syntax, definition} becomes {type, grammar: {syntax, definition}}.
JsonText nested_format(const JsonText& format) {
    const auto definition = json_scan::member(format, "definition");
    const auto syntax = json_scan::member(format, "syntax");
    if (!definition || !syntax) { return format; }
    JsonWriter writer;
    writer.begin_object().member("type", "grammar").key("grammar").begin_object();
    writer.raw_member("syntax", syntax->text).raw_member("definition", definition->text);
    return writer.end_object().end_object().take();
}

class ToolWriter {
public:
    ToolWriter(Writing& writing, JsonWriter& writer) : writing_(writing), writer_(writer) {}

    void write() {
        const ChatRequest& request = writing_.request;
        std::vector<const Tool*> tools;
        const Tool* search = nullptr;
        for (std::size_t i = 0; i < request.tools.size(); ++i) {
            const Tool& tool = request.tools[i];
            if (tool.kind == ToolKind::server && !goes_as_it_is(tool)) {
                if (is_search(tool)) {
                    search = &tool;
                } else {
                    writing_.drops.note_server_tool(fmt::format("tools[{}] ({})", i, tool.server_type),
                                                    "a tool that runs at its own provider only");
                }
            } else if (is_allowed(tool)) {
                tools.push_back(&tool);
                note_lost(i, tool);
            }
        }
        if (search != nullptr) { write_search(*search); }
        if (tools.empty()) { return; }
        writer_.key("tools").begin_array();
        for (const Tool* tool : tools) {
            write_tool(*tool);
        }
        writer_.end_array();
        write_choice();
    }

private:
    // OpenRouter's and other hosts' own, asked for by a client of this dialect.
    bool goes_as_it_is(const Tool& tool) const {
        return tool.origin == DialectId::openai_chat && writing_.own() && tool.server_type != "web_search_options";
    }

    static bool is_search(const Tool& tool) {
        return tool.server_type.starts_with("web_search") || tool.server_type == "googleSearch" ||
               tool.server_type == "google_search";
    }

    // Few hosts know a choice among some of the tools: the others are left out instead.
    bool is_allowed(const Tool& tool) const {
        const auto& allowed = writing_.request.tool_choice.allowed;
        if (writing_.own() || allowed.empty()) { return true; }
        const std::string flat = writing_.names.flat(tool.name_space, tool.name);
        return std::ranges::any_of(allowed, [&](const std::string& name) { return name == tool.name || name == flat; });
    }

    void note(std::size_t index, std::string_view what, std::string reason) {
        writing_.drops.note(fmt::format("tools[{}] ({})", index, what), std::move(reason));
    }

    void note_lost(std::size_t index, const Tool& tool) {
        if (writing_.own()) { return; }
        if (tool.kind == ToolKind::custom && !tool.format.empty()) {
            note(index, "format", "the grammar is described to the model, not enforced");
        }
        if (tool.defer_loading) { note(index, "defer_loading", "the tool is there from the beginning"); }
        if (tool.strict.value_or(false) && !writing_.target.strict_schema) {
            note(index, "strict", "this provider does not enforce schemas");
        }
    }

    // Only OpenAI's search models take it; others refuse the request.
    void write_search(const Tool& tool) {
        const bool takes_it = writing_.target.model.find("search") != std::string::npos;
        // Perplexity's search whatever they are asked.
        if (!writing_.own() && writing_.target.model.find("sonar") != std::string::npos) { return; }
        if (!writing_.own() && !takes_it) {
            writing_.drops.note_server_tool(tool.server_type,
                                            "openai-chat models search only where their name says so");
            return;
        }
        if (writing_.own()) {
            writer_.raw_member("web_search_options", tool.raw);
            return;
        }
        writer_.key("web_search_options").begin_object();
        if (const auto size = json_scan::member(tool.raw, "search_context_size")) {
            writer_.raw_member("search_context_size", size->text);
        }
        writer_.end_object();
    }

    void write_tool(const Tool& tool) {
        if (tool.kind == ToolKind::custom && !writing_.own()) { return write_tool(bridged_tool(tool)); }
        if (writing_.own() && !tool.raw.empty()) {
            writer_.raw(tool.raw);
            return;
        }
        const bool custom = tool.kind == ToolKind::custom && writing_.own();
        const std::string_view type = custom ? "custom" : "function";
        writer_.begin_object().member("type", type).key(type).begin_object();
        writer_.member("name", writing_.names.flat(tool.name_space, tool.name));
        writer_.member_if("description", tool.description);
        if (custom) {
            writer_.raw_member_if("format", nested_format(tool.format));
        } else {
            writer_.raw_member_if("parameters", writing_.own() ? tool.parameters : completed_schema(tool.parameters));
            if (tool.strict && writing_.target.strict_schema) { writer_.member("strict", *tool.strict); }
        }
        writer_.end_object();
        write_cache_mark(writing_, tool.cache, writer_);
        writer_.end_object();
    }

    void write_choice() {
        const ToolChoice& choice = writing_.request.tool_choice;
        switch (choice.mode) {
            case ToolChoiceMode::unset: break;
            case ToolChoiceMode::automatic: write_mode("auto"); break;
            case ToolChoiceMode::none: writer_.member("tool_choice", "none"); break;
            case ToolChoiceMode::required: write_mode("required"); break;
            case ToolChoiceMode::named: write_named(choice.name); break;
        }
        if (choice.parallel) { writer_.member("parallel_tool_calls", *choice.parallel); }
    }

    void write_mode(std::string_view mode) {
        const auto& allowed = writing_.request.tool_choice.allowed;
        if (allowed.empty() || !writing_.own()) {
            writer_.member("tool_choice", mode);
            return;
        }
        writer_.key("tool_choice").begin_object().member("type", "allowed_tools").key("allowed_tools").begin_object();
        writer_.member("mode", mode).key("tools").begin_array();
        for (const auto& name : allowed) {
            write_reference(name);
        }
        writer_.end_array().end_object().end_object();
    }

    void write_named(const std::string& name) {
        writer_.key("tool_choice");
        write_reference(name);
    }

    // {type: function, function: {name}}. A name without its namespace is that of the first tool called so.
    void write_reference(const std::string& name) {
        const auto& tools = writing_.request.tools;
        const auto tool = std::ranges::find_if(tools, [&](const Tool& one) {
            return one.name == name || writing_.names.flat(one.name_space, one.name) == name;
        });
        const bool custom = writing_.own() && tool != tools.end() && tool->kind == ToolKind::custom;
        const std::string flat =
            tool != tools.end() ? writing_.names.flat(tool->name_space, tool->name) : writing_.names.flat({}, name);
        const std::string_view type = custom ? "custom" : "function";
        writer_.begin_object().member("type", type).key(type).begin_object().member("name", flat);
        writer_.end_object().end_object();
    }

    Writing& writing_;
    JsonWriter& writer_;
};

}  // namespace

void write_tools(Writing& writing, JsonWriter& writer) {
    ToolWriter(writing, writer).write();
}

}  // namespace llmgw::wire::chat
