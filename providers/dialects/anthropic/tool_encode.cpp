#include "providers/dialects/anthropic/tool_encode.hpp"

#include <algorithm>
#include <set>

#include "core/util/json_scan.hpp"
#include "providers/dialects/anthropic/field_names.hpp"
#include "providers/dialects/anthropic/model_facts.hpp"
#include "providers/dialects/anthropic/schema_rules.hpp"
#include "providers/dialects/custom_input.hpp"

namespace llmgw::wire {
namespace {

// More strict tools than this in one request are refused.
constexpr int strict_tools_max = 20;

constexpr std::string_view web_search_type = "web_search_20250305";

bool is_own(const Tool& tool) {
    return tool.origin == DialectId::anthropic && !tool.raw.empty();
}

bool is_web_search(const Tool& tool) {
    return tool.server_type.starts_with("web_search") || tool.server_type == "googleSearch" ||
           tool.server_type == "google_search";
}

// Where a user is: OpenAI's dialects say it with the same words, one of them a level deeper.
void write_user_location(JsonWriter& writer, const Tool& tool) {
    const auto location = json_scan::member(tool.raw, "user_location");
    if (!location || !location->is_object()) { return; }
    const auto deeper = json_scan::member(location->text, "approximate");
    const std::string_view inside = deeper && deeper->is_object() ? deeper->text : location->text;
    writer.key("user_location").begin_object().member("type", "approximate");
    for (const char* key : {"city", "region", "country", "timezone"}) {
        const auto value = json_scan::member(inside, key);
        if (value && !value->raw_string().empty()) { writer.raw_member(key, value->text); }
    }
    writer.end_object();
}

void write_web_search(JsonWriter& writer, const Tool& tool) {
    writer.member("type", web_search_type).member("name", "web_search");
    const auto domains = json_scan::at(tool.raw, {"filters", "allowed_domains"});
    if (domains && domains->is_array() && domains->text.find('"') != std::string_view::npos) {
        writer.raw_member("allowed_domains", domains->text);
    }
    write_user_location(writer, tool);
}

std::string field_of(const ChatRequest& request, const Tool& tool, std::size_t index) {
    const std::string at = "tools[" + std::to_string(index) + "]";
    switch (request.origin) {
        case DialectId::openai_chat: return at + ".function.parameters (" + tool.name + ")";
        case DialectId::gemini: return at + ".functionDeclarations.parameters (" + tool.name + ")";
        default: return at + ".parameters (" + tool.name + ")";
    }
}

Result<void> write_function(JsonWriter& writer, const ChatRequest& request, const Tool& tool, std::size_t index,
                            const ToolNames& names, bool strict, Drops& drops) {
    const std::string field = field_of(request, tool, index);
    auto schema = input_schema(tool.parameters, field, drops);
    if (schema && strict) { schema = strict_schema(*schema, field, drops); }
    if (!schema) { return std::unexpected(schema.error()); }
    writer.member("name", names.flat(tool.name_space, tool.name)).member_if("description", tool.description);
    writer.raw_member("input_schema", *schema);
    if (strict) { writer.member("strict", true); }
    return {};
}

}  // namespace

ToolPlan plan_tools(const ChatRequest& request, Drops& drops) {
    ToolPlan plan;
    const auto& allowed = request.tool_choice.allowed;
    for (const Tool& tool : request.tools) {
        if (tool.kind == ToolKind::server && !is_own(tool) && !is_web_search(tool)) {
            drops.note_server_tool("tools: " + (tool.server_type.empty() ? tool.name : tool.server_type),
                                   "anthropic has no such server tool");
            continue;
        }
        const bool client_runs = tool.kind != ToolKind::server;
        if (client_runs && !allowed.empty() && std::ranges::find(allowed, tool.name) == allowed.end()) { continue; }
        plan.tools.push_back({&tool, tool.cache});
    }
    if (!plan.tools.empty() || request.origin == DialectId::anthropic) { return plan; }
    std::set<std::string> names;
    for (const Message& message : request.messages) {
        for (const Part& part : message.parts) {
            const auto* call = std::get_if<part::ToolCall>(&part);
            if (call == nullptr) { continue; }
            std::string name = flat_tool_name(call->name_space, call->name);
            if (names.insert(name).second) { plan.remembered.push_back(std::move(name)); }
        }
    }
    return plan;
}

Result<void> write_tools(JsonWriter& writer, const ChatRequest& request, const ToolPlan& plan, const ToolNames& names,
                         const TargetTraits& target, const Extras& extras, Drops& drops) {
    if (plan.empty()) { return {}; }
    const bool knows_strict = target.strict_schema && claude_facts(target.model).structured_output;
    int strict_tools = 0;
    writer.key("tools").begin_array();
    for (std::size_t i = 0; i < plan.tools.size(); ++i) {
        const Tool& tool = *plan.tools[i].tool;
        if (is_own(tool)) {
            writer.raw(tool.raw);
            continue;
        }
        writer.begin_object();
        if (tool.kind == ToolKind::server) {
            write_web_search(writer, tool);
        } else {
            const bool wants_strict = tool.strict.value_or(false) && tool.kind == ToolKind::function;
            const bool strict = wants_strict && knows_strict && strict_tools < strict_tools_max;
            if (strict) { ++strict_tools; }
            if (wants_strict && !strict) {
                drops.note("tools: strict (" + tool.name + ")", "the target does not hold a model to this schema");
            }
            const Tool& function = tool.kind == ToolKind::custom ? bridged_tool(tool) : tool;
            const auto done = write_function(writer, request, function, i, names, strict, drops);
            if (!done) { return done; }
        }
        write_cache_mark(writer, plan.tools[i].cache, extras, "");
        writer.end_object();
    }
    for (const std::string& name : plan.remembered) {
        writer.begin_object().member("name", name).member("description", "Not available any more.");
        writer.raw_member("input_schema", R"({"type":"object","properties":{}})").end_object();
    }
    writer.end_array();
    return {};
}

bool forces_call(const ChatRequest& request) {
    const ToolChoiceMode mode = request.tool_choice.mode;
    return mode == ToolChoiceMode::required || mode == ToolChoiceMode::named;
}

void write_tool_choice(JsonWriter& writer, const ChatRequest& request, const ToolPlan& plan, const ToolNames& names,
                       const Extras& extras, Drops& drops) {
    const ToolChoice& choice = request.tool_choice;
    if (plan.tools.empty()) {
        if (forces_call(request)) {
            drops.note(std::string(name_of(Field::tool_choice, request.origin)), "no tools are sent");
        }
        if (!plan.remembered.empty()) { writer.key("tool_choice").begin_object().member("type", "none").end_object(); }
        return;
    }
    const bool one_at_a_time = choice.parallel.has_value() && !*choice.parallel;
    if (choice.mode == ToolChoiceMode::unset && !one_at_a_time) { return; }
    writer.key("tool_choice").begin_object();
    std::string name = choice.name;
    ToolChoiceMode mode = choice.mode;
    if (mode == ToolChoiceMode::required && choice.allowed.size() == 1) {
        mode = ToolChoiceMode::named;
        name = choice.allowed.front();
    }
    if (mode == ToolChoiceMode::none) {
        writer.member("type", "none");
    } else if (mode == ToolChoiceMode::required) {
        writer.member("type", "any");
    } else if (mode == ToolChoiceMode::named) {
        const auto called = [&](const PlannedTool& planned) { return planned.tool->name == name; };
        const auto found = std::ranges::find_if(plan.tools, called);
        if (found != plan.tools.end() && request.origin != DialectId::anthropic) {
            const Tool& tool = *found->tool;
            name = tool.kind == ToolKind::server ? "web_search" : names.flat(tool.name_space, name);
        }
        writer.member("type", "tool").member("name", name);
    } else {
        writer.member("type", "auto");
    }
    if (choice.parallel && mode != ToolChoiceMode::none) {
        if (one_at_a_time || request.origin == DialectId::anthropic) {
            writer.member("disable_parallel_tool_use", one_at_a_time);
        }
    }
    extras.write(writer, "tool_choice");
    writer.end_object();
}

}  // namespace llmgw::wire
