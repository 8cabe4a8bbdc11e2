// From a route, or a target and its equals, to the targets a call is to try. Pure.
#pragma once

#include <functional>
#include <vector>

#include "core/route/plan.hpp"
#include "core/route/strategies.hpp"
#include "core/route/table.hpp"

namespace llmgw {

struct PlanInput {
    DialectId dialect = DialectId::openai_chat;  // the client's
    Translatable translatable = Translatable::no;
    const std::vector<Provider>& providers;  // of the configuration, for messages
    const ModelCatalogue* catalogue = nullptr;
    Circumstances now = {};
    // Whether calls to this provider can have the key they need; asked of targets that nobody wrote down. Null: yes.
    std::function<bool(const Provider&)> has_key = nullptr;
};

// Targets that cannot be spoken to are left out, and so are those known to lack what the request needs, unless none
// would be left: what llmgw knows of models may be old.
// Error (bad_request): none can be spoken to; the message has the first one's reason.
Result<Plan> plan_route(const Route& route, const PlanInput& input);

// For a model that is no route, with the same model elsewhere behind it where [routing] fallback = "auto". Errors as of
// resolve_model().
Result<Plan> plan_model(const RouteTable& table, const PlanInput& input, std::string_view model);

// An error about an unknown model, with the nearest name that there is: a mistyped route looks like a model nobody
// lists.
Error with_nearest(Error error, std::string_view model, const RouteTable& table,
                   const std::vector<Provider>& providers);

}  // namespace llmgw
