// Standard output that takes nothing: a full disk, and a reader that has left.
#include <csignal>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("usage_command");

TEST_CASE("Output that cannot be written is a failure, of every command; a reader that has left is none") {
    World world;
    REQUIRE(world.ask(canned::wires()[0]).status == 200);
    REQUIRE(world.stop(SIGTERM).has_value());
    const auto has_left = world.home.path() + "/has_left";
    REQUIRE(::mkfifo(has_left.c_str(), 0600) == 0);
    const auto in_shell = [&](const char* script, std::vector<std::string> arguments) {
        std::vector<std::string> argv{"sh", "-c", script, gateway_binary()};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        auto environment = world.home.environment();
        environment.emplace_back("OPENAI_API_KEY", provider_key);
        environment.emplace_back("HAS_LEFT", has_left);
        ChildProcess child(argv, environment);
        const auto exit = child.wait();
        REQUIRE(exit.has_value());
        return CliResult{*exit, child.out(), child.err()};
    };
    const std::vector<std::vector<std::string>> reports{{"usage"},
                                                        {"usage", "--json"},
                                                        {"usage", "--format", "csv"},
                                                        {"logs"},
                                                        {"logs", "--json"},
                                                        {"doctor"},
                                                        {"doctor", "--json"},
                                                        {"keys", "list"},
                                                        {"keys", "list", "--json"},
                                                        {"models"},
                                                        {"models", "--json"},
                                                        {"routes", "list", "--json"},
                                                        {"prices", "show", "gpt-5"},
                                                        {"config", "show"},
                                                        {"config", "path"},
                                                        {"env", "claude"},
                                                        {"completions", "bash"},
                                                        {"--version"},
                                                        {"usage", "--help"}};
    for (const auto& report : reports) {
        CAPTURE(report.front());
        CAPTURE(report.back());
        const auto well = in_shell(R"("$0" "$@")", report);
        CHECK_FALSE(well.out.empty());
        CHECK_FALSE(well.err.contains("cannot write"));
        const auto full = in_shell(R"("$0" "$@" >/dev/full)", report);
        CHECK(full.exit == 1);
        CHECK(full.err.contains("llmgw: cannot write standard output"));
        const auto gone = in_shell(
            R"({ read line <"$HAS_LEFT"; "$0" "$@"; echo "exit $?" >&2; } | { exec <&-; echo >"$HAS_LEFT"; })", report);
        CHECK(gone.err.ends_with("exit " + std::to_string(well.exit) + "\n"));
        CHECK_FALSE(gone.err.contains("cannot write"));
    }
}

TEST_SUITE_END();
