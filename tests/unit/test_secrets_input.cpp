// The hidden prompt of `llmgw keys set`, on a real pseudo-terminal.
#include <cstdlib>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/tell.hpp"
#include "tests/unit/secrets_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

struct Session {
    std::string shown;
    int code = -1;
};

// Waits for the prompt, types, and reads what the terminal shows until the program ends.
Session type_at_prompt(const TempDir& dir, const std::string& typed) {
    const auto llmgw = built_llmgw();
    int terminal = -1;
    const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    REQUIRE(pid >= 0);
    if (pid == 0) {
        const std::string home = "HOME=" + dir.path();
        char* const environment[] = {const_cast<char*>(home.c_str()), nullptr};
        ::execle(llmgw.c_str(), "llmgw", "keys", "set", "anthropic", nullptr, environment);
        ::_exit(127);
    }
    Session session;
    bool sent = false;
    for (;;) {
        pollfd ready{terminal, POLLIN, 0};
        if (::poll(&ready, 1, 20'000) <= 0) {
            ::kill(pid, SIGKILL);
            break;
        }
        char buffer[1024];
        const auto n = ::read(terminal, buffer, sizeof buffer);
        if (n <= 0) { break; }
        session.shown.append(buffer, static_cast<std::size_t>(n));
        if (!sent && session.shown.find("not shown: ") != std::string::npos) {
            sent = true;
            if (::write(terminal, typed.data(), typed.size()) != static_cast<ssize_t>(typed.size())) { break; }
        }
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    ::close(terminal);
    session.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return session;
}

}  // namespace

TEST_CASE("secret input: nothing typed is shown, and Ctrl-C gives up") {
    if (!std::filesystem::exists(built_llmgw())) {
        TELL("skipped: needs the built llmgw");
        return;
    }
    const TempDir dir;
    const auto typed = type_at_prompt(dir, "sk-typed-0123456789\n");
    CHECK(typed.shown.find("Key for anthropic (https://api.anthropic.com), not shown: ") == 0);
    CHECK(typed.shown.find("typed") == std::string::npos);
    CHECK(typed.shown.find("no D-Bus session bus") != std::string::npos);
    CHECK(typed.code == 4);

    const auto given_up = type_at_prompt(dir, "sk-ty\x03");
    CHECK(given_up.shown.find("sk-ty") == std::string::npos);
    CHECK(given_up.code == 130);

    // The line can be corrected: rubout takes one character, Ctrl-U all of them.
    CHECK(type_at_prompt(dir, "CHANGEMEx\x7f\r").shown.find("an example value, not a key") != std::string::npos);
    CHECK(type_at_prompt(dir, "junk\x15\r").shown.find("no key was given") != std::string::npos);
}
