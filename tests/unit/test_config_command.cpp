// llmgw config, through the built binary.
#include <cstdlib>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/config/settings.hpp"
#include "core/secrets/child.hpp"
#include "tests/support/tell.hpp"
#include "tests/unit/secrets_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

struct Output {
    int code = -1;
    std::string out;
    std::string err;
};

Output run_config(const TempDir& dir, const std::string& arguments) {
    ChildRun run;
    run.argv = {"/bin/sh", "-c", "'" + built_llmgw() + "' config " + arguments + " 2>" + dir.path() + "/err"};
    run.environment = {"HOME=" + dir.path(), "XDG_CONFIG_HOME=" + dir.path() + "/config", "GROQ_API_KEY=k3y-in-env"};
    const auto ended = run_child(run);
    REQUIRE(ended);
    return {ended->code, ended->output, dir.read("err")};
}

}  // namespace

TEST_CASE("config command: path, init, check and show") {
    if (!std::filesystem::exists(built_llmgw())) {
        TELL("skipped: needs the built llmgw");
        return;
    }
    const TempDir dir;
    const auto path = dir.path() + "/config/llmgw/config.toml";
    CHECK(run_config(dir, "path").out == path + "\n");
    const auto nothing = run_config(dir, "check");
    CHECK(nothing.code == 0);
    CHECK(nothing.err.find("the defaults hold") != std::string::npos);

    const auto made = run_config(dir, "init");
    CHECK(made.code == 0);
    CHECK(made.out == path + "\n");
    CHECK(dir.read("config/llmgw/config.toml") == example_config());
    CHECK(run_config(dir, "check").out == path + ": ok, 4 providers\n");

    // A file that is there is never written to, however broken.
    dir.write("config/llmgw/config.toml", "[server]\nlisen = 1\n");
    const auto again = run_config(dir, "init");
    CHECK(again.code == 3);
    CHECK(again.out.empty());
    CHECK(dir.read("config/llmgw/config.toml") == "[server]\nlisen = 1\n");
    const auto bad = run_config(dir, "check");
    CHECK(bad.code == 3);
    CHECK(bad.out.empty());
    CHECK(bad.err == "llmgw: " + path + ":2:1: unknown key \"lisen\" in [server]; did you mean \"listen\"?\n");

    const auto other =
        dir.write("other.toml", "[server]\nmax_body_mb = 5\n[providers.anthropic]\napi_key = \"env:SOME_KEY\"\n");
    CHECK(run_config(dir, "check " + other).code == 0);
    const auto shown = run_config(dir, "show --config " + other);
    CHECK(shown.code == 0);
    CHECK(shown.out.find("max_body_mb = 5\n") != std::string::npos);
    CHECK(shown.out.find("[providers.anthropic]\napi_key = \"env:SOME_KEY\"\n") != std::string::npos);
    const auto json = nlohmann::json::parse(run_config(dir, "show --json --config " + other).out);
    CHECK(json["server"]["max_body_mb"] == 5);
    CHECK(json["server"]["allowed_hosts"] == nlohmann::json::array());
    CHECK(json["providers"].size() == 4);
    CHECK(json.dump().find("k3y-in-env") == std::string::npos);
    CHECK(run_config(dir, "check " + dir.path() + "/absent.toml").code == 3);

    // What would keep the gateway from starting.
    const auto prices = dir.path() + "/prices.tsv";
    const auto priced = dir.write("priced.toml", "[prices]\nfile = \"" + prices + "\"\n");
    const auto unpriced = run_config(dir, "check " + priced);
    CHECK(unpriced.code == 3);
    CHECK(unpriced.out.empty());
    CHECK(unpriced.err.starts_with("llmgw: prices.file: "));
    CHECK(unpriced.err.find(prices) != std::string::npos);
    dir.write("prices.tsv", "openai\tmine\t\t0\t3\n");
    CHECK(run_config(dir, "check " + priced).code == 0);
    dir.write("prices.tsv", "openai\tmine\t\t0\n");
    CHECK(run_config(dir, "check " + priced).err.find("line 1: expected 5 to 16 columns") != std::string::npos);
    CHECK(run_config(dir, "").code == 2);
    CHECK(run_config(dir, "chek").code == 2);
}
