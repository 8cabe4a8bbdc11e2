// Reads tool definitions and the choice among them. Besides the dialect's own form, the flat ones of Responses and
// Anthropic are taken: clients that made one body for several APIs send them here.
#include "core/util/json_writer.hpp"
#include "providers/dialects/common.hpp"
#include "providers/dialects/openai_chat/request_read.hpp"

namespace llmgw::wire::chat {

using json_scan::Value;

namespace {

// {name, description, parameters, strict}, inside `function` or flat.
void read_function(const Value& function, const std::string& path, bool flat, Reading& reading, Tool& tool) {
    json_scan::each_member(function.text, [&](std::string_view key, const Value& value) {
        const std::string here = path_to(path, key);
        if (key == "name") {
            tool.name = read_string(value, here, reading.fault);
        } else if (key == "description") {
            tool.description = read_string(value, here, reading.fault);
        } else if (key == "parameters" || (flat && key == "input_schema")) {
            tool.parameters = read_object(value, here, reading.fault);
        } else if (key == "strict") {
            tool.strict = read_bool(value, here, reading.fault);
        } else if (flat && key == "defer_loading") {
            tool.defer_loading = read_bool(value, here, reading.fault).value_or(false);
        } else if (flat && key == "cache_control" && value.is_object()) {
            tool.cache = read_cache_mark(value);
        } else if (!flat || key != "type") {
            reading.extra(here, value);
        }
        return true;
    });
    if (tool.name.empty()) { reading.fault.expected(path_to(path, "name"), "a name"); }
}

// {type: grammar, grammar: {syntax, definition}} becomes {type, syntax, definition}, as Responses has it.
JsonText flat_format(const Value& format) {
    const auto grammar = json_scan::member(format.text, "grammar");
    if (!grammar || !grammar->is_object()) { return JsonText(format.text); }
    JsonWriter writer;
    writer.begin_object().member("type", "grammar");
    json_scan::each_member(grammar->text, [&](std::string_view key, const Value& value) {
        writer.raw_member(key, value.text);
        return true;
    });
    writer.end_object();
    return writer.take();
}

void read_custom(const Value& custom, const std::string& path, Reading& reading, Tool& tool) {
    tool.kind = ToolKind::custom;
    json_scan::each_member(custom.text, [&](std::string_view key, const Value& value) {
        const std::string here = path_to(path, key);
        if (key == "name") {
            tool.name = read_string(value, here, reading.fault);
        } else if (key == "description") {
            tool.description = read_string(value, here, reading.fault);
        } else if (key == "format" && value.is_object()) {
            tool.format = flat_format(value);
        } else if (key != "type") {
            reading.extra(here, value);
        }
        return true;
    });
    if (tool.name.empty()) { reading.fault.expected(path_to(path, "name"), "a name"); }
}

Tool read_tool(const Value& value, const std::string& path, Reading& reading) {
    Tool tool;
    tool.origin = DialectId::openai_chat;
    std::optional<Value> function;
    std::optional<Value> custom;
    std::string type;
    bool has_name = false;
    json_scan::each_member(value.text, [&](std::string_view key, const Value& said) {
        if (key == "type") { type = string_or_empty(said); }
        if (key == "function" && said.is_object()) { function = said; }
        if (key == "custom" && said.is_object()) { custom = said; }
        if (key == "name") { has_name = true; }
        if (key == "cache_control" && said.is_object()) { tool.cache = read_cache_mark(said); }
        return true;
    });
    if (function && type != "custom") {
        read_function(*function, path_to(path, "function"), false, reading, tool);
    } else if (custom) {
        read_custom(*custom, path_to(path, "custom"), reading, tool);
    } else if (has_name && type == "custom" && !json_scan::member(value.text, "input_schema")) {
        read_custom(value, path, reading, tool);
        return tool;
    } else if (has_name && (type.empty() || type == "function" || type == "custom")) {
        read_function(value, path, true, reading, tool);
        return tool;
    } else if (!type.empty() && type != "function") {
        tool.kind = ToolKind::server;
        tool.server_type = type;
        if (const auto name = json_scan::member(value.text, "name")) { tool.name = string_or_empty(*name); }
    } else {
        reading.fault.expected(path_to(path, "function"), "an object");
    }
    tool.raw = value.text;
    return tool;
}

// {function: {name}}, {custom: {name}}, {name}
std::string chosen_name(const Value& value) {
    for (const std::string_view key : {"function", "custom"}) {
        if (const auto name = json_scan::at(value.text, {key, "name"})) { return string_or_empty(*name); }
    }
    const auto name = json_scan::member(value.text, "name");
    return name ? string_or_empty(*name) : std::string();
}

ToolChoiceMode mode_of(std::string_view word) {
    if (word == "none") { return ToolChoiceMode::none; }
    if (word == "required" || word == "any") { return ToolChoiceMode::required; }
    return ToolChoiceMode::automatic;
}

void read_allowed(const Value& value, ToolChoice& out) {
    const auto inner = json_scan::member(value.text, "allowed_tools");
    const Value& allowed = inner && inner->is_object() ? *inner : value;
    out.mode = ToolChoiceMode::automatic;
    json_scan::each_member(allowed.text, [&](std::string_view key, const Value& said) {
        if (key == "mode") { out.mode = mode_of(string_or_empty(said)); }
        if (key == "tools" && said.is_array()) {
            json_scan::each_element(said.text, [&](const Value& tool) {
                if (std::string name = chosen_name(tool); !name.empty()) { out.allowed.push_back(std::move(name)); }
                return true;
            });
        }
        return true;
    });
}

}  // namespace

void read_tools(const Value& tools, Reading& reading, std::vector<Tool>& out) {
    if (!tools.is_array()) { return reading.fault.expected("tools", "a list"); }
    json_scan::each_element(tools.text, [&](const Value& value) {
        const std::string path = path_to("tools", out.size());
        if (value.is_object()) {
            out.push_back(read_tool(value, path, reading));
        } else {
            reading.fault.expected(path, "an object");
        }
        return !reading.fault.found();
    });
}

void read_functions(const Value& functions, Reading& reading, std::vector<Tool>& out) {
    if (!functions.is_array()) { return reading.fault.expected("functions", "a list"); }
    std::size_t index = 0;
    json_scan::each_element(functions.text, [&](const Value& value) {
        Tool tool;
        tool.origin = DialectId::openai_chat;
        tool.server_type = legacy_functions;
        read_function(value, path_to("functions", index++), false, reading, tool);
        out.push_back(std::move(tool));
        return !reading.fault.found();
    });
}

void read_tool_choice(const Value& value, std::string_view path, Reading& reading, ToolChoice& out) {
    if (const auto word = value.as_string()) {
        if (!word->empty()) { out.mode = mode_of(*word); }
        return;
    }
    if (!value.is_object()) { return reading.fault.expected(path, "a string or an object"); }
    const auto type = json_scan::member(value.text, "type");
    const std::string word = type ? string_or_empty(*type) : std::string();
    if (word == "allowed_tools") { return read_allowed(value, out); }
    if (const auto off = json_scan::member(value.text, "disable_parallel_tool_use")) {  // Anthropic
        if (off->as_bool().value_or(false)) { out.parallel = false; }
    }
    if (word == "auto" || word == "any" || word == "none" || word == "required") {
        out.mode = mode_of(word);
        return;
    }
    out.name = chosen_name(value);
    if (out.name.empty()) { return reading.fault.expected(path, "the name of a tool"); }
    out.mode = ToolChoiceMode::named;
}

}  // namespace llmgw::wire::chat
