// A name that only its maker could know, but for one letter a name of this configuration. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "core/route/resolve.hpp"
#include "core/route/table.hpp"
#include "core/usage/prices.hpp"
#include "core/util/result.hpp"

namespace llmgw {

// Whether one letter put in, left out, replaced, or swapped with the next makes one of the other. Digits and
// punctuation, and what stands beside a digit, tell versions of models apart and are no slips.
bool one_slip(std::string_view a, std::string_view b);

// `target`: where resolve_model() sends `model`. When that is only because nobody lists the name, and it is one slip
// away from a route's or a listed model's, then a prompt meant for one's own machine may be about to leave it. Error
// (not_found): says what was probably meant, and how to send it all the same. Names that the tables know are no slips.
Result<> check_spelling(std::string_view model, const Target& target, const RouteTable& table,
                        const std::vector<Provider>& providers, const Prices* prices);

}  // namespace llmgw
