#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "providers/dialects/custom_input.hpp"
#include "providers/dialects/gemini/json.hpp"
#include "providers/dialects/gemini/request_writing.hpp"
#include "providers/dialects/gemini/schema.hpp"

namespace llmgw::wire::gemini {

namespace {

// What the client calls a tool's schema, for messages.
std::string schema_field(DialectId origin, std::size_t index) {
    switch (origin) {
        case DialectId::anthropic: return fmt::format("tools[{}].input_schema", index);
        case DialectId::openai_chat: return fmt::format("tools[{}].function.parameters", index);
        case DialectId::openai_responses:
        case DialectId::gemini: return fmt::format("tools[{}].parameters", index);
        case DialectId::ollama_chat:
        case DialectId::bedrock_converse:
        case DialectId::cohere_chat: break;
    }
    return "tools";
}

// The client's declaration as it was, where this target takes its kind of schema.
bool can_stay(const RequestWriting& writing, const Tool& tool) {
    if (tool.origin != DialectId::gemini || tool.raw.empty()) { return false; }
    bool json_schema = false;
    each_camel(tool.raw, [&](std::string_view key, const json_scan::Value&) {
        json_schema = json_schema || key == "parametersJsonSchema";
        return true;
    });
    return !json_schema || takes_json_schema(writing.target);
}

Result<> write_function(RequestWriting& writing, const Tool& said, std::size_t index, JsonWriter& json) {
    if (can_stay(writing, said)) {
        json.raw(said.raw);
        return {};
    }
    const bool custom = said.kind == ToolKind::custom;
    const Tool tool = custom ? bridged_tool(said) : said;
    if (custom && !said.format.empty()) {
        writing.drops.note(fmt::format("tools[{}].format", index), "gemini has no freeform tools: told in words");
    }
    if (tool.defer_loading) {
        writing.drops.note(fmt::format("tools[{}].defer_loading", index), "gemini loads every tool at once");
    }
    json.begin_object().member("name", writing.tool_name(said.name_space, said.name));
    json.member("description", tool.description);
    const JsonText& schema = tool.parameters;
    if (!schema.empty() && takes_json_schema(writing.target)) {
        json.raw_member("parametersJsonSchema", schema);
    } else if (!schema.empty()) {
        const std::string field = schema_field(writing.request.origin, index);
        auto converted = to_openapi(schema, SchemaUse::tool_parameters);
        if (!converted) {
            return fail(ErrorKind::bad_request,
                        fmt::format("the schema of tool \"{}\" cannot be said to this provider: {}.{}", tool.name,
                                    field, converted.error().message));
        }
        json.raw_member_if("parameters", converted->json);
        for (const auto& path : converted->losses) {
            writing.drops.note(field + "." + path, "not in gemini's schemas: told in the description");
        }
    }
    json.end_object();
    return {};
}

bool searches_the_web(const Tool& tool) {
    return tool.server_type.starts_with("web_search");
}

// Server tools: Gemini's own as they were; a web search of another kind where nothing forbids it.
void write_server_tools(RequestWriting& writing, bool has_functions, JsonWriter& json) {
    bool search = false;
    for (std::size_t i = 0; i < writing.request.tools.size(); ++i) {
        const Tool& tool = writing.request.tools[i];
        if (tool.kind != ToolKind::server) { continue; }
        const std::string field = fmt::format("tools[{}] ({})", i, tool.server_type);
        if (tool.origin == DialectId::gemini) {
            json.raw(tool.raw);
        } else if (!searches_the_web(tool)) {
            writing.drops.note_server_tool(field, "gemini has no such server tool");
        } else if (has_functions) {
            writing.drops.note_server_tool(field, "gemini does not combine its web search with functions");
        } else if (!search) {
            search = true;
            json.raw(R"({"googleSearch":{}})");
        }
    }
}

std::string_view mode_of(const ToolChoice& choice) {
    switch (choice.mode) {
        case ToolChoiceMode::unset: return choice.allowed.empty() ? "" : "VALIDATED";
        case ToolChoiceMode::automatic: return choice.allowed.empty() ? "AUTO" : "VALIDATED";
        case ToolChoiceMode::none: return "NONE";
        case ToolChoiceMode::required:
        case ToolChoiceMode::named: return "ANY";
    }
    return "";
}

void write_tool_config(RequestWriting& writing, bool has_functions, JsonWriter& json) {
    const auto& choice = writing.request.tool_choice;
    if (choice.parallel == false) {
        const bool anthropic = writing.request.origin == DialectId::anthropic;
        writing.drops.note(anthropic ? "tool_choice.disable_parallel_tool_use" : "parallel_tool_calls",
                           "gemini cannot be kept from parallel calls");
    }
    constexpr std::string_view calling = "toolConfig.functionCallingConfig.";
    const bool own = writing.same_dialect();
    const bool said_apart = own && writing.has_extras(calling);
    std::string_view mode = mode_of(choice);
    if (!has_functions && !own) { mode = ""; }
    const bool calls = !mode.empty() || !choice.allowed.empty() || said_apart;
    if (!calls && !(own && writing.has_extras("toolConfig."))) { return; }
    json.key("toolConfig").begin_object();
    if (calls) {
        json.key("functionCallingConfig").begin_object();
        const bool mode_apart = own && std::ranges::any_of(writing.request.extras, [&](const auto& extra) {
                                    return extra.first == "toolConfig.functionCallingConfig.mode";
                                });
        if (!mode_apart) { json.member_if("mode", mode); }
        std::vector<std::string> allowed = choice.allowed;
        if (choice.mode == ToolChoiceMode::named) { allowed = {choice.name}; }
        if (!allowed.empty()) {
            json.key("allowedFunctionNames").begin_array();
            for (const auto& name : allowed) {
                json.string(writing.choice_name(name));
            }
            json.end_array();
        }
        if (own) { writing.write_extras(calling, json); }
        json.end_object();
    }
    if (own) { writing.write_extras("toolConfig.", json); }
    json.end_object();
}

}  // namespace

// tool_choice names a tool without its namespace, or with it when that is how the tool is called flat.
std::string RequestWriting::choice_name(std::string_view name) const {
    if (same_dialect()) { return std::string(name); }
    for (const auto& tool : request.tools) {
        if (tool.kind != ToolKind::server && tool.name == name) { return names.flat(tool.name_space, name); }
    }
    return names.flat("", name);
}

Result<> write_tools(RequestWriting& writing, JsonWriter& json) {
    const auto& tools = writing.request.tools;
    const bool has_functions =
        std::ranges::any_of(tools, [](const Tool& tool) { return tool.kind != ToolKind::server; });
    JsonWriter list;
    list.begin_array();
    if (has_functions) {
        list.begin_object().key("functionDeclarations").begin_array();
        bool strict = false;
        for (std::size_t i = 0; i < tools.size(); ++i) {
            if (tools[i].kind == ToolKind::server) { continue; }
            strict = strict || tools[i].strict == true;
            if (auto written = write_function(writing, tools[i], i, list); !written) {
                return std::unexpected(written.error());
            }
        }
        if (strict) { writing.drops.note("strict", "gemini does not hold arguments to a schema strictly"); }
        list.end_array().end_object();
    }
    write_server_tools(writing, has_functions, list);
    list.end_array();
    if (list.text() != "[]") { json.raw_member("tools", list.text()); }
    write_tool_config(writing, has_functions, json);
    return {};
}

}  // namespace llmgw::wire::gemini
