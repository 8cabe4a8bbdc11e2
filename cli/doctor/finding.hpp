// What a check of `llmgw doctor` says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmgw::doctor {

enum class Level {
    ok,
    note,     // nothing is wrong, and it is worth knowing: something is not there that may be wanted
    warning,  // works, but not as it should, or not for long
    problem,  // does not work
};
constexpr std::string_view to_string(Level level) {
    switch (level) {
        case Level::ok: return "ok";
        case Level::note: return "note";
        case Level::warning: return "warning";
        case Level::problem: return "problem";
    }
    return "";
}

struct Finding {
    Level level = Level::ok;
    std::string what;         // a few words
    std::string found;        // for people; may have several lines. Never holds a key.
    std::string remedy = {};  // a command to run, or what to do in a few words; "" when there is nothing to do
};
using Findings = std::vector<Finding>;

}  // namespace llmgw::doctor
