// `llmgw usage`: what the log says was spent.
#pragma once

#include <string>

#include "cli/environment.hpp"
#include "core/util/clock.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct UsageArguments {
    std::string by = "feature";
    std::string since = {};  // "" from the log's beginning
    std::string until = {};  // "" up to now
    bool json = false;
    bool strict = false;
};

struct UsageOutput {
    std::string out;  // data, for stdout
    std::string err;  // remarks, for stderr
    int exit_code = 0;
};

// Without printing, for tests.
Result<UsageOutput> run_usage(const UsageArguments& arguments, const Environment& env, const Clock& clock);

}  // namespace llmgw
