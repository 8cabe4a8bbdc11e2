// llmgw env, through the built binary.
#include <string>

#include <doctest/doctest.h>

#include "tests/unit/cli_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

TEST_CASE("env: the address is the configuration's, another file's, or the one that serve was told") {
    if (!is_built()) { return; }
    const TempDir dir;
    const auto base = [&](const std::string& more) {
        const auto ended = run_llmgw(dir, "env curl" + more);
        CHECK(ended.code == 0);
        return ended.out.substr(0, ended.out.find('\n'));
    };
    CHECK(base("") == "export LLMGW_URL='http://127.0.0.1:4117'");
    CHECK(base(" --listen 127.0.0.1:4555") == "export LLMGW_URL='http://127.0.0.1:4555'");
    CHECK(base(" --listen '[::1]:4555' --feature x") == "export LLMGW_URL='http://[::1]:4555/f/x'");
    CHECK(base(" --listen 0.0.0.0:4555") == "export LLMGW_URL='http://127.0.0.1:4555'");
    const auto file = dir.write("other.toml", "[server]\nlisten = \"127.0.0.1:4666\"\n");
    CHECK(base(" --config " + file) == "export LLMGW_URL='http://127.0.0.1:4666'");
    CHECK(base(" --listen 127.0.0.1:4555 --config " + file) == "export LLMGW_URL='http://127.0.0.1:4555'");
    CHECK(run_llmgw(dir, "env curl --config " + dir.path() + "/none.toml").code == 3);
}

TEST_CASE("env: what to enter in Cursor's settings") {
    if (!is_built()) { return; }
    const TempDir dir;
    const auto cursor = run_llmgw(dir, "env cursor");
    CHECK(cursor.code == 0);
    CHECK(cursor.out.starts_with("export LLMGW_KEY='llmgw-"));
    CHECK(cursor.err.find("Override OpenAI Base URL:  https://TUNNEL/f/cursor/v1\n") != std::string::npos);
    CHECK(cursor.err.find("allowed_hosts") != std::string::npos);
    CHECK(run_llmgw(dir, "env cursor --feature 'a b'").err.find("https://TUNNEL/f/a%20b/v1\n") != std::string::npos);
}

TEST_CASE("ask: another configuration file") {
    if (!is_built()) { return; }
    const TempDir dir;
    const auto file = dir.write(
        "other.toml",
        "[ask]\nmodel = \"mine/m\"\n[providers.mine]\ntype = \"openai\"\nbase_url = \"http://127.0.0.1:1/v1\"\n"
        "api_key = \"none\"\n");
    const auto asked = run_llmgw(dir, "ask --feature f --dry-run hi --config " + file + " </dev/null");
    CHECK(asked.code == 0);
    CHECK(asked.out.find("http://127.0.0.1:1/v1/") != std::string::npos);
    CHECK(run_llmgw(dir, "ask --feature f --dry-run hi </dev/null").code == 2);
    CHECK(run_llmgw(dir, "ask --feature f hi --config " + dir.path() + "/none.toml </dev/null").code == 3);
}
