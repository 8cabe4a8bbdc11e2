#include <chrono>
#include <string>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/secrets/child.hpp"
#include "core/secrets/client_key.hpp"
#include "core/secrets/reference.hpp"
#include "core/secrets/secrets.hpp"
#include "core/telemetry/redact.hpp"
#include "tests/support/tell.hpp"
#include "tests/unit/secrets_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

constexpr const char* origin = "https://api.anthropic.com";
const std::string key = "k3y-0123456789abcdef";

std::string message(const Result<std::string>& result) {
    if (result) { return "(key)"; }
    CHECK(result.error().kind == ErrorKind::credential);
    return result.error().message;
}

}  // namespace

TEST_CASE("reference: example keys") {
    for (const std::string text :
         {"sk-...", "CHANGEME", "change_me", "your-key", "YOUR_API_KEY", "your-api-key-here", "<key>",
          "sk-xxxxxxxxxxxxxxxx", "xxxxxxxx", "sk-ant-xxxxxxxx", "****", "$OPENAI_API_KEY", "{{key}}", "sk-", "api-key",
          "token", "placeholder", "sk-your-openai-api-key"}) {
        CAPTURE(text);
        CHECK(is_example_key(text));
    }
    for (const std::string text :
         {"sk-ant-api03-abc123", "AIzaSyA-1", "0123456789abcdef", "xai-realone", "ollama", "test-key-1", ""}) {
        CAPTURE(text);
        CHECK_FALSE(is_example_key(text));
    }
}

TEST_CASE("secrets: env") {
    const SecretResolver resolver(nullptr);
    const EnvGuard set("LLMGW_TEST_KEY", " " + key + "\n");
    CHECK(resolver.resolve("env:LLMGW_TEST_KEY", origin) == key);
    // What has been read is known to the redactor.
    CHECK(redact("x " + key + " y") == "x [redacted] y");
    CHECK(resolver.resolve("", origin) == "");
    CHECK(resolver.resolve("none", origin) == "");
    {
        const EnvGuard unset("LLMGW_TEST_KEY", std::nullopt);
        CHECK(message(resolver.resolve("env:LLMGW_TEST_KEY", origin)) ==
              "the environment variable LLMGW_TEST_KEY is not set");
    }
    {
        const EnvGuard example("LLMGW_TEST_KEY", "CHANGEME");
        CHECK(message(resolver.resolve("env:LLMGW_TEST_KEY", origin)) ==
              "the environment variable LLMGW_TEST_KEY holds an example value, not a key");
    }
    {
        const EnvGuard split("LLMGW_TEST_KEY", "abc\r\nx-evil: 1");
        CHECK(message(resolver.resolve("env:LLMGW_TEST_KEY", origin)) ==
              "the environment variable LLMGW_TEST_KEY holds spaces, line ends or control characters, which no key "
              "does");
    }
}

TEST_CASE("secrets: file") {
    const TempDir dir;
    const SecretResolver resolver(nullptr);
    const auto path = dir.write("key", key + "\n");
    CHECK(resolver.resolve("file:" + path, origin) == key);
    {
        const EnvGuard home("HOME", dir.path());
        CHECK(resolver.resolve("file:~/key", origin) == key);
    }
    CHECK(message(resolver.resolve("file:" + dir.write("open", key, 0644), origin)) ==
          "others may read the key file " + dir.path() + "/open (mode 0644); run: chmod 600 " + dir.path() + "/open");
    CHECK(message(resolver.resolve("file:" + dir.write("group", key, 0640), origin)).find("others may read") == 0);
    CHECK(message(resolver.resolve("file:" + dir.write("empty", "\n"), origin)).ends_with("is empty"));
    CHECK(message(resolver.resolve("file:" + dir.write("two", key + "\n\n"), origin)).find("line ends") !=
          std::string::npos);
    CHECK(message(resolver.resolve("file:" + dir.path(), origin)) == dir.path() + " is not a file");
    CHECK(message(resolver.resolve("file:" + dir.path() + "/none", origin)).find("No such file") != std::string::npos);
}

TEST_CASE("secrets: a link to a key file is judged by what it leads to") {
    const TempDir dir;
    const SecretResolver resolver(nullptr);
    const auto link = dir.path() + "/link";
    std::filesystem::create_symlink(dir.write("private", key), link);
    CHECK(resolver.resolve("file:" + link, origin) == key);
    std::filesystem::remove(link);
    std::filesystem::create_symlink(dir.write("open", key, 0604), link);
    CHECK(message(resolver.resolve("file:" + link, origin)) ==
          "others may read the key file " + link + " (mode 0604); run: chmod 600 " + link);
    // A device or a pipe would be waited for, or never end.
    CHECK(message(resolver.resolve("file:/dev/zero", origin)) == "/dev/zero is not a file");
    const auto pipe = dir.path() + "/pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(message(resolver.resolve("file:" + pipe, origin)) == pipe + " is not a file");
}

TEST_CASE("secrets: a key file of another user is refused") {
    if (::geteuid() != 0) {
        TELL("skipped: only root can give a file away");
        return;
    }
    const TempDir dir;
    const auto path = dir.write("key", key);
    REQUIRE(::chown(path.c_str(), 12345, 12345) == 0);
    CHECK(message(SecretResolver(nullptr).resolve("file:" + path, origin)) ==
          "the key file " + path + " belongs to another user (uid 12345); llmgw reads only its own user's");
}

TEST_CASE("secrets: cmd") {
    const SecretResolver resolver(nullptr);
    CHECK(resolver.resolve("cmd:printf '" + key + "\\nsecond line\\n'", origin) == key);
    CHECK(message(resolver.resolve("cmd:echo " + key + "; exit 3", origin)) ==
          "the key command \"echo [redacted]; exit 3\" failed with exit code 3; run it in a terminal to see why");
    CHECK(message(resolver.resolve("cmd:true", origin)) == "the output of the key command \"true\" is empty");
    // Its standard input is empty, not the terminal's or a client's.
    CHECK(resolver.resolve("cmd:cat; echo " + key, origin) == key);
    CHECK(message(resolver.resolve("cmd:yes", origin)).find("wrote more than") != std::string::npos);
}

TEST_CASE("secrets: vault is not there yet and says so") {
    CHECK(message(SecretResolver(nullptr).resolve("vault:secret/x#key", origin)).find("cannot be read yet") !=
          std::string::npos);
    CHECK(message(SecretResolver(nullptr).resolve(key, origin)) == "api_key is no reference to a key");
}

TEST_CASE("secrets: a keychain entry goes to its own origin only") {
    FakeKeychain keychain;
    keychain.entries["anthropic"] = {key, origin};
    const SecretResolver resolver(&keychain);
    CHECK(resolver.resolve("keychain:anthropic", origin) == key);
    for (const std::string other :
         {"https://evil.example", "http://api.anthropic.com", "https://api.anthropic.com:8443", ""}) {
        CAPTURE(other);
        const auto refused = message(resolver.resolve("keychain:anthropic", other));
        CHECK(refused.find("was stored for https://api.anthropic.com and is not sent to") != std::string::npos);
        CHECK(refused.find(key) == std::string::npos);
    }
    CHECK(message(resolver.resolve("keychain:other", origin)) ==
          "the keychain has no key named \"other\"; store one with: llmgw keys set other");
    CHECK(message(SecretResolver(nullptr).resolve("keychain:x", origin)) == "there is no keychain here");
    keychain.broken = "locked";
    CHECK(message(resolver.resolve("keychain:anthropic", origin)) == "locked");
}

TEST_CASE("secrets: the usual places, keychain first") {
    FakeKeychain keychain;
    const SecretResolver resolver(&keychain);
    const std::string reference = "auto:anthropic:LLMGW_TEST_KEY";
    const EnvGuard set("LLMGW_TEST_KEY", key);
    CHECK(resolver.resolve(reference, origin) == key);
    keychain.entries["anthropic"] = {"from-keychain-1234", origin};
    CHECK(resolver.resolve(reference, origin) == "from-keychain-1234");
    // An entry for another host is passed over, not used.
    keychain.entries["anthropic"].origin = "https://evil.example";
    CHECK(resolver.resolve(reference, origin) == key);
    keychain.broken = "the keychain is locked.";
    CHECK(resolver.resolve(reference, origin) == key);
    const EnvGuard unset("LLMGW_TEST_KEY", std::nullopt);
    CHECK(message(resolver.resolve(reference, origin)) ==
          "no key for anthropic: store one with \"llmgw keys set anthropic\" or set LLMGW_TEST_KEY (the keychain is "
          "locked.)");
    keychain.broken.clear();
    keychain.entries.clear();
    CHECK(message(resolver.resolve(reference, origin)) ==
          "no key for anthropic: store one with \"llmgw keys set anthropic\" or set LLMGW_TEST_KEY");
}

TEST_CASE("secrets: a usual variable that holds llmgw's own client key counts as not set") {
    FakeKeychain keychain;
    const SecretResolver resolver(&keychain);
    const std::string usual = "auto:gemini:LLMGW_TEST_KEY";
    const EnvGuard set("LLMGW_TEST_KEY", make_client_key() + "\n");
    CHECK(message(resolver.resolve(usual, origin)) ==
          "no key for gemini: LLMGW_TEST_KEY holds llmgw's own client key, not a key of gemini's; store one with "
          "\"llmgw keys set gemini\" or set LLMGW_TEST_KEY");
    keychain.entries["gemini"] = {key, origin};
    CHECK(resolver.resolve(usual, origin) == key);
}

TEST_CASE("secrets: masked") {
    CHECK(masked("sk-ant-0123456789abcd") == "…abcd");
    CHECK(masked("0123456789") == "…89");
    CHECK(masked("short") == "…");
    CHECK(masked("") == "…");
}

TEST_CASE("child: output, exit code, signal, a missing program") {
    ChildRun run;
    run.argv = {"/bin/sh", "-c", "cat; exit 7"};
    const std::string input(300'000, 'x');  // more than a pipe holds, both ways
    run.input = input;
    auto ended = run_child(run);
    REQUIRE(ended);
    CHECK(ended->code == 7);
    CHECK(ended->output == input);
    run.argv = {"/bin/sh", "-c", "kill -9 $$"};
    ended = run_child(run);
    REQUIRE(ended);
    CHECK(ended->code == 128 + 9);
    run.argv = {"/nonexistent/program"};
    ended = run_child(run);
    REQUIRE_FALSE(ended);
    CHECK(ended.error().kind == ErrorKind::io);
}
