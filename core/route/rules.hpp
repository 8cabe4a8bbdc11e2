// Which rule holds for a call. Pure.
#pragma once

#include <span>
#include <string_view>

#include "core/route/facts.hpp"
#include "core/route/table.hpp"

namespace llmgw {

// `*` stands for anything, also nothing; ASCII case does not count.
bool matches_pattern(std::string_view pattern, std::string_view text);

// All that the rule asks about holds. What wants the body read is asked last.
bool holds(const Rule& rule, const CallFacts& facts);

// The first that holds, null for none.
const Rule* first_rule(std::span<const Rule> rules, const CallFacts& facts);

// Which route serves a call: that of the first rule that holds, else the one it names. Null: it names a model.
struct Way {
    const Route* route = nullptr;
    const Rule* rule = nullptr;  // that said so
};
Way find_way(const RouteTable& table, const CallFacts& facts);

}  // namespace llmgw
