#include "providers/dialects/cohere_chat/tools_encode.hpp"

#include <algorithm>
#include <string>

#include "providers/dialects/anthropic/field_names.hpp"
#include "providers/dialects/custom_input.hpp"

namespace llmgw::wire {

namespace {

constexpr std::string_view no_parameters = R"({"type":"object","properties":{}})";

}  // namespace

// A call of one tool, or of some, is asked for by giving no others.
CohereTools::CohereTools(const ChatRequest& request, const ToolNames& names, Drops& drops)
    : request_(request), names_(names), drops_(drops) {
    for (const Tool& tool : request.tools) {
        if (tool.kind == ToolKind::server) {
            drops_.note_server_tool("tools: " + (tool.server_type.empty() ? tool.name : tool.server_type),
                                    "cohere-chat has no such server tool");
        } else if (is_chosen(tool)) {
            tools_.push_back(&tool);
        }
    }
}

bool CohereTools::is_chosen(const Tool& tool) const {
    const auto& choice = request_.tool_choice;
    const auto is_it = [&](const std::string& name) { return names_.means(name, tool); };
    if (choice.mode == ToolChoiceMode::named) { return is_it(choice.name); }
    if (choice.mode == ToolChoiceMode::none) { return true; }
    return choice.allowed.empty() || std::ranges::any_of(choice.allowed, is_it);
}

void CohereTools::write(JsonWriter& writer) {
    const auto& choice = request_.tool_choice;
    const std::string field(name_of(Field::tool_choice, request_.origin));
    const bool forced = choice.mode == ToolChoiceMode::named || choice.mode == ToolChoiceMode::required;
    if (tools_.empty()) {
        if (forced || !choice.allowed.empty()) { drops_.note(field, "no tool is sent that it could mean"); }
        return;
    }
    writer.key("tools").begin_array();
    for (const Tool* given : tools_) {
        const Tool tool = given->kind == ToolKind::custom ? bridged_tool(*given) : *given;
        const bool object = tool.parameters.starts_with('{') && tool.parameters != "{}";
        write_tool(writer, tool, object ? std::string_view(tool.parameters) : no_parameters);
    }
    writer.end_array();
    write_strict(writer);
    if (forced) { writer.member("tool_choice", "REQUIRED"); }
    if (choice.mode == ToolChoiceMode::none) { writer.member("tool_choice", "NONE"); }
    if (choice.parallel.has_value() && !*choice.parallel) {
        drops_.note(field + " (one call at a time)", "cohere-chat has no such setting");
    }
}

void CohereTools::write_tool(JsonWriter& writer, const Tool& tool, std::string_view parameters) const {
    writer.begin_object().member("type", "function").key("function").begin_object();
    writer.member("name", names_.flat(tool.name_space, tool.name)).member_if("description", tool.description);
    writer.raw_member("parameters", parameters).end_object().end_object();
}

void CohereTools::write_strict(JsonWriter& writer) {
    const auto strict = [](const Tool* tool) { return tool->strict.value_or(false); };
    if (std::ranges::none_of(tools_, strict)) { return; }
    if (std::ranges::all_of(tools_, strict)) {
        writer.member("strict_tools", true);
        return;
    }
    drops_.note("tools: strict", "cohere-chat holds the model to all of the tools' schemas or to none");
}

}  // namespace llmgw::wire
