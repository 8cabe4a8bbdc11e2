#include "tests/bench/report.hpp"

#include <cmath>
#include <vector>

#include <fmt/core.h>

#include "tests/bench/load.hpp"

namespace llmgw::bench {
namespace {

struct Line {
    std::string what;
    double direct = std::nan("");
    double nginx = std::nan("");
    double llmgw = std::nan("");
    double measure = std::nan("");  // what the bound is about
    std::string bound;              // in words; "" for a line that is only shown
    bool met = false;
};

// The bound holds, or cannot be told because a number is missing.
Line bounded(Line line, double measure, const char* relation, double limit) {
    line.measure = measure;
    bool at_least = std::string_view(relation) == ">=";
    line.met = at_least ? measure >= limit : measure <= limit;
    line.bound = fmt::format("{} {:g}", relation, limit);
    return line;
}

class Lines {
public:
    explicit Lines(const Results& results) : results_(results) {}

    Line take(const std::string& what, const std::string& phase, const std::string& number) const {
        return {what,
                results_.median(phase, "direct", number),
                results_.median(phase, "nginx", number),
                results_.median(phase, "llmgw", number),
                std::nan(""),
                "",
                false};
    }

    std::vector<Line> contract(const Plan& plan) const {
        std::vector<Line> lines;
        Line line = take("small calls, 32 connections: requests/s", "small", "requests_per_s");
        lines.push_back(bounded(line, line.llmgw / line.nginx, ">=", 0.45));
        lines.push_back(take("  p99, us", "small", "p99_us"));
        line = take("small calls, 1 connection: p50, us (added to nginx's)", "one", "p50_us");
        lines.push_back(bounded(line, line.llmgw - line.nginx, "<=", 100));
        line = take("300 KB body: p50, us (added, over nginx's added)", "body", "p50_us");
        lines.push_back(bounded(line, (line.llmgw - line.direct) / (line.nginx - line.direct), "<=", 2));
        add_streams(plan, lines);
        add_reuse(lines);
        add_process(lines);
        return lines;
    }

private:
    void add_streams(const Plan& plan, std::vector<Line>& lines) const {
        std::string streams = fmt::format("{} streams x {}/s: ", plan.streams, plan.events_per_s);
        for (const char* phase : {"streams", "burst"}) {
            std::string name = std::string_view(phase) == "burst" ? "burst of " + streams : streams;
            Line line = take(name + "broken", phase, "broken");
            lines.push_back(bounded(line, line.llmgw, "<=", 0));
            line = take("  first event p99, ms", phase, "first_event_ms_p99");
            lines.push_back(bounded(line, line.llmgw / line.nginx, "<=", 2));
            line = take("  delay per event p50, us", phase, "delay_us_p50");
            lines.push_back(bounded(line, line.llmgw / line.nginx, "<=", 1));
            line = take("  delay per event p99, us", phase, "delay_us_p99");
            lines.push_back(bounded(line, line.llmgw / line.nginx, "<=", 3));
            lines.push_back(take("  p99 once all are open, us", phase, "steady_us_p99"));
        }
        Line line = take("translated " + streams + "broken", "translated", "broken");
        lines.push_back(bounded(line, line.llmgw, "<=", 0));
        line = take("  CPU per event, us", "translated", "cpu_us_per_event");
        lines.push_back(bounded(line, line.llmgw, "<=", 30));
        lines.push_back(take("  delay per event p50, us", "translated", "delay_us_p50"));
    }

    void add_reuse(std::vector<Line>& lines) const {
        for (const char* phase : {"small", "one", "body", "streams", "burst"}) {
            Line line = take(fmt::format("upstream connections opened, {}", phase), phase, "upstream_connections");
            double limit = std::string_view(phase) == "small" ? 64 : 2;
            bool of_streams = std::string_view(phase) == "streams" || std::string_view(phase) == "burst";
            lines.push_back(of_streams ? line : bounded(line, line.llmgw, "<=", limit));
        }
    }

    void add_process(std::vector<Line>& lines) const {
        Line line = take("RSS idle, MB", "idle", "rss_mb");
        lines.push_back(bounded(line, line.llmgw, "<=", 15));
        lines.push_back(take("  PSS", "idle", "pss_mb"));
        line = take("RSS with the streams, MB", "streams", "rss_mb");
        lines.push_back(bounded(line, line.llmgw, "<=", 120));
        lines.push_back(take("  PSS", "streams", "pss_mb"));
        lines.push_back(take("RSS after the load, MB", "after", "rss_mb"));
        line = take("ready after exec, ms", "start", "ready_ms");
        lines.push_back(bounded(line, line.llmgw, "<=", 30));
        lines.push_back(take("  the very first start, ms", "start", "first_ready_ms"));
        lines.push_back(take("  SIGTERM to exit, ms", "start", "stop_ms"));
        line = take("llmgw --version, ms", "start", "version_ms");
        lines.push_back(bounded(line, line.llmgw, "<=", 10));
        line = take("calls in the usage log, of those answered", "ledger", "logged");
        double answered = results_.median("ledger", "llmgw", "answered");
        lines.push_back(bounded(line, line.llmgw / answered, ">=", 1));
    }

    const Results& results_;
};

std::string number(double value) {
    if (std::isnan(value)) { return "-"; }
    double size = std::fabs(value);
    return size >= 100 || value == std::floor(value) ? fmt::format("{:.0f}", value)
                                                     : fmt::format("{:.{}f}", value, size >= 10 ? 1 : 2);
}

bool shown(const Line& line) {
    return !std::isnan(line.direct) || !std::isnan(line.nginx) || !std::isnan(line.llmgw);
}

void print_costs(const Results& results) {
    fmt::print("\n{:<10}{:<8}{:>12}{:>12}{:>12}{:>15}{:>18}{:>18}\n", "phase", "target", "mock cores", "its cores",
               "load cores", "others' cores", "its us per call", "mock late p99 us");
    for (const char* phase : {"small", "one", "body", "streams", "burst", "translated"}) {
        auto found = results.rounds.find(phase);
        if (found == results.rounds.end()) { continue; }
        for (const char* target : {"direct", "nginx", "llmgw"}) {
            auto of = [&](const char* name) { return results.median(phase, target, name); };
            if (std::isnan(of("cpu_mock"))) { continue; }
            double per_call = of("cpu_us_per_call");
            double per_event = of("cpu_us_per_event");
            std::string cost = std::isnan(per_event) ? number(per_call) : number(per_event) + " (event)";
            fmt::print("{:<10}{:<8}{:>12.2f}{:>12}{:>12.2f}{:>15.2f}{:>18}{:>18}\n", phase, target, of("cpu_mock"),
                       number(of("cpu_proxy")), of("cpu_load"), of("cpu_others"), cost, number(of("mock_late_us_p99")));
        }
    }
}

// The most that others used in any phase, in cores.
double busiest_others(const Results& results) {
    double most = 0;
    for (const auto& [phase, targets] : results.rounds) {
        for (const auto& [target, numbers] : targets) {
            double others = results.median(phase, target, "cpu_others");
            if (others > most) { most = others; }
        }
    }
    return most;
}

std::string json_value(double value) {
    return std::isfinite(value) ? fmt::format("{:.6g}", value) : "null";
}

}  // namespace

void print_report(const Plan& plan, const Results& results) {
    fmt::print("{:<54}{:>10}{:>10}{:>10}{:>10}  {:<9}{}\n", "median of the rounds", "direct", "nginx", "llmgw",
               "measure", "bound", "met");
    for (const Line& line : Lines(results).contract(plan)) {
        if (!shown(line)) { continue; }
        bool judged = !line.bound.empty() && !std::isnan(line.measure);
        fmt::print("{:<54}{:>10}{:>10}{:>10}{:>10}  {:<9}{}\n", line.what, number(line.direct), number(line.nginx),
                   number(line.llmgw), number(line.measure), line.bound, judged ? (line.met ? "yes" : "NO") : "");
    }
    print_costs(results);
    if (double others = busiest_others(results); others > disturbing_cores) {
        fmt::print("warning: other processes used up to {:.1f} cores: these numbers say little (see --patient)\n",
                   others);
    }
    for (const std::string& error : results.errors) {
        fmt::print("error: {}\n", error);
    }
}

std::string report_json(const Plan& plan, const Results& results) {
    std::string out = "{\n\"contract\": [";
    std::string_view separator = "\n";
    for (const Line& line : Lines(results).contract(plan)) {
        if (!shown(line)) { continue; }
        bool judged = !line.bound.empty() && !std::isnan(line.measure);
        out += fmt::format(R"({}  {{"what":{},"direct":{},"nginx":{},"llmgw":{},"measure":{},"bound":{},"met":{}}})",
                           separator, json_string(line.what), json_value(line.direct), json_value(line.nginx),
                           json_value(line.llmgw), json_value(line.measure), json_string(line.bound),
                           judged ? (line.met ? "true" : "false") : "null");
        separator = ",\n";
    }
    out += "\n],\n\"rounds\": {";
    separator = "\n";
    for (const auto& [phase, targets] : results.rounds) {
        for (const auto& [target, numbers] : targets) {
            for (const auto& [name, values] : numbers) {
                out += fmt::format("{}  {}: [", separator, json_string(phase + "/" + target + "/" + name));
                for (std::size_t i = 0; i < values.size(); ++i) {
                    out += (i == 0 ? "" : ",") + json_value(values[i]);
                }
                out += "]";
                separator = ",\n";
            }
        }
    }
    out += "\n},\n\"errors\": [";
    separator = "";
    for (const std::string& error : results.errors) {
        out.append(separator).append(json_string(error));
        separator = ", ";
    }
    return out + "]\n}\n";
}

}  // namespace llmgw::bench
