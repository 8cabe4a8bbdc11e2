// Rotation: whatever the keychain does, there is a working key afterwards or the message says that there is none.
#include <functional>
#include <string>

#include <doctest/doctest.h>

#include "core/secrets/keychain_item.hpp"
#include "core/secrets/replace.hpp"
#include "tests/unit/secrets_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

const Keychain::Entry old_entry{"old-key-0123456789", "https://h"};
const Keychain::Entry new_entry{"new-key-0123456789", "https://h"};

// Does what it is told at its n-th write.
class OddKeychain final : public Keychain {
public:
    FakeKeychain inner;
    std::function<Result<>(FakeKeychain& inner, int write, const std::string& name, const Entry& entry)> write;
    bool unreadable = false;
    int writes = 0;

    std::string backend() const override { return "odd"; }
    Result<> set(const std::string& name, const std::string& origin, const std::string& secret) override {
        return write(inner, ++writes, name, {secret, origin});
    }
    Result<Entry> get(const std::string& name) override {
        if (unreadable) { return fail(ErrorKind::credential, "timed out"); }
        return inner.get(name);
    }
    Result<> remove(const std::string& name) override { return inner.remove(name); }
    Result<std::vector<std::string>> list() override { return inner.list(); }
};

struct Outcome {
    bool done;
    std::string message;
    std::string left;  // the secret in the keychain afterwards
};

Outcome rotate(const decltype(OddKeychain::write)& write, bool unreadable = false) {
    OddKeychain keychain;
    keychain.inner.entries["a"] = old_entry;
    keychain.write = write;
    keychain.unreadable = unreadable;
    const auto done = replace_key(keychain, "a", old_entry, new_entry);
    if (!done) { CHECK(done.error().kind == ErrorKind::credential); }
    const auto left = keychain.inner.entries.find("a");
    return {done.has_value(), done ? "" : done.error().message,
            left == keychain.inner.entries.end() ? "" : left->second.secret};
}

}  // namespace

TEST_CASE("replace: the new key takes the old one's place") {
    const auto outcome = rotate([](FakeKeychain& inner, int, const std::string& name, const Keychain::Entry& entry) {
        return inner.set(name, entry.origin, entry.secret);
    });
    CHECK(outcome.done);
    CHECK(outcome.left == new_entry.secret);
}

TEST_CASE("replace: a failed write leaves the old key") {
    const auto outcome = rotate([](FakeKeychain&, int, const std::string&, const Keychain::Entry&) -> Result<> {
        return fail(ErrorKind::credential, "the disk is full");
    });
    CHECK_FALSE(outcome.done);
    CHECK(outcome.message == "the new key was not stored, the old one is still there: the disk is full");
    CHECK(outcome.left == old_entry.secret);
}

TEST_CASE("replace: a write that was done although it seemed to fail is done") {
    const auto outcome =
        rotate([](FakeKeychain& inner, int, const std::string& name, const Keychain::Entry& entry) -> Result<> {
            CHECK(inner.set(name, entry.origin, entry.secret));
            return fail(ErrorKind::credential, "timed out");
        });
    CHECK(outcome.done);
    CHECK(outcome.left == new_entry.secret);
}

TEST_CASE("replace: a write that destroys is made good") {
    for (const bool said_so : {true, false}) {
        const auto outcome = rotate(
            [&](FakeKeychain& inner, int write, const std::string& name, const Keychain::Entry& entry) -> Result<> {
                if (write > 1) { return inner.set(name, entry.origin, entry.secret); }
                inner.entries.erase(name);
                if (said_so) { return fail(ErrorKind::credential, "half-way"); }
                return {};
            });
        CHECK_FALSE(outcome.done);
        CHECK(outcome.message.starts_with("the new key was not stored, the old one was put back: "));
        CHECK(outcome.left == old_entry.secret);
    }
}

TEST_CASE("replace: a lost key is said to be lost, and an unknown one unknown") {
    const auto destroy = [](FakeKeychain& inner, int, const std::string& name, const Keychain::Entry&) -> Result<> {
        inner.entries.erase(name);
        return fail(ErrorKind::credential, "broken");
    };
    const auto lost = rotate(destroy);
    CHECK_FALSE(lost.done);
    CHECK(lost.message ==
          "the new key was not stored (broken), and the old one is gone: store one again with: llmgw keys set a");
    const auto unknown = rotate(destroy, true);
    CHECK_FALSE(unknown.done);
    CHECK(unknown.message.find("cannot be read now") != std::string::npos);
    for (const auto& outcome : {lost, unknown}) {
        CHECK(outcome.message.find("key-0123456789") == std::string::npos);
    }
}

TEST_CASE("keychain item: key and origin together, and nothing else is taken for one") {
    const auto entry = from_item(to_item("k\"1\\\n", "https://h:1"));
    REQUIRE(entry);
    CHECK(entry->secret == "k\"1\\\n");
    CHECK(entry->origin == "https://h:1");
    for (const std::string other : {"", "sk-plain", "[]", "{}", R"({"key":"x"})", R"({"key":1,"origin":"h"})"}) {
        CAPTURE(other);
        const auto refused = from_item(other);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().message == "the entry was not written by llmgw");
    }
}
