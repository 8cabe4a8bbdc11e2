// What commands print on a narrow terminal.
#include <sstream>
#include <string>

#include <doctest/doctest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/term/style.hpp"
#include "tests/unit/cli_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

// All that `llmgw prices show MODEL` prints on a terminal of that width.
std::string prices_on_terminal(const TempDir& dir, unsigned short columns, const std::string& model) {
    winsize size{24, columns, 0, 0};
    int terminal = -1;
    const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, &size);
    REQUIRE(pid >= 0);
    const auto llmgw = built_llmgw();
    if (pid == 0) {
        const std::string home = "HOME=" + dir.path();
        char* const environment[] = {const_cast<char*>(home.c_str()), const_cast<char*>("NO_COLOR=1"), nullptr};
        ::execle(llmgw.c_str(), "llmgw", "prices", "show", model.c_str(), nullptr, environment);
        ::_exit(127);
    }
    std::string out;
    for (;;) {
        pollfd ready{terminal, POLLIN, 0};
        char buffer[1024];
        if (::poll(&ready, 1, 20'000) <= 0) { ::kill(pid, SIGKILL); }
        const auto n = ::read(terminal, buffer, sizeof buffer);
        if (n <= 0) { break; }
        out.append(buffer, static_cast<std::size_t>(n));
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    ::close(terminal);
    CHECK(status == 0);
    std::erase(out, '\r');
    return out;
}

}  // namespace

TEST_CASE("prices show: on a narrow terminal no line is broken, and what is left out is named") {
    if (!is_built()) { return; }
    const TempDir dir;
    const auto wide = prices_on_terminal(dir, 200, "anthropic/claude-opus-4-5");
    CHECK(wide.find("WRITE 1H") != std::string::npos);
    CHECK(wide.find("For lack of room") == std::string::npos);
    const auto narrow = prices_on_terminal(dir, 80, "anthropic/claude-opus-4-5");
    CHECK(narrow.find("WRITE 1H") == std::string::npos);
    CHECK(narrow.find("For lack of room without: ") != std::string::npos);
    CHECK(narrow.find("INPUT") != std::string::npos);
    std::istringstream lines(narrow);
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        CHECK(display_width(line) <= 80);
    }
}
