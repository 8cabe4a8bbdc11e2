#include <algorithm>
#include <utility>

#include "core/dialect/codec.hpp"

namespace llmgw {

void Drops::note(std::string field, std::string reason) {
    const bool said = std::ranges::any_of(drops_, [&](const Drop& drop) { return drop.field == field; });
    if (!said) { drops_.push_back({std::move(field), std::move(reason)}); }
}

void Drops::note_server_tool(std::string field, std::string reason) {
    server_tools_.push_back({field, reason});
    note(std::move(field), std::move(reason));
}

}  // namespace llmgw
