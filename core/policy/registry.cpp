#include <array>

#include "core/gateway/choose_plan.hpp"
#include "core/policy/auth.hpp"
#include "core/policy/feature.hpp"
#include "core/policy/policy.hpp"

namespace llmgw {
namespace {

// The order is the meaning: nobody unknown learns what a feature is.
constexpr std::array<Policy, 3> table{{
    {"auth", Stage::head, &auth_policy, nullptr},
    {"feature", Stage::head, &feature_policy, nullptr},
    {"session", Stage::body, nullptr, &remember_session},
}};

}  // namespace

std::span<const Policy> policies() {
    return table;
}

std::optional<ApiError> run_policies(std::span<const Policy> table_in, Stage stage, Exchange& exchange,
                                     std::size_t& ran) {
    for (std::size_t i = 0; i < table_in.size(); ++i) {
        if (table_in[i].stage != stage) { continue; }
        ran = i + 1;
        if (table_in[i].on_request == nullptr) { continue; }
        if (auto refused = table_in[i].on_request(exchange)) { return refused; }
    }
    return std::nullopt;
}

void close_policies(std::span<const Policy> table_in, std::size_t ran, Exchange& exchange) noexcept {
    while (ran-- > 0) {
        if (table_in[ran].on_done != nullptr) { table_in[ran].on_done(exchange); }
    }
}

}  // namespace llmgw
