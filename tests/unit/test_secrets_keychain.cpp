#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/secrets/secrets.hpp"
#include "core/telemetry/redact.hpp"
#include "tests/unit/secrets_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;
using namespace std::chrono_literals;

namespace {

// Gone, or a zombie that nobody has waited for.
bool has_ended(int pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    if (!std::getline(stat, text)) { return true; }
    return text.substr(text.rfind(')') + 2).starts_with('Z');
}

}  // namespace

TEST_CASE("keychain: without a session bus it fails at once and names the choices") {
    const TempDir dir;
    const EnvGuard no_bus("DBUS_SESSION_BUS_ADDRESS", std::nullopt);
    const EnvGuard runtime("XDG_RUNTIME_DIR", dir.path());
    // The helper must not even be started.
    const auto self = dir.write("self", "#!/bin/sh\ntouch " + dir.path() + "/started\n", 0700);
    const auto keychain = make_system_keychain(self, 5s);
    const auto entry = keychain->get("anthropic");
    REQUIRE_FALSE(entry);
    CHECK(entry.error().kind == ErrorKind::credential);
    CHECK(entry.error().message ==
          "the keychain cannot be reached: there is no D-Bus session bus (DBUS_SESSION_BUS_ADDRESS is not set and "
          "$XDG_RUNTIME_DIR/bus does not exist). Without a keychain a key can come from ANTHROPIC_API_KEY or the "
          "like, where api_key is not set, or from api_key = \"env:NAME\", \"file:PATH\" (mode 0600) or "
          "\"cmd:COMMAND\".");
    CHECK_FALSE(keychain->set("a", "b", "secret-secret"));
    CHECK_FALSE(keychain->list());
    CHECK_FALSE(keychain->remove("a"));
    CHECK_FALSE(std::filesystem::exists(dir.path() + "/started"));
}

TEST_CASE("keychain: a hanging helper is killed with all it started") {
    const TempDir dir;
    const EnvGuard bus("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    const auto pids = dir.path() + "/pids";
    const auto self = dir.write(
        "self", "#!/bin/sh\nsleep 300 &\necho $$ $! > " + pids + ".new\nmv " + pids + ".new " + pids + "\nwait\n",
        0700);
    // On a busy machine the script may need longer than the first limit to get going.
    for (const auto limit : {200ms, 1000ms, 5000ms}) {
        const auto start = std::chrono::steady_clock::now();
        const auto entry = make_system_keychain(self, limit)->get("anthropic");
        const auto took = std::chrono::steady_clock::now() - start;
        REQUIRE_FALSE(entry);
        CHECK(entry.error().message.find("the keychain did not answer within ") == 0);
        CHECK(entry.error().message.find("env:NAME") != std::string::npos);
        CHECK(took >= limit);
        CHECK(took < limit + 3s);
        if (std::filesystem::exists(pids)) { break; }
    }
    int shell = 0;
    int sleeper = 0;
    std::istringstream(dir.read("pids")) >> shell >> sleeper;
    REQUIRE(shell > 0);
    REQUIRE(sleeper > 0);
    CHECK(has_ended(shell));
    // SIGKILL has been sent to the group; its delivery to the grandchild is not waited for.
    for (int i = 0; i < 1000 && !has_ended(sleeper); ++i) {
        ::usleep(1000);
    }
    CHECK(has_ended(sleeper));
}

TEST_CASE("keychain: the secret travels by pipe only") {
    const TempDir dir;
    const EnvGuard bus("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    const EnvGuard other("LLMGW_TEST_KEY", "unrelated-secret");
    const auto self = dir.write("self",
                                "#!/bin/sh\necho \"$0 $*\" > " + dir.path() + "/argv\nenv > " + dir.path() +
                                    "/env\ncat > " + dir.path() + "/stdin\necho '{\"ok\":true}'\n",
                                0700);
    const std::string secret = "sk-travels-by-pipe-1234";
    REQUIRE(make_system_keychain(self, 5s)->set("anthropic", "https://api.anthropic.com", secret));
    CHECK(dir.read("argv") == self + " internal-keychain\n");
    CHECK(dir.read("env").find(secret) == std::string::npos);
    CHECK(dir.read("env").find("unrelated-secret") == std::string::npos);
    CHECK(dir.read("stdin").find(secret) != std::string::npos);
}

TEST_CASE("keychain: answers of the helper") {
    const TempDir dir;
    const EnvGuard bus("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    const auto answering = [&](const std::string& text, int code = 0) {
        const auto self = dir.write(
            "self", "#!/bin/sh\ncat >/dev/null\nprintf '%s' '" + text + "'\nexit " + std::to_string(code) + "\n", 0700);
        return make_system_keychain(self, 5s)->get("x");
    };
    const auto entry = answering(R"({"ok":true,"secret":"s3cret-from-helper","origin":"https://h"})");
    REQUIRE(entry);
    CHECK(entry->secret == "s3cret-from-helper");
    CHECK(entry->origin == "https://h");
    CHECK(redact("s3cret-from-helper") == "[redacted]");
    const auto missing = answering(R"({"ok":false,"missing":true})", 1);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::not_found);
    const auto refused = answering(R"({"ok":false,"message":"the collection is locked"})", 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::unauthorized);
    CHECK(refused.error().message.starts_with("the keychain refused: the collection is locked. Without a keychain"));
    for (const std::string garbage : {"", "not json", "[1]", R"({"ok":"yes"})", R"({"ok":false,"message":7})"}) {
        CAPTURE(garbage);
        const auto broken = answering(garbage, 9);
        REQUIRE_FALSE(broken);
        CHECK(broken.error().kind == ErrorKind::credential);
    }
    const auto absent = make_system_keychain(dir.path() + "/absent", 5s)->get("x");
    REQUIRE_FALSE(absent);
    CHECK(absent.error().message.find("No such file") != std::string::npos);
}
