#include "core/dialect/missing_tools.hpp"

#include <algorithm>

namespace llmgw {

std::string missing_server_tool(const ChatRequest& request, const Drops& drops) {
    const auto& missing = drops.server_tools();
    if (missing.empty()) { return {}; }
    const auto is_server = [](const Tool& tool) { return tool.kind == ToolKind::server; };
    const auto& choice = request.tool_choice;
    const auto is_missing = [&](const Tool& tool) {
        return std::ranges::any_of(missing, [&](const Drops::Drop& drop) {
            return drop.field.contains(tool.server_type.empty() ? tool.name : tool.server_type);
        });
    };
    const bool demanded =
        choice.mode == ToolChoiceMode::named && std::ranges::any_of(request.tools, [&](const Tool& tool) {
            return is_server(tool) && (tool.name == choice.name || tool.server_type == choice.name) && is_missing(tool);
        });
    const auto asked = static_cast<std::size_t>(std::ranges::count_if(request.tools, is_server));
    const bool nothing_else = asked == request.tools.size() && asked == missing.size();
    if (!demanded && !nothing_else) { return {}; }
    std::string names;
    for (const auto& tool : missing) {
        names += (names.empty() ? "" : "; ") + tool.field + " (" + tool.reason + ")";
    }
    return names;
}

}  // namespace llmgw
