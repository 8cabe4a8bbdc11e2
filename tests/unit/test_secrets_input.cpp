// The hidden prompt of `llmgw keys set`, on a real pseudo-terminal.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include <doctest/doctest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/keys/keys.hpp"
#include "tests/support/tell.hpp"
#include "tests/unit/secrets_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

struct Session {
    std::string shown;
    int code = -1;
};

constexpr const char* prompt = "Key for anthropic (https://api.anthropic.com), not shown: ";

// Asks as `keys set` does, and ends with what came of it.
[[noreturn]] void ask_for_key() {
    KeyTarget target;
    target.provider.name = "anthropic";
    target.provider.base_url = "https://api.anthropic.com";
    const auto key = read_new_key("Key", target);
    if (key) { ::_exit(*key == "sk-typed-0123456789" ? 0 : 1); }
    std::fprintf(stderr, "%s\n", key.error().message.c_str());
    std::fflush(stderr);
    ::_exit(key.error().kind == ErrorKind::cancelled ? 130 : 4);
}

// Types at the prompt of `in_terminal`, which does not return, and reads what its terminal shows until it ends.
Session type_at_prompt(const std::string& typed, const std::function<void()>& in_terminal) {
    int terminal = -1;
    const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    REQUIRE(pid >= 0);
    if (pid == 0) {
        in_terminal();
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
    const auto typed = type_at_prompt("sk-typed-0123456789\n", &ask_for_key);
    CHECK(typed.shown.find(prompt) == 0);
    CHECK(typed.shown.find("typed") == std::string::npos);
    CHECK(typed.code == 0);

    const auto given_up = type_at_prompt("sk-ty\x03", &ask_for_key);
    CHECK(given_up.shown.find("sk-ty") == std::string::npos);
    CHECK(given_up.code == 130);
    CHECK(type_at_prompt("\x04", &ask_for_key).code == 130);

    // The line can be corrected: rubout takes one character, Ctrl-U all of them.
    const auto example = type_at_prompt("CHANGEMEx\x7f\r", &ask_for_key);
    CHECK(example.shown.find("an example value, not a key") != std::string::npos);
    CHECK(example.code == 4);
    CHECK(type_at_prompt("junk\x15\r", &ask_for_key).shown.find("no key was given") != std::string::npos);
}

TEST_CASE("secret input: nobody is asked for a key that no keychain could keep") {
    const auto llmgw = built_llmgw();
    if (!std::filesystem::exists(llmgw)) {
        TELL("skipped: needs the built llmgw");
        return;
    }
    const TempDir dir;
    const auto session = type_at_prompt("", [&] {
        const std::string home = "HOME=" + dir.path();
        char* const environment[] = {const_cast<char*>(home.c_str()), nullptr};
        ::execle(llmgw.c_str(), "llmgw", "keys", "set", "anthropic", nullptr, environment);
    });
    CHECK(session.shown.find("no D-Bus session bus") != std::string::npos);
    CHECK(session.shown.find("not shown") == std::string::npos);
    CHECK(session.code == 4);
}
