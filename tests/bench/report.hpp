// What a run showed: the contract's lines with whether each is met, and where the time went.
#pragma once

#include <string>

#include "tests/bench/phases.hpp"

namespace llmgw::bench {

void print_report(const Plan& plan, const Results& results);

// Every number with all its rounds, and the contract's lines.
std::string report_json(const Plan& plan, const Results& results);

}  // namespace llmgw::bench
