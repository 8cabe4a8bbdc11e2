// `llmgw usage`: what the log says was spent.
#pragma once

#include <string>

#include "cli/environment.hpp"
#include "cli/usage/question.hpp"
#include "core/util/clock.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct UsageOutput {
    std::string out;  // data, for stdout
    std::string err;  // remarks, for stderr
    int exit_code = 0;
};

// Without printing, for tests.
Result<UsageOutput> run_usage(const UsageArguments& arguments, const Environment& env, const Clock& clock);

// Brings what is in the journal into the database, so that a report sees every call that was answered. Returns the
// remark to make where that did not work, "" when it did.
std::string drain_for_report(const Environment& env);

}  // namespace llmgw
