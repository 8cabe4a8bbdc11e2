#include "core/route/make_plan.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace llmgw {
namespace {

// A route's targets, routes among them replaced by their own, each target once.
void flatten(const Route& route, std::vector<const RouteTarget*>& out) {
    for (const auto& target : route.targets) {
        if (target.route != nullptr) {
            flatten(*target.route, out);
            continue;
        }
        const bool known = std::ranges::any_of(out, [&](const RouteTarget* other) {
            return other->provider == target.provider && other->model == target.model;
        });
        if (!known) { out.push_back(&target); }
    }
}

}  // namespace

Result<Plan> plan_route(const Route& route, const PlanInput& input) {
    std::vector<const RouteTarget*> targets;
    flatten(route, targets);
    Plan plan;
    plan.route = route.name;
    std::optional<Error> first_error;
    for (const auto* wanted : targets) {
        auto target =
            resolve_target(*wanted->provider, wanted->model, input.dialect, input.providers, input.translatable);
        if (!target) {
            plan.left_out.push_back({wanted->provider->name + "/" + wanted->model, target.error().message});
            if (!first_error) { first_error = std::move(target.error()); }
            continue;
        }
        const auto position = plan.targets.size() + plan.left_out.size() + 1;
        plan.targets.push_back({std::move(*target), "number " + std::to_string(position) + " of the route"});
    }
    if (plan.targets.empty()) { return std::unexpected(std::move(*first_error)); }
    return plan;
}

}  // namespace llmgw
