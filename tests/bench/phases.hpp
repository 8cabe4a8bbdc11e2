// The phases of a benchmark run. Each gives named numbers; which of them the contract speaks of is report's business.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/bench/stage.hpp"

namespace llmgw::bench {

using Numbers = std::map<std::string, double>;

// A run is disturbed when others used more than this many cores meanwhile.
constexpr double disturbing_cores = 0.25;

struct Plan {
    int rounds = 5;
    int stream_rounds = 3;
    double seconds = 2.5;  // of one closed loop
    int streams = 1000;
    int events_per_s = 50;
    double stream_s = 7;  // how long each stream runs
    int starts = 10;
    bool quick = false;
    bool patient = false;  // wait for a quiet machine, and repeat a run that something else disturbed
    bool awake = false;    // keep the cores from idling in the phases with one connection
    std::string only;      // "" is every phase
    bool wants(const std::string& phase) const { return only.empty() || only == phase; }
};

// phase → target → number → its value in each round, in order.
struct Results {
    std::map<std::string, std::map<std::string, std::map<std::string, std::vector<double>>>> rounds;
    std::vector<std::string> errors;  // broken streams, wrong answers: what makes a run worthless
    double calls_to_llmgw = 0;        // answered ones

    void add(const std::string& phase, const std::string& target, const Numbers& numbers);
    // The median of the rounds; not a number when there is none.
    double median(const std::string& phase, const std::string& target, const std::string& number) const;
};

// small: 32 connections. one: a single connection. body: 300 KB, one connection. streams: opened over a second.
// burst: opened all at once. translated: streams in another dialect than the mock's. For each round the targets take
// turns, every other round in reverse.
void run_phases(const Plan& plan, Stage& stage, const std::vector<Target>& targets, Results& results);

// Start-up and `--version`, and what llmgw and nginx hold in memory when idle. Leaves llmgw running.
bool measure_starts(const Plan& plan, Stage& stage, Results& results);
void measure_memory(const std::string& phase, const std::vector<Target>& targets, Results& results);

// How many calls the usage log holds; below 0 when it cannot be read.
double count_logged_calls(const std::string& usage_db_path);

}  // namespace llmgw::bench
