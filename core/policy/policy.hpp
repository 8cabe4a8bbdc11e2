// What may refuse or annotate a call. Policies run in the order of the table in registry.cpp; the closing
// hooks of those that ran are called in reverse order, whatever happened.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/gateway/exchange.hpp"

namespace llmgw {

enum class Stage {
    head,  // knows method, path and headers: runs before a body byte is read
    body,  // knows the peeked body and the target as well
};

struct Policy {
    std::string_view name;
    Stage stage;
    // An error refuses the call with it; nothing goes upstream. May be null.
    std::optional<ApiError> (*on_request)(Exchange& exchange);
    // May be null. The row is final when it runs.
    void (*on_done)(Exchange& exchange) noexcept;
};

std::span<const Policy> policies();

// Runs the policies of one stage; in the table those of the head stand before those of the body. Remembers how far it
// came in `ran`, for close_policies.
std::optional<ApiError> run_policies(std::span<const Policy> table, Stage stage, Exchange& exchange, std::size_t& ran);
void close_policies(std::span<const Policy> table, std::size_t ran, Exchange& exchange) noexcept;

}  // namespace llmgw
