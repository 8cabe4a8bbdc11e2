// System calls per streamed event, counted by perf's tracepoints, or by strace where perf cannot.
#pragma once

#include <string>

#include "tests/bench/phases.hpp"

namespace llmgw::bench {

// Runs the streams once in front of each proxy and prints a table. The proxies should be freshly started: perf needs a
// file per counter and thread. False when neither tracer works.
bool profile_streams(const Plan& plan, Stage& stage, const std::vector<Target>& targets, Results& results);

}  // namespace llmgw::bench
