#include "providers/dialects/anthropic/tool_decode.hpp"

#include <array>
#include <utility>

#include "providers/dialects/anthropic/block_decode.hpp"
#include "providers/dialects/common.hpp"

namespace llmgw::wire {

using json_scan::Value;

namespace {

// Tools whose schema only the model's maker writes down, though the client runs them as it runs any other. Spelled out
// here, so that other models can be given them.
struct KnownTool {
    std::string_view type_prefix;
    std::string_view description;
    std::string_view parameters;
};

constexpr std::array<KnownTool, 3> known_tools{{
    {"bash_", "Runs a command in a persistent bash session and returns its output.",
     R"({"type":"object","properties":{"command":{"type":"string","description":"The command to run. Required unless the session is restarted."},"restart":{"type":"boolean","description":"true restarts the session."}}})"},
    {"text_editor_", "Views, creates and edits text files.",
     R"({"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert"]},"path":{"type":"string","description":"The file or directory."},"view_range":{"type":"array","items":{"type":"integer"},"description":"view: first and last line, from 1; -1 for the end."},"file_text":{"type":"string","description":"create: the whole content."},"old_str":{"type":"string","description":"str_replace: the text to replace; must occur exactly once."},"new_str":{"type":"string","description":"str_replace: the replacement. insert: the text to insert."},"insert_text":{"type":"string","description":"insert: the text to insert."},"insert_line":{"type":"integer","description":"insert: after this line; 0 for the beginning."}},"required":["command","path"]})"},
    {"memory_", "Reads and writes files below /memories, which outlast the conversation.",
     R"({"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"]},"path":{"type":"string"},"view_range":{"type":"array","items":{"type":"integer"}},"file_text":{"type":"string"},"old_str":{"type":"string"},"new_str":{"type":"string"},"insert_line":{"type":"integer"},"insert_text":{"type":"string"},"old_path":{"type":"string"},"new_path":{"type":"string"}},"required":["command"]})"},
}};

const KnownTool* known_tool(std::string_view type) {
    for (const auto& row : known_tools) {
        if (type.starts_with(row.type_prefix)) { return &row; }
    }
    return nullptr;
}

void decode_function_member(RequestReading& reading, Tool& tool, std::string_view key, const Value& value,
                            const At& at) {
    if (key == "description") {
        tool.description = reading.text(value, at).value_or("");
    } else if (key == "input_schema") {
        if (reading.is_object(value, at)) { tool.parameters = std::string(value.text); }
    } else if (key == "strict") {
        tool.strict = reading.boolean(value, at);
    } else if (key != "type") {
        reading.extra(value, at);
    }
}

void decode_tool(RequestReading& reading, std::string_view text, const At& at) {
    Tool tool;
    tool.raw = std::string(text);
    const auto written = json_scan::last_member(text, "type");
    const std::string type = written ? string_or_empty(*written) : "";
    const bool function = type.empty() || type == "custom";
    if (!function) {
        tool.server_type = type;
        tool.kind = ToolKind::server;
        if (const KnownTool* known = known_tool(type)) {
            tool.kind = ToolKind::function;
            tool.description = known->description;
            tool.parameters = known->parameters;
        }
    }
    each_member_at(reading, text, at, [&](std::string_view key, const Value& value, const At& here) {
        if (key == "name") {
            tool.name = reading.text(value, here).value_or("");
        } else if (key == "cache_control") {
            tool.cache = decode_cache_mark(reading, value, here);
        } else if (key == "defer_loading") {
            tool.defer_loading = reading.boolean(value, here).value_or(false);
        } else if (function) {
            decode_function_member(reading, tool, key, value, here);
        }
    });
    if (function && tool.name.empty()) { reading.wrong(at.member("name"), "the tool's name"); }
    reading.request().tools.push_back(std::move(tool));
}

}  // namespace

void decode_tools(RequestReading& reading, const Value& tools, const At& at) {
    reading.request().tools.clear();
    if (!reading.is_array(tools, at)) { return; }
    each_element_at(reading, tools.text, at, [&](const Value& tool, const At& here) {
        if (tool.type != json_scan::Type::object) { return reading.wrong(here, "an object"); }
        decode_tool(reading, tool.text, here);
    });
}

void decode_tool_choice(RequestReading& reading, const Value& choice, const At& at) {
    if (!reading.is_object(choice, at)) { return; }
    ToolChoice& out = reading.request().tool_choice;
    each_member_at(reading, choice.text, at, [&](std::string_view key, const Value& value, const At& here) {
        if (key == "type") {
            const std::string type = reading.text(value, here).value_or("");
            if (type == "auto") {
                out.mode = ToolChoiceMode::automatic;
            } else if (type == "any") {
                out.mode = ToolChoiceMode::required;
            } else if (type == "tool") {
                out.mode = ToolChoiceMode::named;
            } else if (type == "none") {
                out.mode = ToolChoiceMode::none;
            } else {
                reading.wrong(here, "auto, any, tool or none");
            }
        } else if (key == "name") {
            out.name = reading.text(value, here).value_or("");
        } else if (key == "disable_parallel_tool_use") {
            const auto disable = reading.boolean(value, here);
            if (disable) { out.parallel = !*disable; }
        } else {
            reading.extra(value, here);
        }
    });
}

}  // namespace llmgw::wire
