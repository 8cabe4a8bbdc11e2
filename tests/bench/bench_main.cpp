// The benchmark: llmgw and nginx in front of the same mock provider, in one run, in turns.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/core.h>
#include <unistd.h>

#include "tests/bench/phases.hpp"
#include "tests/bench/profile.hpp"
#include "tests/bench/report.hpp"
#include "tests/bench/stage.hpp"
#include "tests/bench/sys.hpp"

namespace {

using namespace llmgw::bench;

constexpr const char* usage_text =
    R"(usage: llmgw_bench [--llmgw PATH] [options]
  --llmgw PATH     the binary to measure; without it only nginx and the mock itself
  --quick          short and few rounds, for a first look
  --only PHASE     start, small, one, body, streams, burst or translated
  --rounds N       rounds of every phase
  --streams N      concurrent streams (1000)
  --seconds S      length of one stream and of one closed loop
  --targets LIST   of direct,nginx,llmgw: leaves the others out
  --patient        wait for a quiet machine, and repeat runs that something else disturbed (3 minutes in all)
  --awake          keep the cores from idling in the phases with one connection: less chance in their numbers
  --profile        count system calls per streamed event instead (perf, or else strace)
  --json FILE      write every number to a file
  --client-key K   instead of the one llmgw makes
  --nginx PATH, --mock PATH
Example: llmgw_bench --llmgw build/release/llmgw --quick --only small
The exit code is 1 when a call failed or a stream broke; no ratio ever fails a run.
)";

struct Options {
    Plan plan;
    StageOptions stage;
    std::string targets = "direct,nginx,llmgw";
    std::string json_path;
    bool profile = false;
};

bool includes(const std::string& list, const std::string& name) {
    return ("," + list + ",").find("," + name + ",") != std::string::npos;
}

bool parse(int argc, char** argv, Options& options) {
    for (int i = 1; i < argc; ++i) {
        std::string name = argv[i];
        if (name == "--quick") {
            options.plan.quick = true;
            options.plan.rounds = 2;
            options.plan.stream_rounds = 1;
            options.plan.seconds = 1;
            options.plan.stream_s = 3;
            options.plan.starts = 5;
            continue;
        }
        if (name == "--patient") {
            options.plan.patient = true;
            continue;
        }
        if (name == "--awake") {
            options.plan.awake = true;
            continue;
        }
        if (name == "--profile") {
            options.profile = true;
            continue;
        }
        if (i + 1 == argc) { return false; }
        std::string value = argv[++i];
        if (name == "--llmgw") {
            options.stage.llmgw_path = std::filesystem::absolute(value).string();
        } else if (name == "--only") {
            options.plan.only = value;
        } else if (name == "--rounds") {
            options.plan.rounds = options.plan.stream_rounds = std::atoi(value.c_str());
        } else if (name == "--streams") {
            options.plan.streams = std::atoi(value.c_str());
        } else if (name == "--seconds") {
            options.plan.seconds = options.plan.stream_s = std::atof(value.c_str());
        } else if (name == "--targets") {
            options.targets = value;
        } else if (name == "--json") {
            options.json_path = value;
        } else if (name == "--client-key") {
            options.stage.client_key = value;
        } else if (name == "--nginx") {
            options.stage.nginx_path = value;
        } else if (name == "--mock") {
            options.stage.mock_path = value;
        } else {
            return false;
        }
    }
    return options.plan.only.empty() || includes("start,small,one,body,streams,burst,translated", options.plan.only);
}

int run(Options& options) {
    Stage stage(options.stage);
    Results results;
    std::vector<Target> targets;
    if (!stage.start_mock()) { return 1; }
    if (includes(options.targets, "direct")) { targets.push_back(stage.direct()); }
    if (includes(options.targets, "nginx")) {
        if (!stage.start_nginx()) { return 1; }
        results.add("start", "nginx", {{"ready_ms", stage.ready_ms()}});
        targets.push_back(stage.nginx());
    }
    bool with_llmgw = includes(options.targets, "llmgw") && !options.stage.llmgw_path.empty();
    if (with_llmgw) {
        bool started = options.plan.wants("start") && !options.profile ? measure_starts(options.plan, stage, results)
                                                                       : stage.start_llmgw();
        if (!started) { return 1; }
        targets.push_back(stage.llmgw());
    }
    if (options.profile) {
        return profile_streams(options.plan, stage, targets, results) && results.errors.empty() ? 0 : 1;
    }

    measure_memory("idle", targets, results);
    run_phases(options.plan, stage, targets, results);
    measure_memory("after", targets, results);
    if (with_llmgw && results.calls_to_llmgw > 0) {
        stage.stop_llmgw();  // it writes what it still holds
        double logged = count_logged_calls(stage.usage_db_path());
        results.add("ledger", "llmgw", {{"logged", logged}, {"answered", results.calls_to_llmgw}});
    }
    print_report(options.plan, results);
    if (!options.json_path.empty()) { std::ofstream(options.json_path) << report_json(options.plan, results); }
    return results.errors.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    options.stage.mock_path = (here / "mock_upstream").string();
    options.stage.nginx_template_path = LLMGW_SOURCE_DIR "/tests/bench/nginx.conf.in";
    if (!parse(argc, argv, options)) {
        fmt::print(stderr, "{}", usage_text);
        return 2;
    }
    if (raise_open_files_limit() < static_cast<std::uint64_t>(options.plan.streams) * 2 + 100) {
        fmt::print(stderr, "bench: the limit of open files is too low for {} streams (ulimit -Hn)\n",
                   options.plan.streams);
        return 1;
    }
    return run(options);
}
