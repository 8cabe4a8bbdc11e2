// What a call is to try, in order. Made once per call, before the first attempt; pure data.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/route/resolve.hpp"

namespace llmgw {

struct PlannedTarget {
    Target target;
    std::string reason;  // for `routes explain` and the debug log: why it stands here
    // How long it may stay silent before its first content; nullopt: as the settings say.
    std::optional<std::chrono::milliseconds> first_byte_timeout = std::nullopt;
};

struct LeftOut {
    std::string target;  // provider/model
    std::string reason;
};

struct Plan {
    std::string route;                   // the route's name, "" when the model was named itself
    bool strict = false;                 // a target that cannot be told all of the request is not asked
    std::optional<bool> resume;          // the route's own word on [streams] resume
    std::vector<PlannedTarget> targets;  // never empty
    std::vector<LeftOut> left_out;
};

}  // namespace llmgw
