#include "tests/bench/process.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/sys.hpp"

namespace llmgw::bench {
namespace {

std::mutex groups_mutex;
std::set<pid_t> groups;

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (const std::string& text : texts) {
        result.push_back(const_cast<char*>(text.c_str()));
    }
    result.push_back(nullptr);
    return result;
}

// The fields of /proc/PID/stat behind the command's name, which may hold anything: [0] is the state.
std::vector<std::string> stat_fields(pid_t pid) {
    std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
    std::size_t end = text.rfind(')');
    if (end == std::string::npos) { return {}; }
    std::istringstream words(text.substr(end + 1));
    std::vector<std::string> fields;
    for (std::string word; words >> word;) {
        fields.push_back(word);
    }
    return fields;
}

double kilobytes_after(const std::string& text, std::string_view name) {
    std::size_t at = text.find(name);
    return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + name.size(), nullptr);
}

}  // namespace

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

bool Process::start(const Command& command) {
    std::vector<char*> argv = pointers(command.argv);
    std::vector<char*> environment = pointers(command.environment);
    volatile int failure = 0;
    pid_t parent = getpid();
    // The parent waits in vfork until the child has called exec, so the time taken here is that of the exec.
    started_ns_ = now_ns();
    pid_t pid = vfork();
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, nullptr);
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        int out = open(command.output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        int in = open("/dev/null", O_RDONLY);
        dup2(in, 0);
        dup2(out, 1);
        dup2(out, 2);
        if (getppid() == parent) { execvpe(argv[0], argv.data(), environment.data()); }
        failure = errno;
        _exit(127);
    }
    if (pid < 0 || failure != 0) {
        if (pid > 0) { waitpid(pid, nullptr, 0); }
        errno = failure;
        return false;
    }
    pid_ = pid;
    std::lock_guard lock(groups_mutex);
    groups.insert(pid);
    return true;
}

void Process::signal(int number) const {
    if (pid_ > 0) { kill(-pid_, number); }
}

int Process::wait(int patience_ms) {
    std::int64_t deadline_ns = now_ns() + patience_ms * 1'000'000LL;
    int status = 0;
    while (pid_ > 0) {
        pid_t ended = waitpid(pid_, &status, WNOHANG);
        if (ended == pid_) {
            // What it may have left behind goes too.
            kill(-pid_, SIGKILL);
            std::lock_guard lock(groups_mutex);
            groups.erase(pid_);
            pid_ = -1;
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        }
        if (now_ns() > deadline_ns) { return -1; }
        usleep(100);
    }
    return -1;
}

double Process::stop(int patience_ms) {
    if (pid_ <= 0) { return 0; }
    std::int64_t begin = now_ns();
    signal(SIGTERM);
    wait(patience_ms);
    if (pid_ > 0) {
        signal(SIGKILL);
        wait(5000);
    }
    return static_cast<double>(now_ns() - begin) / 1e6;
}

std::vector<pid_t> Process::members() const {
    std::vector<pid_t> found;
    DIR* directory = pid_ > 0 ? opendir("/proc") : nullptr;
    if (directory == nullptr) { return found; }
    while (dirent* entry = readdir(directory)) {
        pid_t pid = std::atoi(entry->d_name);
        if (pid > 0 && getpgid(pid) == pid_) { found.push_back(pid); }
    }
    closedir(directory);
    return found;
}

Memory Process::memory() const {
    Memory memory;
    for (pid_t pid : members()) {
        std::string base = "/proc/" + std::to_string(pid);
        memory.rss_mb += kilobytes_after(read_file(base + "/status"), "VmRSS:") / 1024;
        memory.pss_mb += kilobytes_after(read_file(base + "/smaps_rollup"), "\nPss:") / 1024;
    }
    return memory;
}

double Process::cpu_s() const {
    double ticks = 0;
    for (pid_t pid : members()) {
        std::vector<std::string> fields = stat_fields(pid);
        if (fields.size() > 12) {
            ticks += std::strtod(fields[11].c_str(), nullptr) + std::strtod(fields[12].c_str(), nullptr);
        }
    }
    return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

void clean_up_on_signals(const std::string& directory) {
    static sigset_t watched;
    sigemptyset(&watched);
    for (int number : {SIGINT, SIGTERM, SIGHUP}) {
        sigaddset(&watched, number);
    }
    pthread_sigmask(SIG_BLOCK, &watched, nullptr);
    std::thread([directory] {
        int number = 0;
        sigwait(&watched, &number);
        std::lock_guard lock(groups_mutex);
        for (int kind : {SIGTERM, SIGKILL}) {
            for (pid_t group : groups) {
                kill(-group, kind);
            }
            usleep(200'000);
        }
        std::error_code ignored;
        std::filesystem::remove_all(directory, ignored);
        _exit(130);
    }).detach();
}

double own_cpu_s() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double machine_cpu_s() {
    std::istringstream words(read_file("/proc/stat"));
    std::string name;
    // user, nice, system, idle, iowait, irq, softirq, steal; what follows is counted in user already.
    double ticks[8] = {};
    words >> name;
    for (double& value : ticks) {
        words >> value;
    }
    double busy = ticks[0] + ticks[2] + ticks[5] + ticks[6] + ticks[7];
    return busy / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::vector<std::string> own_environment() {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        result.emplace_back(*entry);
    }
    return result;
}

KeepAwake::KeepAwake(bool wanted) {
    unsigned count = wanted ? std::thread::hardware_concurrency() : 0;
    for (unsigned i = 0; i < count; ++i) {
        threads_.emplace_back([](const std::stop_token& stop) {
            sched_param lowest{};
            sched_setscheduler(0, SCHED_IDLE, &lowest);
            setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 19);  // counted as nice time
            while (!stop.stop_requested()) {}
        });
    }
}

int free_port() {
    static int next = 20000 + getpid() % 5000;
    for (int tries = 0; tries < 2000; ++tries) {
        int port = next++;
        if (listen_loopback(port)) { return port; }
    }
    return 0;
}

}  // namespace llmgw::bench
