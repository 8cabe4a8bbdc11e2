// What is said of a command line that is not understood, and help.
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/unit/cli_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

TEST_CASE("command line: a slip is named with what was perhaps meant") {
    if (!is_built()) { return; }
    const TempDir dir;
    const std::string tail = "\"llmgw --help\" tells more.\n";
    for (const auto& [typed, said] : std::vector<std::pair<std::string, std::string>>{
             {"usge", "no command \"usge\"; did you mean \"usage\"?\n" + tail},
             {"usge --by model", "no command \"usge\"; did you mean \"usage\"?\n" + tail},
             {"evn", "no command \"evn\"; did you mean \"env\"?\n" + tail},
             {"frobnicate", "no command \"frobnicate\"\n" + tail},
             {"--frob", "no option \"--frob\"\n" + tail},
             {"sk-ant-api03-0123456789abcdefghij", "that is no command\n" + tail},
             {"config chek", "no command \"chek\"; did you mean \"check\"?\n\"llmgw config --help\" tells more.\n"},
             {"routes xyzzy", "no command \"xyzzy\"; there are explain or list\n\"llmgw routes --help\" tells more.\n"},
             {"ask --fature x",
              "no option \"--fature\"; did you mean \"--feature\"?\n\"llmgw ask --help\" tells more.\n"},
             {"usage --sinse=7d",
              "no option \"--sinse\"; did you mean \"--since\"?\n\"llmgw usage --help\" tells more.\n"},
             {"usage today", "not expected: today\n\"llmgw usage --help\" tells more.\n"},
             {"help usge", "no command \"usge\"; did you mean \"usage\"?\n"},
             {"help keys st", "no command \"st\"; did you mean \"set\"?\n"},
             {"help usage more", "\"usage\" has no commands\n"}}) {
        CAPTURE(typed);
        const auto ended = run_llmgw(dir, typed);
        CHECK(ended.code == 2);
        CHECK(ended.out.empty());
        CHECK(ended.err == "llmgw: " + said);
    }
}

TEST_CASE("command line: help, in three ways") {
    if (!is_built()) { return; }
    const TempDir dir;
    const auto whole = run_llmgw(dir, "--help");
    CHECK(whole.code == 0);
    CHECK(whole.out.find("Usage: llmgw [OPTIONS] SUBCOMMAND\n") != std::string::npos);
    CHECK(whole.out.find("\n  usage ") != std::string::npos);
    CHECK(whole.out.find("internal-keychain") == std::string::npos);
    CHECK(run_llmgw(dir, "help").out == whole.out);
    // Nothing was asked for, so it is no output of a command.
    const auto nothing = run_llmgw(dir, "");
    CHECK(nothing.code == 2);
    CHECK(nothing.out.empty());
    CHECK(nothing.err == whole.out);
    const auto set = run_llmgw(dir, "keys set --help");
    CHECK(set.out.find("Usage: llmgw keys set [OPTIONS] PROVIDER\n") != std::string::npos);
    CHECK(run_llmgw(dir, "help keys set").out == set.out);
    CHECK(run_llmgw(dir, "help keys").out == run_llmgw(dir, "keys").err);
}

TEST_CASE("command line: values are refused in words, and every command shows examples of its own") {
    if (!is_built()) { return; }
    const TempDir dir;
    for (const auto& [typed, said] : std::vector<std::pair<std::string, std::string>>{
             {"ask --max-tokens 0 hi", "--max-tokens: must be a whole number above 0\n"},
             {"ask --max-tokens many hi", "--max-tokens: must be a whole number above 0\n"},
             {"ask --temperature x hi", "--temperature: must be a number from 0 to 2\n"},
             {"ask --temperature 2.5 hi", "--temperature: must be a number from 0 to 2\n"},
             {"serve --listen foo", "--listen: expected HOST:PORT, like 127.0.0.1:4117 or [::1]:4117\n"},
             {"env claude --listen foo", "--listen: expected HOST:PORT, like 127.0.0.1:4117 or [::1]:4117\n"},
             {"env claude --listen 127.0.0.1:0", "--listen: port 0 is no address for a client\n"},
             {"env cursor --passthrough", "cursor sends one key only: --passthrough does not go with it\n"}}) {
        CAPTURE(typed);
        const auto ended = run_llmgw(dir, typed);
        CHECK(ended.code == 2);
        CHECK(ended.err.starts_with("llmgw: " + said));
    }
    for (const std::string command : {"config init", "config check", "config show", "config path", "routes list",
                                      "routes explain", "prices show", "keys set", "env"}) {
        CAPTURE(command);
        const auto help = run_llmgw(dir, command + " --help").out;
        const auto example = help.find("Example:\n");
        REQUIRE(example != std::string::npos);
        CHECK(help.find("llmgw " + command, example) != std::string::npos);
    }
}
