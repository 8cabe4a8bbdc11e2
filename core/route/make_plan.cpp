#include "core/route/make_plan.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "core/route/mistyped.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

struct Choice {
    const RouteTarget* target = nullptr;
    Target resolved;
    std::string reason;
};

class Planner {
public:
    Planner(const PlanInput& input, bool ask_abilities) : input_(input), ask_abilities_(ask_abilities) {}

    // A route's targets in order, each once, routes among them replaced by their own.
    std::vector<Choice> order(const Route& route) {
        std::vector<RouteEntry> entries;
        std::vector<std::vector<Choice>> behind;  // by position
        for (const auto& target : route.targets) {
            behind.push_back(target.route != nullptr ? order(*target.route) : single(target));
            if (behind.back().empty()) { continue; }
            entries.push_back({behind.back().front().target, target.weight, behind.size(), {}});
        }
        order_entries(route.strategy, input_.now, entries);
        std::vector<Choice> out;
        for (const auto& entry : entries) {
            const auto* nested = route.targets[entry.position - 1].route;
            for (auto& choice : behind[entry.position - 1]) {
                if (nested == nullptr) {
                    choice.reason = entry.reason;
                } else {
                    choice.reason = entry.reason + ", route " + nested->name + ": " + choice.reason;
                }
                add(std::move(choice), out);
            }
        }
        append_equals(route.equals, out);
        return out;
    }

    void append_equals(std::span<const RouteTarget> equals, std::vector<Choice>& out) {
        for (const auto& equal : equals) {
            if (input_.has_key && !input_.has_key(*equal.provider)) {
                leave_out(equal, "llmgw has no key for " + equal.provider->name);
                continue;
            }
            for (auto& choice : single(equal)) {
                choice.reason = "the same model as " + equal.equal_to;
                add(std::move(choice), out);
            }
        }
    }

    std::vector<LeftOut> left_out;
    std::optional<Error> unspeakable;  // the first one's reason

private:
    static void add(Choice choice, std::vector<Choice>& out) {
        const bool known = std::ranges::any_of(out, [&](const Choice& other) {
            return other.resolved.provider == choice.resolved.provider && other.resolved.model == choice.resolved.model;
        });
        if (!known) { out.push_back(std::move(choice)); }
    }

    void leave_out(const RouteTarget& target, std::string why) {
        auto name = target.name();
        const bool known = std::ranges::any_of(left_out, [&](const LeftOut& one) { return one.target == name; });
        if (!known) { left_out.push_back({std::move(name), std::move(why)}); }
    }

    // The target itself, or nothing where it cannot serve.
    std::vector<Choice> single(const RouteTarget& target) {
        auto resolved =
            resolve_target(*target.provider, target.model, input_.dialect, input_.providers, input_.translatable);
        if (!resolved) {
            leave_out(target, resolved.error().message);
            if (!unspeakable) { unspeakable = std::move(resolved.error()); }
            return {};
        }
        if (auto lack = lack_of(target); !lack.empty()) {
            leave_out(target, "the model " + lack);
            return {};
        }
        return {{&target, std::move(*resolved), {}}};
    }

    std::string lack_of(const RouteTarget& target) const {
        if (!ask_abilities_ || input_.catalogue == nullptr || input_.now.facts == nullptr) { return {}; }
        const auto* facts = input_.catalogue->find(target.provider->price_list, target.model);
        return facts != nullptr ? lacking(*facts, input_.now.facts->of_body().needs) : std::string();
    }

    const PlanInput& input_;
    const bool ask_abilities_;
};

// A session's own target goes first.
void keep_session(const Route& route, const PlanInput& input, std::vector<Choice>& choices) {
    const auto& last = input.now.session;
    if (!route.sticky || !last) { return; }
    const auto own = std::ranges::find_if(choices, [&](const Choice& choice) {
        return choice.resolved.provider->name == last->provider && choice.resolved.model == last->model;
    });
    if (own == choices.end()) { return; }
    own->reason = "served this session last (" + own->reason + ")";
    std::rotate(choices.begin(), own, own + 1);
}

// `route` is the one that was asked for, whatever others stand in it; null for none.
Plan plan_of(std::vector<Choice> choices, Planner& planner, const Route* route) {
    Plan plan;
    if (route != nullptr) {
        plan.route = route->name;
        plan.strict = route->strict;
        plan.resume = route->resume;
    }
    for (auto& choice : choices) {
        PlannedTarget planned;
        planned.target = std::move(choice.resolved);
        planned.reason = std::move(choice.reason);
        if (route != nullptr) { planned.first_byte_timeout = route->first_content_max; }
        plan.targets.push_back(std::move(planned));
    }
    plan.left_out = std::move(planner.left_out);
    return plan;
}

// Worth asking what models can do only where there is another to turn to.
bool has_choice(const Route& route) {
    return route.targets.size() + route.equals.size() > 1 || (route.targets.front().route != nullptr);
}

}  // namespace

Result<Plan> plan_route(const Route& route, const PlanInput& input) {
    Planner planner(input, has_choice(route));
    auto choices = planner.order(route);
    if (choices.empty() && has_choice(route)) {
        Planner lenient(input, false);
        choices = lenient.order(route);
        for (auto& choice : choices) {
            choice.reason += "; known to lack something, like all of them";
        }
        if (choices.empty()) { return std::unexpected(std::move(*lenient.unspeakable)); }
        keep_session(route, input, choices);
        return plan_of(std::move(choices), lenient, &route);
    }
    if (choices.empty()) { return std::unexpected(std::move(*planner.unspeakable)); }
    keep_session(route, input, choices);
    return plan_of(std::move(choices), planner, &route);
}

Result<Plan> plan_model(const RouteTable& table, const PlanInput& input, std::string_view model) {
    auto target = resolve_model(model, input.dialect, input.providers, input.translatable);
    if (!target) { return std::unexpected(with_nearest(std::move(target.error()), model, table, input.providers)); }
    if (auto spelled = check_spelling(model, *target, table, input.providers, input.now.prices); !spelled) {
        return std::unexpected(std::move(spelled.error()));
    }
    const auto equals = table.equals_of(*target->provider, target->model);
    std::vector<Choice> choices{{nullptr, std::move(*target), "asked for"}};
    Planner planner(input, true);
    planner.append_equals(equals, choices);
    return plan_of(std::move(choices), planner, nullptr);
}

Error with_nearest(Error error, std::string_view model, const RouteTable& table,
                   const std::vector<Provider>& providers) {
    // resolve_model() knows the providers' names itself.
    if (error.message.find("Did you mean") != std::string::npos) { return error; }
    std::vector<std::string_view> names;
    for (const auto& route : table.routes()) {
        names.push_back(route.name);
    }
    for (const auto& provider : providers) {
        for (const auto& listed : provider.models) {
            names.push_back(listed);
        }
    }
    const auto name = nearest(model, names);
    if (!name.empty() && name != model) { error.message += " Did you mean \"" + std::string(name) + "\"?"; }
    return error;
}

}  // namespace llmgw
