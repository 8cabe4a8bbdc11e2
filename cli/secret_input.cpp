#include "cli/secret_input.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <termios.h>
#include <unistd.h>

#include "core/secrets/child.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

constexpr std::size_t input_bytes_max = 64 * 1024;

// Turns the echo off, and with it the terminal's own line editing and signals: Ctrl-C arrives as a byte, so that
// no signal leaves the terminal silent.
class Silence {
public:
    Silence() {
        if (::tcgetattr(STDIN_FILENO, &saved_) != 0) { return; }
        termios silent = saved_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG | ICANON);
        silent.c_cc[VMIN] = 1;
        silent.c_cc[VTIME] = 0;
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

constexpr char ctrl_c = '\x03';
constexpr char ctrl_d = '\x04';
constexpr char backspace = '\x08';
constexpr char ctrl_u = '\x15';
constexpr char ctrl_backslash = '\x1c';
constexpr char rubout = '\x7f';

// From a terminal, which does not edit lines itself now.
Result<std::string> read_line() {
    std::string line;
    char c = 0;
    for (;;) {
        const auto n = ::read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EINTR) { continue; }
        const bool interrupted = n == 1 && (c == ctrl_c || c == ctrl_backslash);
        const bool ended = n <= 0 || c == ctrl_d;
        if (interrupted || (ended && line.empty())) {
            wipe(line);
            return fail(ErrorKind::cancelled, "no key was given");
        }
        if (ended || c == '\n') { break; }
        if (c == ctrl_u) {
            wipe(line);
        } else if (c == rubout || c == backspace) {
            if (!line.empty()) { line.pop_back(); }
        } else {
            line += c;
        }
        if (line.size() > input_bytes_max) {
            wipe(line);
            return fail(ErrorKind::credential, "the input is too long to be a key");
        }
    }
    std::string out(trim(line));
    wipe(line);
    return out;
}

// All of a pipe or a file, which has one line in it. More than one are a mistake, and which of them was meant is not
// for llmgw to guess.
Result<std::string> read_only_line() {
    std::string text;
    // It would leave parts of the secret behind when it grew.
    text.reserve(input_bytes_max + 1);
    char buffer[4096];
    for (;;) {
        const auto n = ::read(STDIN_FILENO, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) { continue; }
        if (n <= 0) { break; }
        if (text.size() + static_cast<std::size_t>(n) > input_bytes_max) {
            wipe(text);
            ::explicit_bzero(buffer, sizeof buffer);
            return fail(ErrorKind::credential, "the input is too long to be a key");
        }
        text.append(buffer, static_cast<std::size_t>(n));
    }
    ::explicit_bzero(buffer, sizeof buffer);
    const auto meant = trim(text);
    if (meant.find('\n') != std::string_view::npos) {
        wipe(text);
        return fail(ErrorKind::credential,
                    "the input has more than one line, and a key is one line; nothing was stored");
    }
    std::string out(meant);
    wipe(text);
    return out;
}

}  // namespace

bool asks_for_secrets() {
    return ::isatty(STDIN_FILENO) != 0;
}

Result<std::string> read_secret(const std::string& prompt) {
    if (!asks_for_secrets()) { return read_only_line(); }
    const Silence silence;
    if (!silence.active()) { return fail(ErrorKind::io, "the terminal's echo cannot be turned off"); }
    std::fprintf(stderr, "%s", prompt.c_str());
    std::fflush(stderr);
    auto line = read_line();
    std::fprintf(stderr, "\n");
    return line;
}

}  // namespace llmgw
