#include "tests/bench/profile.hpp"

#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include "tests/bench/sys.hpp"

namespace llmgw::bench {
namespace {

// The calls a proxy is likely to make while it streams; perf counts the others as a whole.
const std::vector<std::string> watched_calls = {
    "epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl",  "poll",       "ppoll",   "select",
    "pselect6",   "recvfrom",    "recvmsg",      "read",       "readv",      "write",   "writev",
    "sendto",     "sendmsg",     "futex",        "getsockopt", "setsockopt", "ioctl",   "fcntl",
    "socket",     "connect",     "accept4",      "close",      "clone3",     "madvise", "mprotect",
    "mmap",       "munmap",      "sched_yield",  "pwrite64",   "fdatasync"};

const std::string total_name = "all system calls";

using Counts = std::map<std::string, double>;

std::string joined(const std::vector<pid_t>& pids) {
    std::string text;
    for (pid_t pid : pids) {
        text += (text.empty() ? "" : ",") + std::to_string(pid);
    }
    return text;
}

std::vector<std::string> perf_arguments(const std::string& output) {
    std::string events = "raw_syscalls:sys_enter,context-switches";
    for (const std::string& call : watched_calls) {
        if (std::filesystem::exists("/sys/kernel/tracing/events/syscalls/sys_enter_" + call)) {
            events += ",syscalls:sys_enter_" + call;
        }
    }
    return {"perf", "stat", "-x,", "-o", output, "-e", events};
}

bool perf_works(const std::string& directory) {
    std::vector<std::string> argv = perf_arguments(directory + "/perf-try");
    argv.emplace_back("true");
    Process process;
    return process.start({argv, own_environment(), directory + "/perf.log"}) && process.wait(10'000) == 0;
}

// "123,,syscalls:sys_enter_read,..." a line.
Counts parse_perf(const std::string& text) {
    Counts counts;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::size_t first = line.find(',');
        std::size_t second = first == std::string::npos ? first : line.find(',', first + 1);
        if (second == std::string::npos) { continue; }
        std::string name = line.substr(second + 1, line.find(',', second + 1) - second - 1);
        constexpr std::string_view prefix = "syscalls:sys_enter_";
        if (name.starts_with(prefix)) { name.erase(0, prefix.size()); }
        counts[name == "raw_syscalls:sys_enter" ? total_name : name] = std::strtod(line.c_str(), nullptr);
    }
    return counts;
}

// "% time  seconds  usecs/call  calls  [errors]  syscall" a line, the last one the total.
Counts parse_strace(const std::string& text) {
    Counts counts;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::vector<std::string> fields;
        for (std::string word; words >> word;) {
            fields.push_back(word);
        }
        if (fields.size() < 5 || fields[0].find_first_not_of("0123456789.") != std::string::npos) { continue; }
        counts[fields.back() == "total" ? total_name : fields.back()] = std::strtod(fields[3].c_str(), nullptr);
    }
    return counts;
}

}  // namespace

bool profile_streams(const Plan& given, Stage& stage, const std::vector<Target>& targets, Results& results) {
    bool perf = perf_works(stage.directory());
    Plan plan = given;
    plan.only = "streams";
    plan.stream_rounds = 1;
    if (!perf) {
        // Under strace every call stops its thread, so only a light load can be kept up.
        plan.streams = std::min(plan.streams, 100);
        plan.events_per_s = std::min(plan.events_per_s, 10);
    }
    std::map<std::string, Counts> per_event;
    std::set<std::string> names;
    for (const Target& target : targets) {
        if (target.process == nullptr) { continue; }
        std::string output = stage.directory() + "/trace-" + target.name;
        std::vector<std::string> argv =
            perf ? perf_arguments(output) : std::vector<std::string>{"strace", "-f", "-c", "-o", output};
        if (perf) { argv.insert(argv.end(), {"-p", joined(target.process->members())}); }
        if (!perf) {
            for (pid_t pid : target.process->members()) {
                argv.insert(argv.end(), {"-p", std::to_string(pid)});
            }
        }
        Process tracer;
        if (!tracer.start({argv, own_environment(), stage.directory() + "/tracer.log"})) { break; }
        sleep(1);  // it has to attach to every thread
        Results run;
        run_phases(plan, stage, {target}, run);
        tracer.signal(SIGINT);
        tracer.wait(10'000);
        Counts counts = perf ? parse_perf(read_file(output)) : parse_strace(read_file(output));
        double events = run.median("streams", target.name, "events");
        for (const auto& [name, count] : counts) {
            per_event[target.name][name] = count / events;
            if (count / events >= 0.005) { names.insert(name); }
        }
        results.errors.insert(results.errors.end(), run.errors.begin(), run.errors.end());
        results.calls_to_llmgw += run.calls_to_llmgw;
    }
    if (names.empty()) {
        fmt::print(stderr, "bench: neither perf nor strace can count here\n{}\n",
                   read_file(stage.directory() + "/tracer.log"));
        return false;
    }
    fmt::print("per event, {} streams x {}/s, {}{:>12}{:>12}\n", plan.streams, plan.events_per_s,
               perf ? "perf  " : "strace", "nginx", "llmgw");
    for (const std::string& name : names) {
        fmt::print("{:<38}{:>10.3f}{:>12.3f}\n", name, per_event["nginx"][name], per_event["llmgw"][name]);
    }
    return true;
}

}  // namespace llmgw::bench
