#include "cli/app.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/command.hpp"
#include "cli/help.hpp"
#include "core/util/version.hpp"

namespace llmgw {
namespace {

std::string env_or(const char* name, std::string fallback) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? std::string(value) : std::move(fallback);
}

int exit_code_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::usage: return exit_code::usage;
        case ErrorKind::config: return exit_code::config;
        case ErrorKind::credential:
        case ErrorKind::unauthorized: return exit_code::credential;
        case ErrorKind::connect:
        case ErrorKind::timeout:
        case ErrorKind::upstream: return exit_code::upstream;
        case ErrorKind::cancelled: return exit_code::interrupted;
        default: return exit_code::failed;
    }
}

// A reader that has seen enough and left (`| head -1`). What was not written by then was not wanted.
bool reader_is_gone() {
    pollfd out{STDOUT_FILENO, POLLOUT, 0};
    return ::poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

// Commands print without looking; here it turns out whether what they said has come anywhere.
int with_output_written(int code) {
    errno = 0;
    const bool flushed = std::fflush(stdout) == 0;
    const int why = errno;
    if ((flushed && std::ferror(stdout) == 0) || reader_is_gone()) { return code; }
    // The error of an earlier write is not known any more.
    std::fprintf(stderr, "llmgw: cannot write standard output%s%s\n", flushed ? "" : ": ",
                 flushed ? "" : std::strerror(why));
    return code == exit_code::done ? exit_code::failed : code;
}

}  // namespace

Environment detect_environment() {
    Environment env;
    const std::string home = env_or("HOME", ".");
    env.config_path = env_or("XDG_CONFIG_HOME", home + "/.config") + "/llmgw/config.toml";
    env.data_dir = env_or("XDG_DATA_HOME", home + "/.local/share") + "/llmgw";
    env.self = "/proc/self/exe";
    char path[4096];
    if (const auto n = ::readlink("/proc/self/exe", path, sizeof path); n > 0) {
        env.self.assign(path, static_cast<std::size_t>(n));
    }
    env.stdout_is_tty = ::isatty(STDOUT_FILENO) != 0;
    env.stderr_is_tty = ::isatty(STDERR_FILENO) != 0;
    env.color = env.stdout_is_tty && env_or("NO_COLOR", "").empty() && env_or("TERM", "") != "dumb";
    winsize size{};
    if (env.stdout_is_tty && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        env.width = size.ws_col;
    }
    return env;
}

int report_error(const Error& error) {
    std::fprintf(stderr, "llmgw: %s\n", error.message.c_str());
    return exit_code_of(error.kind);
}

std::unique_ptr<CLI::App> build_app(Environment& env, int& exit_code) {
    auto app = std::make_unique<CLI::App>(
        "One local gateway for every LLM provider: keys, routing and a log of every cost.", "llmgw");
    app->set_version_flag("--version", "llmgw " + std::string(version()));
    app->require_subcommand(1);
    app->fallthrough(false);
    for (const auto& command : commands()) {
        auto* sub = app->add_subcommand(std::string(command.name), std::string(command.summary));
        if (!command.example.empty()) { sub->footer("Example:\n  " + std::string(command.example)); }
        if (command.hidden) { sub->group(""); }
        auto run = command.define(*sub, env);
        sub->callback([run = std::move(run), &exit_code] { exit_code = run(); });
    }
    return app;
}

int run_app(int argc, char** argv) {
    // A closed pipe is told by write(), not by a signal.
    std::signal(SIGPIPE, SIG_IGN);
    // A log that has grown to a limit of the shell's is no reason to end a gateway: the write fails and says so.
    std::signal(SIGXFSZ, SIG_IGN);
    // A core file would hold keys.
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    Environment env = detect_environment();
    int code = exit_code::done;
    try {
        auto app = build_app(env, code);
        try {
            app->parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            const int told = tell_parse_error(*app, error);
            std::cout.flush();
            return with_output_written(told);
        }
    } catch (const std::exception& error) {
        return report_error({ErrorKind::internal, std::string("unexpected failure: ") + error.what()});
    }
    return with_output_written(code);
}

}  // namespace llmgw
