// Started by something that closed standard input, output or error: no file of llmgw's may get their numbers.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <doctest/doctest.h>

#include "tests/e2e/ask_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("life");

namespace {

const std::string answer = "An-answer-that-belongs-to-no-log-4711";

// A shell's redirections, before it becomes llmgw.
std::vector<std::string> closed(const std::string& redirections, std::vector<std::string> arguments) {
    std::vector<std::string> argv{"sh", "-c", "exec \"$0\" \"$@\" " + redirections, gateway_binary()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
}

// All files of the journal in one, which hold one JSON object a line.
std::string journal(const TestHome& home) {
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(home.data_dir() + "/journal")) {
        all += read_file(entry.path().string());
    }
    return all;
}

void check_records(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        CHECK(nlohmann::json::accept(line));
    }
}

// What a number of a running process stands for, "" when it is closed.
std::string descriptor(int pid, int number) {
    std::error_code none;
    return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(number), none)
        .string();
}

}  // namespace

TEST_CASE("Closed descriptors: the answer of ask goes nowhere, and not into the journal") {
    for (const std::string redirections : {">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"}) {
        CAPTURE(redirections);
        AskWorld asking;
        asking.answer_with(answer);
        // No database can be made there, so what was written to the journal stays in it.
        std::filesystem::create_directories(asking.world.home.database());
        ChildProcess child(closed(redirections, {"ask", "-v", "--no-keep", "--feature", "e2e", "-m", "claude-haiku-4-5",
                                                 "Is anybody there?"}),
                           asking.world.home.environment());
        CHECK(child.wait().has_value());
        CHECK(asking.world.upstream.requests().size() == 1);
        const auto written = journal(asking.world.home);
        CHECK(written.find("claude-haiku-4-5") != std::string::npos);
        check_records(written);
        CHECK(files_holding(asking.world.home.path(), answer, {}) == std::vector<std::string>{});
    }
}

TEST_CASE("Closed descriptors: ask without a standard input asks its prompt") {
    AskWorld asking;
    asking.answer_with(answer);
    ChildProcess child(closed("<&-", {"ask", "--no-keep", "--feature", "e2e", "-m", "claude-haiku-4-5", "Hello?"}),
                       asking.world.home.environment());
    REQUIRE(child.wait() == 0);
    CHECK(child.out().find(answer) != std::string::npos);
    CHECK(asking.sent().at("messages").at(0).at("content") == "Hello?");
    CHECK(asking.rows().size() == 1);
}

TEST_CASE("Closed descriptors: serve logs into nothing, and its journal holds calls only") {
    World world({.server = "", .timeouts = "", .more = "[log]\nlevel = \"debug\"\n", .start = false});
    world.home.write_config(world.config());
    std::filesystem::create_directories(world.home.database());
    // Nobody hears which port it took. Somebody else may have taken this one meanwhile: then another.
    std::unique_ptr<ChildProcess> serve;
    int port = 0;
    for (int i = 0; i < 5 && port == 0; ++i) {
        const int wanted = listen_loopback().port;
        serve = std::make_unique<ChildProcess>(
            closed("<&- >&- 2>&-", {"serve", "--listen", "127.0.0.1:" + std::to_string(wanted)}),
            world.home.environment());
        const Request health{.method = "GET", .target = "/healthz", .headers = {}, .body = "", .host = ""};
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (port == 0 && serve->running() && std::chrono::steady_clock::now() < deadline) {
            if (http_call(wanted, health).status == 200) {
                port = wanted;
            } else {
                std::this_thread::sleep_for(Millis{5});
            }
        }
    }
    REQUIRE(port != 0);
    for (int number = 0; number < 3; ++number) {
        CHECK(descriptor(serve->pid(), number) == "/dev/null");
    }
    auto key = read_file(world.home.key_file());
    while (key.ends_with('\n')) {
        key.pop_back();
    }
    const auto& wire = canned::wires()[0];
    const Request request{.method = "POST",
                          .target = wire.target,
                          .headers = {{"Authorization", "Bearer " + key}, {"x-llmgw-feature", "e2e"}},
                          .body = wire.body,
                          .host = ""};
    CHECK(http_call(port, request).status == 200);
    serve->signal(SIGTERM);
    CHECK(serve->wait() == 0);
    const auto written = journal(world.home);
    CHECK(written.find(wire.model) != std::string::npos);
    check_records(written);
    CHECK(written.find("listening") == std::string::npos);
}

TEST_SUITE_END();
