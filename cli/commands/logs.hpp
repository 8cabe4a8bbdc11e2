// `llmgw logs`: the calls themselves.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/usage.hpp"
#include "cli/environment.hpp"
#include "core/util/clock.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct LogsArguments {
    std::string count = "20";
    std::string since = {};
    std::string until = {};
    std::vector<std::string> where = {};
    std::string call = {};  // an id or its beginning: that call alone, whole
    bool json = false;
};

// Without printing, for tests.
Result<UsageOutput> run_logs(const LogsArguments& arguments, const Environment& env, const Clock& clock);

}  // namespace llmgw
