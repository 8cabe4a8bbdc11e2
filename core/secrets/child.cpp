#include "core/secrets/child.hpp"

#if !defined(_WIN32)

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/secrets/child_posix.hpp"

extern char** environ;

namespace llmgw {
namespace {

using Steady = std::chrono::steady_clock;

class Fd {
public:
    explicit Fd(int fd = -1) : fd_(fd) {}
    ~Fd() { reset(); }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    int get() const { return fd_; }
    void reset(int fd = -1) {
        if (fd_ >= 0) { ::close(fd_); }
        fd_ = fd;
    }

private:
    int fd_;
};

int left_ms(Steady::time_point deadline) {
    // Rounded up: a limit is never cut short.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
    return left <= 0 ? 0 : static_cast<int>(left);
}

struct SpawnPlan {
    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
    SpawnPlan() {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
    }
    ~SpawnPlan() {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (const auto& text : texts) {
        out.push_back(const_cast<char*>(text.c_str()));  // NOLINT: the C interface does not change them
    }
    out.push_back(nullptr);
    return out;
}

Result<pid_t> spawn(const ChildRun& run, int input, int output) {
    SpawnPlan plan;
    posix_spawn_file_actions_adddup2(&plan.actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&plan.actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&plan.actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    // Client connections of a running gateway are none of the child's business.
    posix::close_others(&plan.actions);
    sigset_t none;
    sigset_t defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    for (const int signal : {SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) {
        sigaddset(&defaults, signal);
    }
    posix_spawnattr_setsigmask(&plan.attributes, &none);
    posix_spawnattr_setsigdefault(&plan.attributes, &defaults);
    posix_spawnattr_setpgroup(&plan.attributes, 0);
    posix_spawnattr_setflags(&plan.attributes, static_cast<short>(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                                  POSIX_SPAWN_SETSIGDEF | posix::spawn_flags));
    const auto argv = pointers(run.argv);
    const auto envp = pointers(run.environment);
    pid_t pid = -1;
    const int error =
        ::posix_spawnp(&pid, run.argv.front().c_str(), &plan.actions, &plan.attributes, argv.data(), envp.data());
    if (error != 0) {
        return fail(ErrorKind::io, fmt::format("cannot start {}: {}", run.argv.front(), std::strerror(error)));
    }
    return pid;
}

enum class Talk { whole, late, too_long };

// Writes all input and reads all output, whichever is possible first.
Talk talk(const ChildRun& run, Fd& input, const Fd& output, Steady::time_point deadline, std::string& out) {
    std::string_view left = run.input;
    if (left.empty()) { input.reset(); }
    for (;;) {
        pollfd fds[2] = {{output.get(), POLLIN, 0}, {input.get(), POLLOUT, 0}};
        const int ready = ::poll(fds, input.get() >= 0 ? 2 : 1, left_ms(deadline));
        if (ready < 0 && errno == EINTR) { continue; }
        if (ready <= 0) { return Talk::late; }
        if (input.get() >= 0 && fds[1].revents != 0) {
            const auto n = ::send(input.get(), left.data(), left.size(), posix::send_flags);
            if (n > 0) { left.remove_prefix(static_cast<std::size_t>(n)); }
            // A child that does not want its input may close it.
            if (left.empty() || (n < 0 && errno != EAGAIN && errno != EINTR)) { input.reset(); }
        }
        if (fds[0].revents != 0) {
            char buffer[4096];
            const auto n = ::read(output.get(), buffer, sizeof buffer);
            if (n < 0 && errno == EINTR) { continue; }
            if (n <= 0) { return Talk::whole; }
            out.append(buffer, static_cast<std::size_t>(n));
            wipe(buffer, static_cast<std::size_t>(n));
            if (out.size() > run.output_bytes_max) { return Talk::too_long; }
        }
    }
}

// Output at its end does not mean that the child has ended.
bool wait_until(pid_t pid, Steady::time_point deadline, int& status) {
    for (;;) {
        const auto got = ::waitpid(pid, &status, WNOHANG);
        if (got == pid) { return true; }
        if (got < 0 && errno != EINTR) { return true; }
        if (left_ms(deadline) == 0) { return false; }
        ::poll(nullptr, 0, 1);
    }
}

}  // namespace

Result<ChildExit> run_child(const ChildRun& run) {
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};
    // A socket, because a write to it can be told not to raise SIGPIPE.
    if (!posix::open_socket_pair(in)) {
        return fail(ErrorKind::io, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
    }
    Fd input(in[0]);
    Fd child_input(in[1]);
    if (!posix::open_pipe(out)) {
        return fail(ErrorKind::io, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
    }
    Fd output(out[0]);
    Fd child_output(out[1]);

    const auto deadline = Steady::now() + run.limit;
    const auto pid = spawn(run, child_input.get(), child_output.get());
    if (!pid) { return std::unexpected(pid.error()); }
    child_input.reset();
    child_output.reset();

    ChildExit result;
    const auto how = talk(run, input, output, deadline, result.output);
    int status = 0;
    const bool ended = how == Talk::whole && wait_until(*pid, deadline, status);
    // Whatever the child started and left behind goes with it.
    ::kill(-*pid, SIGKILL);
    if (!ended) {
        while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {}
        wipe(result.output);
        if (how == Talk::too_long) {
            return fail(ErrorKind::too_large,
                        fmt::format("{} wrote more than {} bytes", run.argv.front(), run.output_bytes_max));
        }
        return fail(ErrorKind::timeout,
                    fmt::format("{} did not end within {} ms", run.argv.front(), run.limit.count()));
    }
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

std::vector<std::string> environment_list() {
    std::vector<std::string> out;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        out.emplace_back(*entry);
    }
    return out;
}

std::vector<std::string> environment_list(const std::vector<std::string>& names) {
    std::vector<std::string> out;
    for (const auto& name : names) {
        if (const char* value = std::getenv(name.c_str()); value != nullptr) { out.push_back(name + "=" + value); }
    }
    return out;
}

void wipe(std::string& text) {
    wipe(text.data(), text.size());
    text.clear();
}

void wipe(void* bytes, std::size_t size) {
    posix::wipe_bytes(bytes, size);
}

}  // namespace llmgw

#endif
