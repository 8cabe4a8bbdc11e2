#include "cli/secret_input.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>

#include <termios.h>
#include <unistd.h>

#include "core/secrets/child.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

constexpr std::size_t line_bytes_max = 64 * 1024;

// Turns the echo off. Ctrl-C and Ctrl-\ arrive as bytes meanwhile, so that no signal leaves the terminal silent.
class Silence {
public:
    Silence() {
        if (::tcgetattr(STDIN_FILENO, &saved_) != 0) { return; }
        termios silent = saved_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
        active_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
    }
    ~Silence() {
        if (active_) { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved_); }
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    bool active() const { return active_; }

private:
    termios saved_{};
    bool active_ = false;
};

Result<std::string> read_line() {
    std::string line;
    char c = 0;
    for (;;) {
        const auto n = ::read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EINTR) { continue; }
        // Ctrl-C and Ctrl-\ while the terminal sends no signals.
        const bool interrupted = n == 1 && (c == '\x03' || c == '\x1c');
        if (interrupted || (n <= 0 && line.empty())) {
            wipe(line);
            return fail(ErrorKind::cancelled, "no key was given");
        }
        if (n <= 0 || c == '\n') { break; }
        line += c;
        if (line.size() > line_bytes_max) {
            wipe(line);
            return fail(ErrorKind::credential, "the input is too long to be a key");
        }
    }
    std::string out(trim(line));
    wipe(line);
    return out;
}

}  // namespace

Result<std::string> read_secret(const std::string& prompt) {
    if (::isatty(STDIN_FILENO) == 0) { return read_line(); }
    const Silence silence;
    if (!silence.active()) { return fail(ErrorKind::io, "the terminal's echo cannot be turned off"); }
    std::fprintf(stderr, "%s", prompt.c_str());
    std::fflush(stderr);
    auto line = read_line();
    std::fprintf(stderr, "\n");
    return line;
}

}  // namespace llmgw
