#include "tests/support/child_process.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace llmgw::testing {
namespace {

struct Pipe {
    Socket read;
    Socket write;
};

Pipe make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) { throw std::runtime_error("pipe2 failed"); }
    return {Socket(ends[0]), Socket(ends[1])};
}

ExitCode exit_code_of(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> argv, Variables environment, std::string_view standard_input) {
    auto in = make_pipe();
    auto out = make_pipe();
    auto err = make_pipe();
    std::vector<std::string> pairs;
    for (const auto& [name, value] : environment) {
        pairs.push_back(name + "=" + value);
    }
    std::vector<char*> argv_c;
    for (auto& argument : argv) {
        argv_c.push_back(argument.data());
    }
    argv_c.push_back(nullptr);
    std::vector<char*> env_c;
    for (auto& pair : pairs) {
        env_c.push_back(pair.data());
    }
    env_c.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in.read.fd(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out.write.fd(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err.write.fd(), STDERR_FILENO);
    pid_t pid = -1;
    const int failure = ::posix_spawnp(&pid, argv_c[0], &actions, nullptr, argv_c.data(), env_c.data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) { throw std::runtime_error("cannot start " + argv[0] + ": " + std::strerror(failure)); }
    pid_ = pid;
    in.read.close();
    out.write.close();
    err.write.close();
    reader_ = std::thread(
        [this, out_end = std::move(out.read), err_end = std::move(err.read)] { pump(out_end.fd(), err_end.fd()); });
    // Inputs of tests are smaller than a pipe holds, so this does not block.
    if (!standard_input.empty()) { (void)!::write(in.write.fd(), standard_input.data(), standard_input.size()); }
}

ChildProcess::~ChildProcess() {
    if (running()) {
        signal(SIGKILL);
        wait();
    }
    reader_.join();
}

void ChildProcess::signal(int number) {
    if (!exit_) { ::kill(pid_, number); }
}

bool ChildProcess::running() {
    return !wait(Millis{0});
}

std::optional<ExitCode> ChildProcess::wait(Millis timeout) {
    if (exit_) { return exit_; }
    // Waited for with a descriptor, not by asking again and again.
    const Socket handle(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    pollfd ended{handle.fd(), POLLIN, 0};
    while (::poll(&ended, 1, static_cast<int>(timeout.count())) < 0 && errno == EINTR) {}
    if (ended.revents == 0) { return std::nullopt; }
    int status = 0;
    if (::waitpid(pid_, &status, 0) != pid_) { return std::nullopt; }
    exit_ = exit_code_of(status);
    // What it wrote last is part of the result. A grandchild may hold the pipes open: not waited for forever.
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, Millis{2000}, [this] { return closed_; });
    return exit_;
}

std::string ChildProcess::out() const {
    const std::lock_guard lock(mutex_);
    return out_;
}

std::string ChildProcess::err() const {
    const std::lock_guard lock(mutex_);
    return err_;
}

bool ChildProcess::wait_err(std::string_view text, std::size_t from, Millis timeout) const {
    std::unique_lock lock(mutex_);
    const auto found = [&] { return err_.size() >= from && err_.find(text, from) != std::string::npos; };
    changed_.wait_for(lock, timeout, [&] { return found() || closed_; });
    return found();
}

bool ChildProcess::wait_out(std::string_view text, Millis timeout) const {
    std::unique_lock lock(mutex_);
    const auto found = [&] { return out_.find(text) != std::string::npos; };
    changed_.wait_for(lock, timeout, [&] { return found() || closed_; });
    return found();
}

void ChildProcess::pump(int out_fd, int err_fd) {
    pollfd fds[2] = {{out_fd, POLLIN, 0}, {err_fd, POLLIN, 0}};
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        if (::poll(fds, 2, -1) < 0) { continue; }
        for (int i = 0; i < 2; ++i) {
            if (fds[i].revents == 0) { continue; }
            char buffer[16384];
            const auto n = ::read(fds[i].fd, buffer, sizeof buffer);
            if (n < 0 && errno == EINTR) { continue; }
            if (n <= 0) {
                fds[i].fd = -1;
                continue;
            }
            const std::lock_guard lock(mutex_);
            (i == 0 ? out_ : err_).append(buffer, static_cast<std::size_t>(n));
            changed_.notify_all();
        }
    }
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    changed_.notify_all();
}

}  // namespace llmgw::testing
