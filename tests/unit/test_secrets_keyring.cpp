// The real thing: GNOME Keyring in a D-Bus session of its own, spoken to by the built binary.
#include <cstdlib>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "core/secrets/child.hpp"
#include "tests/support/tell.hpp"
#include "tests/unit/secrets_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

bool in_path(const std::string& program) {
    ChildRun run;
    run.argv = {"/bin/sh", "-c", "command -v " + program};
    run.environment = environment_list();
    const auto ended = run_child(run);
    return ended && ended->code == 0;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("keyring: set, list, origin refusal and remove through the real binary") {
    const auto llmgw = built_llmgw();
    if (!std::filesystem::exists(llmgw) || !in_path("dbus-run-session") || !in_path("gnome-keyring-daemon")) {
        TELL("skipped: needs the built llmgw, dbus-run-session and gnome-keyring-daemon");
        return;
    }
    const TempDir dir;
    std::filesystem::create_directory(dir.path() + "/run");
    ::chmod((dir.path() + "/run").c_str(), 0700);
    const auto elsewhere =
        dir.write("elsewhere.toml",
                  "[providers.anthropic]\nbase_url = \"http://127.0.0.1:9\"\napi_key = \"keychain:anthropic\"\n");
    const auto script = dir.write("script", R"(
printf '\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 || { echo no daemon; exit; }
step() { echo "== $1"; shift; "$@" 2>&1; echo "rc=$?"; }
set_key() { printf 'sk-ant-first-0123456789wxyz\n' | "$LLMGW" keys set anthropic; }
set_again() { printf 'sk-ant-second-012345678abcd\n' | "$LLMGW" keys set anthropic; }
set_local() { printf 'local-key-0123456789efgh\n' | "$LLMGW" keys set anthropic --config elsewhere.toml; }
step set set_key
step list "$LLMGW" keys list
step replace set_again
step list2 "$LLMGW" keys list
step refusal "$LLMGW" keys list --config elsewhere.toml
step rebind set_local
step list3 "$LLMGW" keys list --config elsewhere.toml
step list4 "$LLMGW" keys list
step remove "$LLMGW" keys remove anthropic
step remove2 "$LLMGW" keys remove anthropic
step list5 "$LLMGW" keys list
)");
    ChildRun run;
    run.argv = {"dbus-run-session", "--", "/bin/sh", "-c", "cd " + dir.path() + " && . " + script};
    run.environment = {"PATH=" + std::string(std::getenv("PATH")), "HOME=" + dir.path(),
                       "XDG_RUNTIME_DIR=" + dir.path() + "/run", "LLMGW=" + llmgw, "LC_ALL=C.UTF-8"};
    run.limit = std::chrono::seconds(60);
    const auto ended = run_child(run);
    REQUIRE(ended);
    const auto& out = ended->output;
    CAPTURE(out);
    if (contains(out, "no daemon")) {
        TELL("skipped: gnome-keyring-daemon does not start here");
        return;
    }
    const auto section = [&](const std::string& name) {
        const auto begin = out.find("== " + name + "\n");
        REQUIRE(begin != std::string::npos);
        return out.substr(begin, out.find("\n== ", begin) - begin);
    };
    CHECK(contains(section("set"), "anthropic: key …wxyz is in the keychain, for https://api.anthropic.com only"));
    CHECK(contains(section("set"), "rc=0"));
    CHECK(contains(section("list"), "anthropic  keychain  …wxyz  https://api.anthropic.com"));
    CHECK(contains(section("replace"), "rc=0"));
    CHECK(contains(section("list2"), "…abcd"));
    CHECK_FALSE(contains(section("list2"), "…wxyz"));
    // The same name with another base URL does not get the key.
    CHECK(
        contains(section("refusal"), "was stored for https://api.anthropic.com and is not sent to http://127.0.0.1:9"));
    CHECK_FALSE(contains(section("refusal"), "…abcd"));
    // Storing it again for the new host binds it there, and takes it from the old one.
    CHECK(contains(section("rebind"), "for http://127.0.0.1:9 only"));
    CHECK(contains(section("list3"), "…efgh  http://127.0.0.1:9"));
    CHECK(contains(section("list4"), "was stored for http://127.0.0.1:9 and is not sent to https://api.anthropic.com"));
    CHECK(contains(section("remove"), "rc=0"));
    CHECK(contains(section("remove2"), "the keychain has no key named \"anthropic\""));
    CHECK(contains(section("remove2"), "rc=4"));
    CHECK(contains(section("list5"), "anthropic  none"));
    CHECK_FALSE(contains(out, "sk-ant-"));
    CHECK_FALSE(contains(out, "local-key"));
}

TEST_CASE("keyring: headless, the binary says what is missing and what to do") {
    const auto llmgw = built_llmgw();
    if (!std::filesystem::exists(llmgw)) {
        TELL("skipped: needs the built llmgw");
        return;
    }
    const TempDir dir;
    ChildRun run;
    run.argv = {"/bin/sh", "-c", "echo sk-ant-0123456789abcd | " + llmgw + " keys set anthropic 2>&1; echo rc=$?"};
    run.environment = {"PATH=" + std::string(std::getenv("PATH")), "HOME=" + dir.path()};
    const auto ended = run_child(run);
    REQUIRE(ended);
    CHECK(contains(ended->output, "no D-Bus session bus"));
    CHECK(contains(ended->output, "env:NAME"));
    CHECK(contains(ended->output, "rc=4"));
    CHECK_FALSE(contains(ended->output, "sk-ant-"));
    // Nothing was written anywhere instead.
    CHECK(std::filesystem::is_empty(dir.path()));
}
