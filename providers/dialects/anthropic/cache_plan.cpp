#include "providers/dialects/anthropic/cache_plan.hpp"

#include <cstddef>
#include <vector>

namespace llmgw::wire {
namespace {

constexpr std::size_t marks_max = 4;
constexpr int turns_marked = 2;

// In the order the wire counts them: tools, system, messages.
std::vector<std::optional<CacheMark>*> marks_of(Conversation& conversation, ToolPlan& tools) {
    std::vector<std::optional<CacheMark>*> marks;
    const auto add = [&](std::optional<CacheMark>& mark) {
        if (mark) { marks.push_back(&mark); }
    };
    for (PlannedTool& tool : tools.tools) {
        add(tool.cache);
    }
    for (WireBlock& block : conversation.system) {
        add(block.cache);
    }
    for (WireTurn& turn : conversation.turns) {
        for (WireBlock& block : turn.blocks) {
            add(block.cache);
        }
    }
    return marks;
}

}  // namespace

void plan_cache_marks(const ChatRequest& request, Conversation& conversation, ToolPlan& tools, Drops& drops) {
    if (request.origin == DialectId::anthropic) { return; }
    const auto marks = marks_of(conversation, tools);
    if (!marks.empty()) {
        // The later a mark, the more it covers.
        for (std::size_t i = 0; i + marks_max < marks.size(); ++i) {
            marks[i]->reset();
            drops.note("cache marks", "anthropic takes four: the last four are kept");
        }
        return;
    }
    if (!tools.tools.empty()) { tools.tools.back().cache.emplace(); }
    if (!conversation.system.empty()) { conversation.system.back().cache.emplace(); }
    int left = turns_marked;
    for (auto turn = conversation.turns.rbegin(); turn != conversation.turns.rend() && left > 0; ++turn) {
        if (turn->role == Role::assistant || turn->blocks.empty()) { continue; }
        turn->blocks.back().cache.emplace();
        --left;
    }
}

}  // namespace llmgw::wire
