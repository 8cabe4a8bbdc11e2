// Processes the driver starts: each in a process group of its own, all of them ended with the driver, however it ends.
#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace llmgw::bench {

struct Command {
    std::vector<std::string> argv;  // argv[0] is a path, or a name to be found on PATH
    std::vector<std::string> environment;
    std::string output_path;  // stdout and stderr are appended to it
};

struct Memory {
    double rss_mb = 0;
    double pss_mb = 0;  // shared pages counted by their share
};

class Process {
public:
    Process() = default;
    ~Process() { stop(); }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    // False, with errno set, when the program cannot be run. `started_ns()` is then the time just before exec.
    bool start(const Command& command);
    // SIGTERM to the group, SIGKILL after the patience. Returns how long it took in milliseconds.
    double stop(int patience_ms = 5000);
    void signal(int number) const;
    // Waits for the end; the exit status, or -1 when it was killed or the time is over.
    int wait(int patience_ms);

    bool running() const { return pid_ > 0; }
    pid_t pid() const { return pid_; }
    std::int64_t started_ns() const { return started_ns_; }

    // Sums over the processes of the group.
    Memory memory() const;
    double cpu_s() const;
    std::vector<pid_t> members() const;

private:
    pid_t pid_ = -1;
    std::int64_t started_ns_ = 0;
};

// From here on SIGINT, SIGTERM and SIGHUP end all started processes, remove the directory and then this process. To be
// called before any thread is started.
void clean_up_on_signals(const std::string& directory);

// Processor time of the calling thread, and of the whole machine since it started: what a hypervisor took away is
// included, what ran at low priority (builds under nice, KeepAwake) is not.
double own_cpu_s();
double machine_cpu_s();
std::vector<std::string> own_environment();
std::string read_file(const std::string& path);

// Keeps the cores out of their idle state while it lives, by threads that run only when nothing else wants to. Waking
// a halted core costs tens of microseconds in a virtual machine, and whether one had halted is chance.
class KeepAwake {
public:
    explicit KeepAwake(bool wanted);

private:
    std::vector<std::jthread> threads_;
};

// A port below the ephemeral range that nobody listens on: polling one inside it can connect to itself.
int free_port();

}  // namespace llmgw::bench
