// The built binary, run in a home of its own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/secrets/child.hpp"
#include "tests/support/tell.hpp"
#include "tests/unit/secrets_test_help.hpp"

namespace llmgw::test {

struct CliOutput {
    int code = -1;
    std::string out;
    std::string err;
};

// `arguments` as a shell reads them, `variables` besides HOME.
inline CliOutput run_llmgw(const TempDir& dir, const std::string& arguments, std::vector<std::string> variables = {}) {
    ChildRun run;
    run.argv = {"/bin/sh", "-c", "'" + built_llmgw() + "' " + arguments + " 2>" + dir.path() + "/err"};
    variables.push_back("HOME=" + dir.path());
    run.environment = std::move(variables);
    const auto ended = run_child(run);
    REQUIRE(ended);
    return {ended->code, ended->output, dir.read("err")};
}

inline bool is_built() {
    if (std::filesystem::exists(built_llmgw())) { return true; }
    TELL("skipped: needs the built llmgw");
    return false;
}

}  // namespace llmgw::test
