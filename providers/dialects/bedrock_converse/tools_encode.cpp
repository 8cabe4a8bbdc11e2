#include "providers/dialects/bedrock_converse/tools_encode.hpp"

#include <algorithm>
#include <set>

#include "providers/dialects/anthropic/field_names.hpp"
#include "providers/dialects/anthropic/schema_rules.hpp"
#include "providers/dialects/bedrock_converse/blocks_encode.hpp"
#include "providers/dialects/custom_input.hpp"

namespace llmgw::wire {
namespace {

constexpr std::string_view server_tool_reason = "bedrock-converse has no such server tool";

bool has_calls(const ChatRequest& request) {
    return std::ranges::any_of(request.messages, [](const Message& message) {
        return std::ranges::any_of(message.parts,
                                   [](const Part& part) { return std::holds_alternative<part::ToolCall>(part); });
    });
}

std::string schema_field(const ChatRequest& request, const Tool& tool, std::size_t index) {
    const std::string at = "tools[" + std::to_string(index) + "]";
    switch (request.origin) {
        case DialectId::anthropic: return at + ".input_schema (" + tool.name + ")";
        case DialectId::openai_chat: return at + ".function.parameters (" + tool.name + ")";
        case DialectId::gemini: return at + ".functionDeclarations.parameters (" + tool.name + ")";
        default: return at + ".parameters (" + tool.name + ")";
    }
}

Result<void> write_tool(JsonWriter& writer, const ChatRequest& request, const Tool& given, std::size_t index,
                        const ToolNames& names, const ConverseFacts& facts, Drops& drops) {
    const Tool tool = given.kind == ToolKind::custom ? bridged_tool(given) : given;
    const auto field = schema_field(request, tool, index);
    auto schema = input_schema(tool.parameters, field, drops);
    const bool wants_strict = tool.strict.value_or(false) && given.kind == ToolKind::function;
    const bool strict = wants_strict && facts.structured_output;
    if (wants_strict && !strict) {
        drops.note("tools: strict (" + tool.name + ")", "the target does not hold a model to this schema");
    }
    if (schema && strict) { schema = strict_schema(*schema, field, drops); }
    if (!schema) { return std::unexpected(schema.error()); }
    writer.begin_object().key("toolSpec").begin_object().member("name", names.flat(given.name_space, given.name));
    writer.member_if("description", tool.description);
    writer.key("inputSchema").begin_object().raw_member("json", *schema).end_object();
    if (strict) { writer.member("strict", true); }
    writer.end_object().end_object();
    return {};
}

void write_choice(JsonWriter& writer, const ChatRequest& request, const ConverseTools& tools, const ToolNames& names,
                  Drops& drops) {
    const auto& choice = request.tool_choice;
    if (choice.parallel.has_value() && !*choice.parallel) {
        drops.note(std::string(name_of(Field::tool_choice, request.origin)) + " (one call at a time)",
                   "bedrock-converse has no such setting");
    }
    if (tools.plan.tools.empty() || tools.calls == CallsAllowed::not_now) { return; }
    auto mode = choice.mode;
    auto name = choice.name;
    if (mode == ToolChoiceMode::required && choice.allowed.size() == 1) {
        mode = ToolChoiceMode::named;
        name = choice.allowed.front();
    }
    if (mode == ToolChoiceMode::unset || mode == ToolChoiceMode::none) { return; }
    writer.key("toolChoice").begin_object();
    if (mode == ToolChoiceMode::named) {
        const auto called = [&](const PlannedTool& planned) { return planned.tool->name == name; };
        const auto found = std::ranges::find_if(tools.plan.tools, called);
        if (found != tools.plan.tools.end()) { name = names.flat(found->tool->name_space, name); }
        writer.key("tool").begin_object().member("name", name).end_object();
    } else {
        writer.key(mode == ToolChoiceMode::required ? "any" : "auto").begin_object().end_object();
    }
    writer.end_object();
}

}  // namespace

ConverseTools plan_converse_tools(const ChatRequest& request, Drops& drops) {
    ConverseTools tools;
    const auto& allowed = request.tool_choice.allowed;
    const bool none = request.tool_choice.mode == ToolChoiceMode::none;
    const bool calls = has_calls(request);
    if (none && calls) { tools.calls = CallsAllowed::not_now; }
    for (const Tool& tool : request.tools) {
        if (tool.kind == ToolKind::server) {
            drops.note_server_tool("tools: " + (tool.server_type.empty() ? tool.name : tool.server_type),
                                   std::string(server_tool_reason));
            continue;
        }
        if (none && !calls) { continue; }
        if (!allowed.empty() && std::ranges::find(allowed, tool.name) == allowed.end()) { continue; }
        tools.plan.tools.push_back({&tool, tool.cache});
    }
    if (!tools.plan.tools.empty() || !calls) { return tools; }
    // Without any tools a history with calls is refused.
    std::set<std::string> names;
    for (const Message& message : request.messages) {
        for (const Part& part : message.parts) {
            const auto* call = std::get_if<part::ToolCall>(&part);
            if (call == nullptr) { continue; }
            auto name = flat_tool_name(call->name_space, call->name);
            if (names.insert(name).second) { tools.plan.remembered.push_back(std::move(name)); }
        }
    }
    tools.calls = CallsAllowed::not_now;
    return tools;
}

Result<void> write_tool_config(JsonWriter& writer, const ChatRequest& request, const ConverseTools& tools,
                               const ToolNames& names, const ConverseFacts& facts, Drops& drops) {
    if (tools.plan.empty()) {
        if (forces_call(request)) {
            drops.note(std::string(name_of(Field::tool_choice, request.origin)), "no tools are sent");
        }
        return {};
    }
    writer.key("toolConfig").begin_object().key("tools").begin_array();
    for (std::size_t i = 0; i < tools.plan.tools.size(); ++i) {
        const auto& planned = tools.plan.tools[i];
        if (auto done = write_tool(writer, request, *planned.tool, i, names, facts, drops); !done) { return done; }
        if (planned.cache && facts.cached_tools) { write_cache_point(writer, *planned.cache); }
    }
    for (const auto& name : tools.plan.remembered) {
        writer.begin_object().key("toolSpec").begin_object().member("name", name);
        writer.member("description", "Not available any more.").key("inputSchema").begin_object();
        writer.raw_member("json", R"({"type":"object","properties":{}})").end_object().end_object().end_object();
    }
    writer.end_array();
    write_choice(writer, request, tools, names, drops);
    writer.end_object();
    return {};
}

}  // namespace llmgw::wire
