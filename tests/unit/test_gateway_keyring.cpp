#include <functional>
#include <string>

#include <doctest/doctest.h>

#include "core/gateway/keyring.hpp"
#include "tests/unit/secrets_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

const std::string origin = "https://h.example";

Provider provider_named(const std::string& name, const std::string& reference) {
    Provider provider;
    provider.name = name;
    provider.base_url = origin + "/v1";
    provider.api_key = reference;
    return provider;
}

// Lets something happen while a key is being read.
class SlowKeychain final : public Keychain {
public:
    FakeKeychain inner;
    std::function<void()> while_reading;
    std::string backend() const override { return "slow"; }
    Result<> set(const std::string&, const std::string&, const std::string&) override { return {}; }
    Result<Entry> get(const std::string& name) override {
        auto entry = inner.get(name);
        if (while_reading) { while_reading(); }
        return entry;
    }
    Result<> remove(const std::string&) override { return {}; }
    Result<std::vector<std::string>> list() override { return inner.list(); }
};

}  // namespace

TEST_CASE("keyring: a key is read once, until it is forgotten") {
    FakeKeychain keychain;
    keychain.entries["a"] = {"first-key-of-a-0123", origin};
    keychain.entries["b"] = {"first-key-of-b-0123", origin};
    const SecretResolver resolver(&keychain);
    const KeyRing ring(resolver);
    const auto a = provider_named("a", "keychain:a");
    const auto b = provider_named("b", "keychain:b");
    CHECK(ring.key_of(a) == "first-key-of-a-0123");
    CHECK(ring.key_of(b) == "first-key-of-b-0123");
    const int reads = keychain.calls;
    keychain.entries["a"].secret = "second-key-of-a-0123";
    keychain.entries["b"].secret = "second-key-of-b-0123";
    CHECK(ring.key_of(a) == "first-key-of-a-0123");
    CHECK(keychain.calls == reads);
    ring.forget("a");
    CHECK(ring.key_of(a) == "second-key-of-a-0123");
    CHECK(ring.key_of(b) == "first-key-of-b-0123");
    ring.forget_all();
    CHECK(ring.key_of(b) == "second-key-of-b-0123");
    keychain.entries.erase("b");
    ring.forget_all();
    const auto gone = ring.key_of(b);
    REQUIRE_FALSE(gone);
    CHECK(gone.error().kind == ErrorKind::credential);
    CHECK(gone.error().message.find("no usable key for provider \"b\"") == 0);
    CHECK(ring.key_of(provider_named("c", "")) == "");
    CHECK(ring.key_of(provider_named("c", "passthrough")) == "");
}

TEST_CASE("keyring: a key that changed while it was read is not kept") {
    SlowKeychain keychain;
    keychain.inner.entries["a"] = {"first-key-of-a-0123", origin};
    const SecretResolver resolver(&keychain);
    const KeyRing ring(resolver);
    const auto a = provider_named("a", "keychain:a");
    keychain.while_reading = [&] {
        keychain.inner.entries["a"].secret = "second-key-of-a-0123";
        ring.forget_all();
    };
    // This call began before the change and goes out with what it read; the next one does not.
    CHECK(ring.key_of(a) == "first-key-of-a-0123");
    keychain.while_reading = nullptr;
    CHECK(ring.key_of(a) == "second-key-of-a-0123");
}
