#include <set>
#include <string>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "core/secrets/client_key.hpp"
#include "core/util/sha256.hpp"
#include "core/util/text.hpp"
#include "tests/unit/secrets_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

unsigned mode_of(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

}  // namespace

TEST_CASE("client key: its form") {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const auto key = make_client_key();
        CHECK(key.size() == 6 + 43);
        CHECK(key.starts_with("llmgw-"));
        CHECK(key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
              std::string::npos);
        CHECK(seen.insert(key).second);
    }
}

TEST_CASE("client key: in the keychain when one works") {
    const TempDir dir;
    const auto data = dir.path() + "/data/llmgw";
    FakeKeychain keychain;
    CHECK(read_client_key(data, &keychain).error().kind == ErrorKind::not_found);
    const auto made = ensure_client_key(data, &keychain);
    REQUIRE(made);
    CHECK(made->created);
    CHECK(made->where == "keychain");
    const auto key = keychain.entries.at("llmgw-client").secret;
    CHECK(made->sha256 == sha256_hex(key));
    CHECK(mode_of(data) == 0700);
    CHECK(mode_of(data + "/client_key.sha256") == 0600);
    CHECK(mode_of(data + "/client_key") == 0);

    // Later starts leave the keychain alone.
    const int calls = keychain.calls;
    const auto again = ensure_client_key(data, &keychain);
    REQUIRE(again);
    CHECK_FALSE(again->created);
    CHECK(again->sha256 == made->sha256);
    CHECK(again->where == "keychain");
    CHECK(keychain.calls == calls);
    CHECK(read_client_key(data, &keychain) == key);

    // A lost hash is made again from the key that clients have.
    std::filesystem::remove(data + "/client_key.sha256");
    const auto repaired = ensure_client_key(data, &keychain);
    REQUIRE(repaired);
    CHECK_FALSE(repaired->created);
    CHECK(repaired->sha256 == made->sha256);

    keychain.entries["llmgw-client"].secret = "llmgw-another-one-another-one-another-one";
    CHECK(read_client_key(data, &keychain).error().kind == ErrorKind::credential);
    keychain.broken = "locked";
    CHECK(read_client_key(data, &keychain).error().message == "locked");
}

TEST_CASE("client key: in a private file otherwise, and said so") {
    const TempDir dir;
    FakeKeychain broken;
    broken.broken = "no session bus";
    for (Keychain* keychain : {static_cast<Keychain*>(nullptr), static_cast<Keychain*>(&broken)}) {
        const auto data = dir.path() + (keychain == nullptr ? "/a" : "/b");
        const auto made = ensure_client_key(data, keychain);
        REQUIRE(made);
        CHECK(made->created);
        CHECK(made->where == data + "/client_key");
        CHECK(mode_of(data + "/client_key") == 0600);
        const auto key = read_client_key(data, keychain);
        REQUIRE(key);
        CHECK(sha256_hex(*key) == made->sha256);
        CHECK(ensure_client_key(data, keychain)->where == data + "/client_key");
        // A damaged hash is no reason to lock out clients.
        std::ofstream(data + "/client_key.sha256") << "garbage\n";
        const auto repaired = ensure_client_key(data, keychain);
        REQUIRE(repaired);
        CHECK(repaired->sha256 == made->sha256);
        ::chmod((data + "/client_key").c_str(), 0644);
        CHECK(read_client_key(data, keychain).error().message.find("others may read") != std::string::npos);
    }
}

TEST_CASE("client key: a directory that cannot be written is an error") {
    const TempDir dir;
    const auto file = dir.write("plain", "x");
    const auto made = ensure_client_key(file + "/data", nullptr);
    REQUIRE_FALSE(made);
    CHECK(made.error().kind == ErrorKind::io);
}
