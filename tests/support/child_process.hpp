// A child process whose output is captured while it runs.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/socket.hpp"

namespace llmgw::testing {

using Variables = std::vector<std::pair<std::string, std::string>>;

// How a process ended: its exit code, or 128 + the signal's number as a shell says it.
using ExitCode = int;

class ChildProcess {
public:
    // Starts argv[0] with exactly these environment variables. Throws std::runtime_error when it cannot.
    ChildProcess(std::vector<std::string> argv, Variables environment, std::string_view standard_input = {});
    ~ChildProcess();  // kills it when it still runs
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    int pid() const { return pid_; }
    void signal(int number);
    bool running();
    // nullopt when it did not end in time.
    std::optional<ExitCode> wait(Millis timeout = patience);

    std::string out() const;
    std::string err() const;
    // Waits until standard error holds `text` after `from`. False when the process ended or time ran out first.
    bool wait_err(std::string_view text, std::size_t from = 0, Millis timeout = patience) const;
    // The same for standard output.
    bool wait_out(std::string_view text, Millis timeout = patience) const;

private:
    void pump(int out_fd, int err_fd);

    int pid_ = -1;
    std::optional<ExitCode> exit_;
    std::thread reader_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::string out_;
    std::string err_;
    bool closed_ = false;  // both outputs have ended
};

}  // namespace llmgw::testing
