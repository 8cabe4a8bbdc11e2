#include "providers/dialects/anthropic/thinking_plan.hpp"

#include <algorithm>
#include <charconv>

#include "core/model/reasoning_effort.hpp"
#include "providers/dialects/anthropic/field_names.hpp"
#include "providers/dialects/anthropic/tool_encode.hpp"

namespace llmgw::wire {
namespace {

constexpr std::int64_t budget_min = 1024;
// Every Claude whose name is not known here gives at least this.
constexpr std::int64_t unasked_tokens_max = 64000;

class Planner {
public:
    Planner(const ChatRequest& request, const TargetTraits& target, const ClaudeFacts& facts,
            const Conversation& conversation, Drops& drops)
        : request_(request),
          wish_(request.reasoning),
          target_(target),
          facts_(facts),
          conversation_(conversation),
          drops_(drops) {}

    AnswerPlan plan() {
        if (facts_.display || own()) { plan_.show = wish_.show; }
        plan_.mode = wanted_mode();
        if (plan_.thinks() && !facts_.thinking) { give_up("this model does not think"); }
        if (plan_.mode == ThinkingMode::adaptive && !adapts()) { by_budget(); }
        if (plan_.mode == ThinkingMode::enabled && !facts_.budget_thinking) { plan_.mode = ThinkingMode::adaptive; }
        plan_effort();
        if (plan_.mode == ThinkingMode::enabled) { check_enabled(); }
        plan_tokens();
        plan_sampling();
        return plan_;
    }

private:
    bool own() const { return request_.origin == DialectId::anthropic; }
    bool adapts() const { return target_.adaptive_thinking && facts_.adaptive_thinking; }
    std::string name(Field field) const { return std::string(name_of(field, request_.origin)); }

    void give_up(std::string reason) {
        plan_.mode = ThinkingMode::unsaid;
        drops_.note(name(Field::reasoning), std::move(reason));
    }

    ThinkingMode wanted_mode() {
        const std::int64_t budget = wish_.budget_tokens.value_or(-1);
        if (own()) {
            if (!wish_.enabled) { return ThinkingMode::unsaid; }
            if (!*wish_.enabled) { return ThinkingMode::disabled; }
            plan_.budget_tokens = budget;
            return wish_.adaptive ? ThinkingMode::adaptive : ThinkingMode::enabled;
        }
        // Without the member these models do not think, and not all of them take one that says so.
        const bool off = (wish_.enabled && !*wish_.enabled) || wish_.effort == "none" || wish_.budget_tokens == 0;
        if (off) { return ThinkingMode::unsaid; }
        if (!wish_.enabled && !wish_.adaptive && !wish_.budget_tokens && wish_.effort.empty()) {
            return ThinkingMode::unsaid;
        }
        plan_.budget_tokens = budget;
        if (adapts()) { return ThinkingMode::adaptive; }
        by_budget();
        return plan_.mode;
    }

    void by_budget() {
        plan_.mode = ThinkingMode::enabled;
        const std::string_view unsaid = wish_.adaptive ? "high" : "medium";
        if (plan_.budget_tokens <= 0) {
            plan_.budget_tokens = budget_for(wish_.effort.empty() ? unsaid : std::string_view(wish_.effort));
        }
    }

    void plan_effort() {
        std::string effort = wish_.effort;
        if (effort.empty() && plan_.mode == ThinkingMode::adaptive && plan_.budget_tokens > 0) {
            effort = effort_for(plan_.budget_tokens);
        }
        if (effort.empty() || effort == "none") { return; }
        if (facts_.effort == EffortWords::none) {
            // Said as a budget already, unless thinking is off: then there is no other way.
            if (!plan_.thinks() && own()) { drops_.note("output_config.effort", "this model knows no effort"); }
            return;
        }
        if (!own() && !plan_.thinks()) { return; }
        plan_.effort = effort == "minimal" ? "low" : effort;
        const bool above_high = effort == "xhigh" || effort == "max";
        const bool unknown = (facts_.effort == EffortWords::to_high && above_high) ||
                             (facts_.effort == EffortWords::to_max && effort == "xhigh");
        if (!unknown) { return; }
        plan_.effort = "high";
        const std::string field = own() ? "output_config.effort" : name(Field::reasoning);
        drops_.note(field + " (" + effort + ")", "the most this model knows below it is high");
    }

    // In a tool loop the assistant's last turn must begin with its thinking, which another provider's has not; and
    // thinking cannot begin in the middle of an answer.
    bool thinking_is_missing() const {
        const auto& turns = conversation_.turns;
        if (turns.empty()) { return false; }
        if (turns.back().role == Role::assistant) { return true; }
        const auto last = std::ranges::find(turns.rbegin(), turns.rend(), Role::assistant, &WireTurn::role);
        if (last == turns.rend() || last->blocks.empty()) { return false; }
        const bool loop = std::holds_alternative<part::ToolResult>(*(last - 1)->blocks.front().part);
        return loop && !std::holds_alternative<part::Reasoning>(*last->blocks.front().part);
    }

    void check_enabled() {
        if (own()) { return; }
        if (forces_call(request_)) { return give_up("anthropic does not think when a tool call is forced"); }
        if (thinking_is_missing()) {
            return give_up("the tool calls before this were made without this model's thinking");
        }
        plan_.budget_tokens = std::max(plan_.budget_tokens, budget_min);
    }

    void plan_tokens() {
        const std::int64_t most = facts_.max_output_tokens;
        const bool given = request_.max_tokens.has_value();
        plan_.max_tokens = request_.max_tokens.value_or(target_.default_max_tokens);
        if (!given && most > 0) {
            // In the other dialects an answer is as long as the model can make it, and agents count on that.
            plan_.max_tokens = std::min(most, unasked_tokens_max);
        } else if (!given && plan_.thinks()) {
            // The default is room for an answer; thinking comes on top of it.
            const std::string_view effort = plan_.effort.empty() ? "high" : std::string_view(plan_.effort);
            plan_.max_tokens += plan_.mode == ThinkingMode::enabled ? plan_.budget_tokens : budget_for(effort);
        }
        if (most > 0 && plan_.max_tokens > most) {
            if (given) { drops_.note(name(Field::max_tokens), "lowered to the most this model gives"); }
            plan_.max_tokens = most;
        }
        if (plan_.mode != ThinkingMode::enabled || plan_.budget_tokens < plan_.max_tokens) { return; }
        if (plan_.max_tokens <= budget_min) { return give_up("max_tokens leaves no room for thinking"); }
        const std::int64_t for_answer = std::max(budget_min, plan_.max_tokens / 4);
        plan_.budget_tokens = std::max(budget_min, plan_.max_tokens - for_answer);
        if (wish_.budget_tokens) { drops_.note(name(Field::reasoning), "the budget is lowered below max_tokens"); }
    }

    static double number(const JsonText& text, double otherwise) {
        double value = otherwise;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    }

    void plan_sampling() {
        const Sampling& wanted = request_.sampling;
        const bool free = facts_.sampling && (!plan_.thinks() || own());
        const std::string reason =
            facts_.sampling ? "not together with thinking" : "this model takes no sampling parameters";
        const double temperature = number(wanted.temperature, 1);
        if (!wanted.temperature.empty()) {
            if (!free) {
                if (temperature != 1) { drops_.note(name(Field::temperature), reason); }
            } else if (temperature > 1) {
                plan_.temperature = "1";
                drops_.note(name(Field::temperature), "anthropic's highest is 1");
            } else {
                plan_.temperature = wanted.temperature;
            }
        }
        if (!wanted.top_p.empty()) {
            const bool with_temperature = facts_.one_of_temperature_top_p && !plan_.temperature.empty();
            if (!facts_.sampling || (!free && number(wanted.top_p, 1) < 0.95)) {
                if (number(wanted.top_p, 1) < 1) { drops_.note(name(Field::top_p), reason); }
            } else if (with_temperature) {
                drops_.note(name(Field::top_p), "this model takes temperature or top_p, not both");
            } else {
                plan_.top_p = wanted.top_p;
            }
        }
        if (wanted.top_k.empty()) { return; }
        if (free) {
            plan_.top_k = wanted.top_k;
        } else {
            drops_.note(name(Field::top_k), reason);
        }
    }

    const ChatRequest& request_;
    const ReasoningWish& wish_;
    const TargetTraits& target_;
    const ClaudeFacts& facts_;
    const Conversation& conversation_;
    Drops& drops_;
    AnswerPlan plan_;
};

}  // namespace

AnswerPlan plan_answer(const ChatRequest& request, const TargetTraits& target, const ClaudeFacts& facts,
                       const Conversation& conversation, Drops& drops) {
    return Planner(request, target, facts, conversation, drops).plan();
}

}  // namespace llmgw::wire
