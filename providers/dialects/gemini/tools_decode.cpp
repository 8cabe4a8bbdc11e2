#include <fmt/format.h>

#include "providers/dialects/gemini/json.hpp"
#include "providers/dialects/gemini/request_reading.hpp"
#include "providers/dialects/gemini/schema.hpp"

namespace llmgw::wire::gemini {

using json_scan::Type;
using json_scan::Value;

namespace {

bool read_declaration(const Value& value, const std::string& path, RequestReading& reading) {
    if (!value.is_object()) { return reading.refuse(path, "an object"); }
    Tool tool;
    tool.origin = DialectId::gemini;
    tool.raw = value.text;
    const bool whole = each_camel(value.text, [&](std::string_view key, const Value& field) {
        const std::string inside = path + "." + std::string(key);
        if (field.type == Type::null) { return true; }
        if (key == "name") { return reading.take(field, inside, tool.name); }
        if (key == "description") { return reading.take(field, inside, tool.description); }
        if (key == "parameters" || key == "parametersJsonSchema") {
            if (!field.is_object()) { return reading.refuse(inside, "an object"); }
            tool.parameters = from_openapi(field.text);
            return true;
        }
        // What the function returns, whether it blocks: said nowhere else.
        reading.extra(inside, field);
        return true;
    });
    if (!reading.fault.empty()) { return false; }
    if (!whole) { return reading.refuse(path, "valid JSON"); }
    if (tool.name.empty()) { return reading.refuse(path + ".name", "the name of a function"); }
    reading.request.tools.push_back(std::move(tool));
    return true;
}

bool read_tool(const Value& value, const std::string& path, RequestReading& reading) {
    if (!value.is_object()) { return reading.refuse(path, "an object"); }
    const bool whole = each_camel(value.text, [&](std::string_view key, const Value& field) {
        if (field.type == Type::null) { return true; }
        if (key == "functionDeclarations") {
            std::size_t index = 0;
            const bool good = each_of(field, [&](const Value& declaration) {
                const std::string inside = fmt::format("{}.functionDeclarations[{}]", path, index++);
                return read_declaration(declaration, inside, reading);
            });
            return good || reading.refuse(path + ".functionDeclarations", "an array");
        }
        Tool tool;
        tool.kind = ToolKind::server;
        tool.origin = DialectId::gemini;
        tool.server_type = key;
        tool.raw = fmt::format("{{{}:{}}}", json_scan::quote(key), field.text);
        reading.request.tools.push_back(std::move(tool));
        return true;
    });
    if (!reading.fault.empty()) { return false; }
    return whole || reading.refuse(path, "valid JSON");
}

}  // namespace

bool read_tools(const Value& tools, RequestReading& reading) {
    std::size_t index = 0;
    const bool whole =
        each_of(tools, [&](const Value& tool) { return read_tool(tool, fmt::format("tools[{}]", index++), reading); });
    if (!reading.fault.empty()) { return false; }
    return whole || reading.refuse("tools", "an array of tools");
}

}  // namespace llmgw::wire::gemini
