#include <doctest/doctest.h>

#include "core/gateway/turn_store.hpp"

using namespace llmgw;

namespace {

constexpr TurnLimits wide{100, 1 << 20, std::chrono::hours(1)};

bool has(TurnStore& store, std::string_view owner, std::string_view id, const TurnLimits& limits = wide) {
    return store.find(owner, id, limits) != nullptr;
}

}  // namespace

TEST_SUITE_BEGIN("gateway_turn_store");

TEST_CASE("TurnStore: only the owner finds it, whatever the names") {
    FakeClock clock;
    TurnStore store(clock);
    store.put("anna", "resp_1", "[1]", wide);
    REQUIRE(has(store, "anna", "resp_1"));
    CHECK(*store.find("anna", "resp_1", wide) == "[1]");
    CHECK_FALSE(has(store, "ben", "resp_1"));
    CHECK_FALSE(has(store, "", "annaresp_1"));
    CHECK_FALSE(has(store, "an", "naresp_1"));
    CHECK_FALSE(has(store, "anna", "resp_2"));
}

TEST_CASE("TurnStore: the same id again replaces, and bytes are counted once") {
    FakeClock clock;
    TurnStore store(clock);
    store.put("a", "r", std::string(1000, 'x'), wide);
    const auto before = store.bytes();
    store.put("a", "r", std::string(1000, 'y'), wide);
    CHECK(store.count() == 1);
    CHECK(store.bytes() == before);
    CHECK(*store.find("a", "r", wide) == std::string(1000, 'y'));
}

TEST_CASE("TurnStore: what was used least recently makes room") {
    FakeClock clock;
    TurnStore store(clock);
    const TurnLimits three{3, 1 << 20, std::chrono::hours(1)};
    for (const auto* id : {"1", "2", "3"}) {
        store.put("a", id, "[]", three);
    }
    CHECK(has(store, "a", "1", three));
    store.put("a", "4", "[]", three);
    CHECK(store.count() == 3);
    CHECK(has(store, "a", "1", three));
    CHECK_FALSE(has(store, "a", "2", three));

    const TurnLimits small{100, 2500, std::chrono::hours(1)};
    for (const auto* id : {"5", "6", "7"}) {
        store.put("a", id, std::string(1000, 'x'), small);
    }
    CHECK(store.bytes() <= 2500);
    CHECK(has(store, "a", "7", small));
    CHECK_FALSE(has(store, "a", "5", small));
    SUBCASE("what is too large by itself drives out nobody") {
        store.put("a", "8", std::string(3000, 'x'), small);
        CHECK_FALSE(has(store, "a", "8", small));
        CHECK(has(store, "a", "7", small));
    }
}

TEST_CASE("TurnStore: too old, counted from the last use; and none at all") {
    FakeClock clock;
    TurnStore store(clock);
    store.put("a", "1", "[]", wide);
    store.put("a", "2", "[]", wide);
    clock.advance_ms(40 * 60 * 1000);
    CHECK(has(store, "a", "1"));
    clock.advance_ms(40 * 60 * 1000);
    CHECK(has(store, "a", "1"));
    CHECK_FALSE(has(store, "a", "2"));
    const TurnLimits none{0, 1 << 20, std::chrono::hours(1)};
    store.put("a", "3", "[]", none);
    CHECK(store.count() == 0);
    CHECK(store.bytes() == 0);
}

TEST_SUITE_END();
