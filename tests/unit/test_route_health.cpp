#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "core/route/health.hpp"

using namespace llmgw;
using std::chrono::milliseconds;
using Admission = Health::Admission;

namespace {

const BreakerPolicy policy{3, milliseconds(1000)};

}  // namespace

TEST_CASE("Health: opens after failures in a row, lets one probe through, closes when that went well") {
    FakeClock clock;
    Health health(clock);
    const auto admit = [&] { return health.admit("p", "m", policy); };
    const auto fail = [&] { health.failed("p", "m", policy); };
    CHECK(admit() == Admission::yes);
    fail();
    fail();
    health.succeeded("p", "m");  // in a row: begins anew
    fail();
    fail();
    CHECK(admit() == Admission::yes);
    fail();
    CHECK(admit() == Admission::no);
    CHECK(health.of("p", "m").state == BreakerState::open);
    CHECK(health.of("p", "m").open_left_ms == 1000);
    const auto opened_ms = clock.now_ms();
    CHECK(health.of("p", "m").open_since_ms == opened_ms);
    CHECK(health.of("p", "other").state == BreakerState::closed);
    CHECK(health.of("q", "m").state == BreakerState::closed);

    clock.advance_ms(999);
    CHECK(admit() == Admission::no);
    clock.advance_ms(1);
    CHECK(health.of("p", "m").state == BreakerState::half_open);
    CHECK(admit() == Admission::probe);
    CHECK(admit() == Admission::no);  // one only
    SUBCASE("went well") {
        health.succeeded("p", "m", {100.0, {}});
        CHECK(health.of("p", "m").state == BreakerState::closed);
        CHECK(health.of("p", "m").open_since_ms == 0);
        CHECK(admit() == Admission::yes);
        fail();
        CHECK(admit() == Admission::yes);  // counts from the start
    }
    SUBCASE("went badly: open again at once") {
        fail();
        CHECK(health.of("p", "m").open_left_ms == 1000);
        CHECK(health.of("p", "m").open_since_ms == opened_ms);
        CHECK(admit() == Admission::no);
    }
    SUBCASE("told nothing: the next call may") {
        health.released("p", "m");
        CHECK(admit() == Admission::probe);
    }
    SUBCASE("never heard of again") {
        clock.advance_ms(1000);
        CHECK(admit() == Admission::probe);
    }
}

TEST_CASE("Health: failing while open does not keep it open for longer") {
    FakeClock clock;
    Health health(clock);
    for (int i = 0; i < 3; ++i) {
        health.failed("p", "m", policy);
    }
    clock.advance_ms(900);
    health.failed("p", "m", policy);
    CHECK(health.of("p", "m").open_left_ms == 100);
}

TEST_CASE("Health: failures = 0 never opens") {
    FakeClock clock;
    Health health(clock);
    const BreakerPolicy off{0, milliseconds(1000)};
    for (int i = 0; i < 100; ++i) {
        health.failed("p", "m", off);
    }
    CHECK(health.admit("p", "m", off) == Admission::yes);
    CHECK(health.of("p", "m").failures == 100);
}

TEST_CASE("Health: rests for as long as the target asked") {
    FakeClock clock;
    Health health(clock);
    health.rest("p", "m", milliseconds(5000));
    health.rest("p", "m", milliseconds(2000));  // the longer one counts
    CHECK(health.of("p", "m").open_left_ms == 5000);
    clock.advance_ms(5000);
    CHECK(health.admit("p", "m", policy) == Admission::probe);
    // "Come back at once" is no rest, and so no reason to open at the first failure.
    health.rest("q", "m", milliseconds(0));
    health.failed("q", "m", policy);
    CHECK(health.admit("q", "m", policy) == Admission::yes);
}

TEST_CASE("Health: averages follow, the first observation whole") {
    FakeClock clock;
    Health health(clock);
    CHECK(health.of("p", "m").answers == 0);
    CHECK(health.of("p", "m").first_token_ms == 0);
    health.succeeded("p", "m", {800.0, 80});
    CHECK(health.of("p", "m").first_token_ms == doctest::Approx(800));
    health.succeeded("p", "m", {0.0, 160});
    CHECK(health.of("p", "m").first_token_ms == doctest::Approx(700));
    health.succeeded("p", "m");
    CHECK(health.of("p", "m").first_token_ms == doctest::Approx(700));
    CHECK(health.of("p", "m").tokens_per_s == doctest::Approx(90));
    CHECK(health.of("p", "m").error_share == doctest::Approx(0));
    health.failed("p", "m", policy);
    CHECK(health.of("p", "m").error_share == doctest::Approx(0.125));
    CHECK(health.of("p", "m").answers == 3);
    CHECK(health.all().size() == 1);
}

TEST_CASE("Health: bounded; the target used least recently is forgotten") {
    FakeClock clock;
    Health health(clock);
    for (std::size_t i = 0; i < Health::targets_max; ++i) {
        clock.advance_ms(1);
        health.succeeded("p", "model-" + std::to_string(i), {1.0, {}});
    }
    clock.advance_ms(1);
    health.succeeded("p", "model-0", {1.0, {}});
    clock.advance_ms(1);
    health.succeeded("p", "one more", {1.0, {}});
    CHECK(health.all().size() == Health::targets_max);
    CHECK(health.of("p", "model-0").answers == 2);
    CHECK(health.of("p", "model-1").answers == 0);
    CHECK(health.of("p", "one more").answers == 1);
}
