// What a reload leaves as it is: the settings that a gateway takes at its start only.
#pragma once

#include <string_view>
#include <vector>

#include "core/config/config.hpp"

namespace llmgw {

// Gives `read` the values that `running` has for all settings that the table calls not reloadable. Returns their keys
// where `read` had others.
std::vector<std::string_view> keep_until_next_start(const Config& running, Config& read);

}  // namespace llmgw
