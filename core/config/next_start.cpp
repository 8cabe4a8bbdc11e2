#include "core/config/next_start.hpp"

#include "core/config/settings.hpp"

namespace llmgw {

std::vector<std::string_view> keep_until_next_start(const Config& running, Config& read) {
    std::vector<std::string_view> changed;
    auto kept = running;  // a slot gives a reference to change
    for (const auto& row : settings()) {
        if (row.reloadable) { continue; }
        std::visit(
            [&](auto slot) {
                if (slot(kept) == slot(read)) { return; }
                changed.push_back(row.key);
                slot(read) = slot(kept);
            },
            row.slot);
    }
    return changed;
}

}  // namespace llmgw
