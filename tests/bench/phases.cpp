#include "tests/bench/phases.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/core.h>
#include <sqlite3.h>
#include <unistd.h>

#include "tests/bench/load.hpp"
#include "tests/bench/sys.hpp"

namespace llmgw::bench {
namespace {

// Processor time of one process group and of the load generator over a piece of work, in shares of one core.
class CpuMeter {
public:
    CpuMeter(const Stage& stage, const Target& target) : stage_(stage), target_(target), before_(sample()) {}

    void stop(Numbers& numbers, double per, const char* per_name) const {
        Sample now = sample();
        double wall = now.wall_s - before_.wall_s;
        numbers["cpu_mock"] = (now.mock_s - before_.mock_s) / wall;
        numbers["cpu_load"] = (now.load_s - before_.load_s) / wall;
        double ours = now.mock_s + now.proxy_s + now.load_s - before_.mock_s - before_.proxy_s - before_.load_s;
        numbers["cpu_others"] = std::max(0.0, (now.machine_s - before_.machine_s - ours) / wall);
        if (target_.process == nullptr) { return; }
        numbers["cpu_proxy"] = (now.proxy_s - before_.proxy_s) / wall;
        numbers[per_name] = (now.proxy_s - before_.proxy_s) * 1e6 / std::max(per, 1.0);
    }

private:
    struct Sample {
        double wall_s, mock_s, proxy_s, load_s, machine_s;
    };
    Sample sample() const {
        return {static_cast<double>(now_ns()) / 1e9, stage_.mock().cpu_s(),
                target_.process == nullptr ? 0 : target_.process->cpu_s(), own_cpu_s(), machine_cpu_s()};
    }

    const Stage& stage_;
    const Target& target_;
    Sample before_;
};

void add_mock_numbers(const Stage& stage, Numbers& numbers) {
    std::string stats = stage.mock_stats();
    double requests = json_number(stats, "requests");
    numbers["upstream_connections"] = std::max(0.0, json_number(stats, "connections") - 1);  // less this look
    numbers["upstream_requests"] = requests;
    numbers["upstream_body_bytes"] = requests > 0 ? json_number(stats, "body_bytes") / requests : 0;
    numbers["mock_late_us_p99"] = json_number(stats, "late_us_p99");
    numbers["mock_stalls"] = json_number(stats, "stalls");
}

Numbers loop_phase(const Plan& plan, const Stage& stage, const Target& target, int connections, std::size_t body_bytes,
                   Results& results, const std::string& phase) {
    LoopOptions options;
    options.port = target.port;
    options.connections = connections;
    options.warmup_s = plan.quick ? 0.2 : 0.4;
    options.seconds = connections == 1 ? plan.seconds * 0.6 : plan.seconds;
    options.request.key = target.key;
    options.request.body_bytes = body_bytes;
    stage.reset_mock_stats();
    KeepAwake awake(plan.awake && connections == 1);
    CpuMeter meter(stage, target);
    LoopResult result = run_loop(options);
    Numbers numbers;
    meter.stop(numbers, static_cast<double>(result.calls), "cpu_us_per_call");
    add_mock_numbers(stage, numbers);
    numbers["requests_per_s"] = result.requests_per_s;
    numbers["p50_us"] = result.p50_us;
    numbers["p90_us"] = result.p90_us;
    numbers["p99_us"] = result.p99_us;
    numbers["errors"] = static_cast<double>(result.errors);
    if (result.errors > 0) {
        results.errors.push_back(
            fmt::format("{}, {}: {} errors: {}", phase, target.name, result.errors, result.first_error));
    }
    if (target.name == "llmgw") { results.calls_to_llmgw += static_cast<double>(result.calls); }
    return numbers;
}

// A client of Anthropic's with a model of OpenAI's.
void translate(StreamsOptions& options) {
    options.translated = true;
    options.request.shape = Shape::messages;
    options.request.model = "chat/gpt-5-mini";
}

Numbers streams_phase(const Plan& plan, const Stage& stage, const Target& target, Results& results,
                      const std::string& phase) {
    const bool burst = phase == "burst";
    StreamsOptions options;
    if (phase == "translated") { translate(options); }
    options.port = target.port;
    options.streams = plan.streams;
    options.ramp_s = burst ? 0 : 1;
    options.request.key = target.key;
    options.request.stream = true;
    double seconds = burst ? std::min(1.5, plan.stream_s) : plan.stream_s;
    options.request.pace = {plan.events_per_s, static_cast<int>(plan.events_per_s * seconds)};
    Memory memory;
    if (phase == "streams" && target.process != nullptr) {
        options.while_running = [&memory, &target] { memory = target.process->memory(); };
    }
    stage.reset_mock_stats();
    CpuMeter meter(stage, target);
    StreamsResult result = run_streams(options);
    Numbers numbers;
    meter.stop(numbers, static_cast<double>(result.events), "cpu_us_per_event");
    add_mock_numbers(stage, numbers);
    numbers["broken"] = static_cast<double>(result.broken);
    numbers["events"] = static_cast<double>(result.events);
    numbers["connect_ms_max"] = result.connect_ms_max;
    numbers["first_event_ms_p50"] = result.first_event_ms_p50;
    numbers["first_event_ms_p99"] = result.first_event_ms_p99;
    numbers["first_event_ms_max"] = result.first_event_ms_max;
    numbers["delay_us_p50"] = result.delay_us_p50;
    numbers["delay_us_p99"] = result.delay_us_p99;
    numbers["delay_us_max"] = result.delay_us_max;
    numbers["steady_us_p50"] = result.steady_us_p50;
    numbers["steady_us_p99"] = result.steady_us_p99;
    if (memory.rss_mb > 0) {
        numbers["rss_mb"] = memory.rss_mb;
        numbers["pss_mb"] = memory.pss_mb;
    }
    if (result.broken > 0) {
        results.errors.push_back(fmt::format("{}, {}: {} of {} streams broken: {}", phase, target.name, result.broken,
                                             result.streams, result.first_error));
    }
    if (target.name == "llmgw") { results.calls_to_llmgw += static_cast<double>(result.streams - result.broken); }
    return numbers;
}

// What a patient run may still spend on waiting and repeating, in seconds, over all its phases.
class Patience {
public:
    explicit Patience(const Plan& plan) : left_s_(plan.patient ? 180 : 0) {}

    Numbers run_undisturbed(const std::function<Numbers()>& run) {
        while (true) {
            await_quiet_machine();
            std::int64_t begin = now_ns();
            Numbers numbers = run();
            if (left_s_ <= 0 || numbers["cpu_others"] < disturbing_cores) { return numbers; }
            left_s_ -= static_cast<double>(now_ns() - begin) / 1e9;
        }
    }

private:
    void await_quiet_machine() {
        constexpr double look_s = 0.3;
        while (left_s_ > 0) {
            double before_s = machine_cpu_s();
            usleep(static_cast<useconds_t>(look_s * 1e6));
            left_s_ -= look_s;
            if (machine_cpu_s() - before_s < look_s * disturbing_cores) { return; }
        }
    }

    double left_s_;
};

}  // namespace

void Results::add(const std::string& phase, const std::string& target, const Numbers& numbers) {
    for (const auto& [name, value] : numbers) {
        rounds[phase][target][name].push_back(value);
    }
}

double Results::median(const std::string& phase, const std::string& target, const std::string& number) const {
    auto in_phase = rounds.find(phase);
    if (in_phase == rounds.end()) { return std::nan(""); }
    auto in_target = in_phase->second.find(target);
    if (in_target == in_phase->second.end()) { return std::nan(""); }
    auto found = in_target->second.find(number);
    if (found == in_target->second.end() || found->second.empty()) { return std::nan(""); }
    std::vector<double> values = found->second;
    std::sort(values.begin(), values.end());
    std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void run_phases(const Plan& plan, Stage& stage, const std::vector<Target>& targets, Results& results) {
    struct Phase {
        const char* name;
        int rounds;
        std::function<Numbers(const Target&)> run;
    };
    const std::vector<Phase> phases = {
        {"small", plan.rounds, [&](const Target& t) { return loop_phase(plan, stage, t, 32, 0, results, "small"); }},
        {"one", plan.rounds, [&](const Target& t) { return loop_phase(plan, stage, t, 1, 0, results, "one"); }},
        {"body", plan.rounds, [&](const Target& t) { return loop_phase(plan, stage, t, 1, 300'000, results, "body"); }},
        {"streams", plan.stream_rounds,
         [&](const Target& t) { return streams_phase(plan, stage, t, results, "streams"); }},
        {"burst", plan.stream_rounds, [&](const Target& t) { return streams_phase(plan, stage, t, results, "burst"); }},
        {"translated", plan.stream_rounds,
         [&](const Target& t) { return streams_phase(plan, stage, t, results, "translated"); }},
    };
    Patience patience(plan);
    for (const Phase& phase : phases) {
        if (!plan.wants(phase.name)) { continue; }
        for (int round = 0; round < phase.rounds; ++round) {
            fmt::print(stderr, "\r{} {}/{}   ", phase.name, round + 1, phase.rounds);
            std::vector<Target> turn = targets;
            if (round % 2 == 1) { std::reverse(turn.begin(), turn.end()); }
            for (const Target& target : turn) {
                // Only llmgw can.
                if (std::string_view(phase.name) == "translated" && target.name != "llmgw") { continue; }
                results.add(phase.name, target.name, patience.run_undisturbed([&] { return phase.run(target); }));
            }
        }
        fmt::print(stderr, "\r                  \r");
    }
}

bool measure_starts(const Plan& plan, Stage& stage, Results& results) {
    for (int i = 0; i <= plan.starts; ++i) {
        stage.stop_llmgw();
        if (!stage.start_llmgw()) { return false; }
        // The first start makes the data directory and the client key; the contract is about those that follow.
        results.add("start", "llmgw", {{i == 0 ? "first_ready_ms" : "ready_ms", stage.ready_ms()}});
        if (i == plan.starts) { break; }
        results.add("start", "llmgw", {{"stop_ms", stage.stop_llmgw()}});
    }
    for (int i = 0; i < 2 * plan.starts; ++i) {
        double version_ms = stage.version_ms();
        if (version_ms < 0) {
            results.errors.push_back("llmgw --version failed");
            return true;
        }
        results.add("start", "llmgw", {{"version_ms", version_ms}});
    }
    return true;
}

void measure_memory(const std::string& phase, const std::vector<Target>& targets, Results& results) {
    sleep(1);
    for (const Target& target : targets) {
        if (target.process == nullptr) { continue; }
        Memory memory = target.process->memory();
        results.add(phase, target.name, {{"rss_mb", memory.rss_mb}, {"pss_mb", memory.pss_mb}});
    }
}

double count_logged_calls(const std::string& usage_db_path) {
    sqlite3* db = nullptr;
    sqlite3_stmt* statement = nullptr;
    double count = -1;
    if (sqlite3_open_v2(usage_db_path.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT count(*) FROM calls", -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        count = sqlite3_column_double(statement, 0);
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
}

}  // namespace llmgw::bench
