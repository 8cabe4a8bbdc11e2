#include "providers/dialects/cohere_chat/tools_encode.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "providers/dialects/anthropic/field_names.hpp"
#include "providers/dialects/cohere_chat/schema_rules.hpp"
#include "providers/dialects/custom_input.hpp"

namespace llmgw::wire {

namespace {

constexpr std::string_view no_parameters = R"({"type":"object","properties":{}})";
// Of all tools together, where the model is held to them.
constexpr std::size_t fields_max = 200;

Tool function_of(const Tool& given) {
    Tool tool = given.kind == ToolKind::custom ? bridged_tool(given) : given;
    if (!tool.parameters.starts_with('{') || tool.parameters == "{}") { tool.parameters = no_parameters; }
    return tool;
}

}  // namespace

// A call of one tool, or of some, is asked for by giving no others.
CohereTools::CohereTools(const ChatRequest& request, const ToolNames& names, Drops& drops)
    : request_(request), names_(names), drops_(drops) {
    for (const Tool& tool : request.tools) {
        if (tool.kind == ToolKind::server) {
            drops_.note_server_tool("tools: " + (tool.server_type.empty() ? tool.name : tool.server_type),
                                    "cohere-chat has no such server tool");
        } else if (is_chosen(tool)) {
            tools_.push_back(function_of(tool));
        }
    }
    hold();
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
    for (const Tool& tool : tools_) {
        write_tool(writer, tool);
    }
    writer.end_array();
    if (strict_) { writer.member("strict_tools", true); }
    if (forced) { writer.member("tool_choice", "REQUIRED"); }
    if (choice.mode == ToolChoiceMode::none) { writer.member("tool_choice", "NONE"); }
    if (choice.parallel.has_value() && !*choice.parallel) {
        drops_.note(field + " (one call at a time)", "cohere-chat has no such setting");
    }
}

void CohereTools::write_tool(JsonWriter& writer, const Tool& tool) const {
    writer.begin_object().member("type", "function").key("function").begin_object();
    writer.member("name", names_.flat(tool.name_space, tool.name)).member_if("description", tool.description);
    writer.raw_member("parameters", tool.parameters).end_object().end_object();
}

// To all of the tools' schemas or to none, and only where Cohere's rules for them hold.
void CohereTools::hold() {
    const auto wanted = [](const Tool& tool) { return tool.strict.value_or(false); };
    if (std::ranges::none_of(tools_, wanted)) { return; }
    const auto drop = [&](std::string reason) { drops_.note("tools: strict", std::move(reason)); };
    if (!std::ranges::all_of(tools_, wanted)) {
        return drop("cohere-chat holds the model to all of the tools' schemas or to none");
    }
    std::vector<HeldSchema> schemas;
    std::size_t fields = 0;
    for (const Tool& tool : tools_) {
        schemas.push_back(held_schema(tool.parameters));
        fields += schemas.back().fields;
        const auto& fault = schemas.back().fault;
        if (!fault.empty()) { return drop("cohere-chat cannot hold the model to " + tool.name + ": " + fault); }
    }
    if (fields > fields_max) { return drop("cohere-chat holds the model to 200 parameters of all tools at most"); }
    for (std::size_t i = 0; i < tools_.size(); ++i) {
        for (const auto& path : schemas[i].moved) {
            drops_.note("tools: " + tools_[i].name + path, std::string(said_in_description));
        }
        tools_[i].parameters = std::move(schemas[i].schema);
    }
    strict_ = true;
}

}  // namespace llmgw::wire
