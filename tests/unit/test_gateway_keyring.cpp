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

TEST_CASE("keyring: a refusal is about the key that was sent, and its provider alone") {
    SlowKeychain keychain;
    keychain.inner.entries["a"] = {"first-key-of-a-0123", origin};
    keychain.inner.entries["b"] = {"first-key-of-b-0123", origin};
    const SecretResolver resolver(&keychain);
    FakeClock clock;
    const KeyRing ring(resolver, nullptr, clock);
    const auto a = provider_named("a", "keychain:a");
    const auto b = provider_named("b", "keychain:b");
    const auto refuse = [&](const std::string& value) { ring.report(a, "keychain:a", 401, std::nullopt, value); };
    const auto again = std::chrono::milliseconds(KeyRing::read_again).count();
    CHECK(ring.key_of(a) == "first-key-of-a-0123");
    SUBCASE("the reading of another one goes on and is kept") {
        keychain.while_reading = [&] { refuse("first-key-of-a-0123"); };
        CHECK(ring.key_of(b) == "first-key-of-b-0123");
        keychain.while_reading = nullptr;
        const int reads = keychain.inner.calls;
        CHECK(ring.key_of(b) == "first-key-of-b-0123");
        CHECK(keychain.inner.calls == reads);
    }
    SUBCASE("a late one does not make the key that came after it be read again") {
        keychain.inner.entries["a"].secret = "second-key-of-a-0123";
        refuse("first-key-of-a-0123");
        CHECK(ring.key_of(a) == "second-key-of-a-0123");
        clock.advance_ms(again);
        keychain.inner.entries["a"].secret = "third-key-of-a-0123";
        refuse("first-key-of-a-0123");
        CHECK(ring.key_of(a) == "second-key-of-a-0123");
        refuse("second-key-of-a-0123");
        CHECK(ring.key_of(a) == "third-key-of-a-0123");
    }
    SUBCASE("many of them read it once, until some time has passed or somebody has changed it") {
        refuse("first-key-of-a-0123");
        CHECK(ring.key_of(a) == "first-key-of-a-0123");
        const int reads = keychain.inner.calls;
        refuse("first-key-of-a-0123");
        refuse("");
        CHECK(ring.key_of(a) == "first-key-of-a-0123");
        CHECK(keychain.inner.calls == reads);
        clock.advance_ms(again);
        refuse("first-key-of-a-0123");
        CHECK(ring.key_of(a) == "first-key-of-a-0123");
        CHECK(keychain.inner.calls == reads + 1);
        keychain.inner.entries["a"].secret = "second-key-of-a-0123";
        ring.forget_all();
        CHECK(ring.key_of(a) == "second-key-of-a-0123");
    }
}

namespace {

struct Several {
    Several() {
        for (const std::string name : {"a", "b", "c"}) {
            keychain.entries[name] = {"the-secret-key-of-" + name + "-0123", origin};
            provider.api_keys.push_back("keychain:" + name);
        }
        provider.api_key = provider.api_keys.front();
    }
    // The names of the keys that the next calls get, without their scheme.
    std::string next(int count, const std::string& session = "") {
        std::string names;
        for (int i = 0; i < count; ++i) {
            const auto key = ring.take(provider, session);
            REQUIRE(key);
            CHECK(key->value == "the-secret-key-of-" + key->name.substr(9) + "-0123");
            names += key->name.substr(9);
        }
        return names;
    }

    FakeKeychain keychain;
    Provider provider = provider_named("work", "");
    SecretResolver resolver{&keychain};
    FakeClock clock;
    KeyRing ring{resolver, nullptr, clock};
};

}  // namespace

TEST_CASE("keyring: calls take turns with several keys, a session keeps its own") {
    Several keys;
    CHECK(keys.next(7) == "abcabca");
    const auto own = keys.next(1, "session-1");
    CHECK(keys.next(3, "session-1") == own + own + own);
    // Sessions are spread over the keys.
    std::string seen;
    for (int i = 0; i < 50; ++i) {
        seen += keys.next(1, "session-" + std::to_string(i));
    }
    for (const char c : {'a', 'b', 'c'}) {
        CHECK(seen.find(c) != std::string::npos);
    }
    CHECK(keys.ring.key_of(keys.provider) == "the-secret-key-of-b-0123");
    CHECK(keys.next(1) == "b");
}

TEST_CASE("keyring: a refused key is set aside, read again later, and good again when it is taken") {
    Several keys;
    for (const int status : {401, 402, 403}) {
        CAPTURE(status);
        keys.ring.forget_all();
        CHECK(keys.ring.report(keys.provider, "keychain:b", status));
        CHECK(keys.next(4) == "acac");
        REQUIRE(keys.ring.troubled().size() == 1);
        CHECK(keys.ring.troubled()[0].provider == "work");
        CHECK(keys.ring.troubled()[0].set_aside == 1);
        CHECK(keys.ring.troubled()[0].good == 2);
        keys.clock.advance_ms(KeyTurns::aside.count());
        CHECK(keys.next(3).find('b') != std::string::npos);
        CHECK_FALSE(keys.ring.report(keys.provider, "keychain:b", 200));
        CHECK(keys.ring.troubled().empty());
    }
    SUBCASE("when all are refused they are tried all the same, and there is no other to turn to") {
        CHECK(keys.ring.report(keys.provider, "keychain:a", 401));
        CHECK(keys.ring.report(keys.provider, "keychain:b", 401));
        CHECK_FALSE(keys.ring.report(keys.provider, "keychain:c", 401));
        CHECK(keys.next(1).size() == 1);
    }
    SUBCASE("other answers say nothing about a key") {
        for (const int status : {400, 404, 500, 529}) {
            CHECK_FALSE(keys.ring.report(keys.provider, "keychain:a", status));
        }
        CHECK(keys.ring.troubled().empty());
    }
}

TEST_CASE("keyring: a limited key rests for as long as the provider says") {
    using std::chrono::milliseconds;
    Several keys;
    CHECK(keys.ring.report(keys.provider, "keychain:a", 429, milliseconds(2'000)));
    CHECK(keys.ring.report(keys.provider, "keychain:b", 429));
    CHECK(keys.next(3) == "ccc");
    CHECK(keys.ring.troubled()[0].resting == 2);
    keys.clock.advance_ms(2'000);
    CHECK(keys.next(4).find('b') == std::string::npos);
    // With none good, the one that rests is tried before the one that was refused.
    CHECK(keys.ring.report(keys.provider, "keychain:c", 401));
    CHECK_FALSE(keys.ring.report(keys.provider, "keychain:a", 429, milliseconds(60'000)));
    CHECK(keys.next(2) == "bb");
    keys.clock.advance_ms(KeyTurns::rest_default.count());
    CHECK(keys.ring.troubled()[0].good == 1);
}

TEST_CASE("keyring: a key that cannot be read gives way to the others") {
    Several keys;
    keys.keychain.entries.erase("a");
    CHECK(keys.ring.has_key(keys.provider));
    CHECK(keys.ring.key_of(keys.provider) == "the-secret-key-of-b-0123");
    CHECK(keys.next(4) == "bcbc");
    keys.keychain.entries["a"] = {"the-secret-key-of-a-0123", origin};
    keys.ring.forget_all();
    keys.keychain.entries.erase("b");
    CHECK(keys.next(4) == "acac");
    keys.keychain.entries.clear();
    keys.ring.forget_all();
    CHECK_FALSE(keys.ring.take(keys.provider));
    CHECK_FALSE(keys.ring.key_of(keys.provider));
}

TEST_CASE("keyring: that a provider has no key is believed for a minute") {
    FakeKeychain keychain;
    const SecretResolver resolver(&keychain);
    FakeClock clock;
    const KeyRing ring(resolver, nullptr, clock);
    const auto a = provider_named("a", "keychain:a");
    CHECK(ring.has_key(provider_named("c", "")));
    CHECK_FALSE(ring.has_key(a));
    keychain.entries["a"] = {"first-key-of-a-0123", origin};
    CHECK_FALSE(ring.has_key(a));
    clock.advance_ms(60'000);
    CHECK(ring.has_key(a));
    keychain.entries.clear();
    ring.forget_all();
    CHECK_FALSE(ring.has_key(a));
    keychain.entries["a"] = {"first-key-of-a-0123", origin};
    ring.forget_all();
    CHECK(ring.has_key(a));
}
