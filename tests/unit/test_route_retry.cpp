#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "core/route/retry.hpp"

using namespace llmgw;
using std::chrono::milliseconds;
using std::chrono::seconds;
using What = NextStep::What;

namespace {

constexpr std::int64_t now_ms = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT

RetryPolicy policy() {
    RetryPolicy made;
    made.attempts_max = 4;
    made.backoff = milliseconds(100);
    made.backoff_max = milliseconds(250);
    made.retry_after_max = seconds(5);
    return made;
}

AttemptFailure with_status(int status, ErrorClass error_class) {
    AttemptFailure failure;
    failure.status = status;
    failure.error_class = error_class;
    return failure;
}

const AttemptFailure overloaded = with_status(529, ErrorClass::overloaded);

}  // namespace

TEST_CASE("Retry: what may pass is asked again, what is the request's fault is not") {
    struct Row {
        int status;
        ErrorClass error_class;
        Again again;
    };
    const Row rows[] = {
        {408, ErrorClass::timeout, Again::anybody},
        {409, ErrorClass::bad_request, Again::anybody},
        {429, ErrorClass::rate_limit, Again::anybody},
        {500, ErrorClass::server, Again::anybody},
        {502, ErrorClass::server, Again::anybody},
        {503, ErrorClass::overloaded, Again::anybody},
        {504, ErrorClass::timeout, Again::anybody},
        {529, ErrorClass::overloaded, Again::anybody},
        {0, ErrorClass::connect, Again::anybody},
        {0, ErrorClass::timeout, Again::anybody},
        {0, ErrorClass::truncated, Again::anybody},
        // Told inside a 200.
        {200, ErrorClass::overloaded, Again::anybody},
        {200, ErrorClass::rate_limit, Again::anybody},
        {200, ErrorClass::bad_request, Again::nobody},
        {200, ErrorClass::content_filter, Again::nobody},
        {200, ErrorClass::authentication, Again::another},
        // The account's, whatever the status.
        {401, ErrorClass::authentication, Again::another},
        {402, ErrorClass::billing, Again::another},
        {403, ErrorClass::permission, Again::another},
        {400, ErrorClass::billing, Again::another},
        {429, ErrorClass::billing, Again::another},
        {400, ErrorClass::bad_request, Again::nobody},
        {400, ErrorClass::context_length, Again::nobody},
        {403, ErrorClass::content_filter, Again::nobody},
        {404, ErrorClass::not_found, Again::nobody},
        {413, ErrorClass::too_large, Again::nobody},
        {413, ErrorClass::rate_limit, Again::nobody},  // too many tokens at once: as many next time
        {422, ErrorClass::bad_request, Again::nobody},
        {0, ErrorClass::cancelled, Again::nobody},
    };
    for (const auto& row : rows) {
        CAPTURE(row.status);
        CAPTURE(to_string(row.error_class));
        CHECK(asked_again(with_status(row.status, row.error_class)) == row.again);
    }
    auto failure = overloaded;
    failure.should_retry = false;
    CHECK(asked_again(failure) == Again::another);
    failure = with_status(400, ErrorClass::bad_request);
    failure.should_retry = true;
    CHECK(asked_again(failure) == Again::anybody);
    failure.should_retry = false;
    CHECK(asked_again(failure) == Again::nobody);
    failure = with_status(0, ErrorClass::bad_request);
    failure.sent = false;
    CHECK(asked_again(failure) == Again::another);
}

TEST_CASE("Retry: another target at once, the same one after a pause") {
    Standing standing;
    standing.more_targets = true;
    auto step = next_step(policy(), standing, overloaded, 0.9);
    CHECK(step.what == What::next_target);
    CHECK(step.wait == milliseconds(0));
    standing.more_targets = false;
    step = next_step(policy(), standing, overloaded, 0.9);
    CHECK(step.what == What::same_target);
    CHECK(step.wait == milliseconds(90));

    auto never = policy();
    never.same_target = false;
    CHECK(next_step(never, standing, overloaded, 0.9).what == What::give_up);
    const auto refused = with_status(401, ErrorClass::authentication);
    CHECK(next_step(policy(), standing, refused, 0).what == What::give_up);
    standing.more_targets = true;
    CHECK(next_step(policy(), standing, refused, 0).what == What::next_target);
    CHECK(next_step(never, standing, overloaded, 0).what == What::next_target);
    CHECK(next_step(policy(), standing, with_status(404, ErrorClass::not_found), 0).what == What::give_up);
}

TEST_CASE("Retry: another key of the same provider is tried at once, within the count") {
    Standing standing;
    standing.more_targets = true;
    auto limited = with_status(429, ErrorClass::rate_limit);
    limited.retry_after = seconds(3600);
    limited.other_key = true;
    auto never = policy();
    never.same_target = false;
    const auto step = next_step(never, standing, limited, 0.5);
    CHECK(step.what == What::same_target);
    CHECK(step.wait == milliseconds(0));
    standing.attempts = never.attempts_max;
    CHECK(next_step(never, standing, limited, 0.5).what == What::give_up);
}

TEST_CASE("Retry: the pause doubles up to its limit, all of it chance") {
    Standing standing;
    const auto wait = [&](int of_target, double random) {
        standing.of_target = of_target;
        return next_step(policy(), standing, overloaded, random).wait.count();
    };
    CHECK(wait(1, 0) == 0);
    CHECK(wait(1, 0.5) == 50);
    CHECK(wait(2, 0.5) == 100);
    CHECK(wait(3, 0.5) == 125);  // 250 at most
    CHECK(wait(1000, 0.5) == 125);
    CHECK(wait(1, 0.123) != wait(1, 0.456));
}

TEST_CASE("Retry: one count for retries and failovers") {
    Standing standing;
    standing.more_targets = true;
    standing.attempts = 3;
    CHECK(next_step(policy(), standing, overloaded, 0).what == What::next_target);
    standing.attempts = 4;
    CHECK(next_step(policy(), standing, overloaded, 0).what == What::give_up);
    standing.more_targets = false;
    CHECK(next_step(policy(), standing, overloaded, 0).what == What::give_up);
    // What could not be sent was no attempt.
    standing.more_targets = true;
    auto unsent = with_status(0, ErrorClass::bad_request);
    unsent.sent = false;
    CHECK(next_step(policy(), standing, unsent, 0).what == What::next_target);
}

TEST_CASE("Retry: Retry-After is waited for, and jitter comes on top; a long one is not") {
    Standing standing;
    auto limited = with_status(429, ErrorClass::rate_limit);
    limited.retry_after = seconds(2);
    for (const double random : {0.0, 0.3, 0.999}) {
        const auto step = next_step(policy(), standing, limited, random);
        CHECK(step.what == What::same_target);
        CHECK(step.wait >= seconds(2));
        CHECK(step.wait <= milliseconds(2100));
    }
    limited.retry_after = milliseconds(5001);
    CHECK(next_step(policy(), standing, limited, 0).what == What::give_up);
    standing.more_targets = true;
    CHECK(next_step(policy(), standing, limited, 0).what == What::next_target);
    CHECK(next_step(policy(), standing, limited, 0).wait == milliseconds(0));
}

TEST_CASE("Retry: never beyond the whole call's time") {
    Standing standing;
    standing.time_left = milliseconds(1000);
    auto limited = with_status(429, ErrorClass::rate_limit);
    limited.retry_after = milliseconds(999);
    CHECK(next_step(policy(), standing, limited, 0).what == What::same_target);
    limited.retry_after = milliseconds(1000);
    CHECK(next_step(policy(), standing, limited, 0).what == What::give_up);
    standing.time_left = milliseconds(0);
    standing.more_targets = true;
    CHECK(next_step(policy(), standing, overloaded, 0).what == What::give_up);
}

TEST_CASE("Retry: both forms of Retry-After, and retry-after-ms before them") {
    const auto ms = [](Headers headers) {
        const auto time = retry_after_of(headers, now_ms);
        return time ? time->count() : -1;
    };
    CHECK(ms({}) == -1);
    CHECK(ms({{"Retry-After", "2"}}) == 2000);
    CHECK(ms({{"retry-after", "0.25"}}) == 250);
    CHECK(ms({{"retry-after", "Sun, 06 Nov 1994 08:49:39 GMT"}}) == 2000);
    CHECK(ms({{"retry-after", "Sunday, 06-Nov-94 08:49:39 GMT"}}) == 2000);
    CHECK(ms({{"retry-after", "Sun Nov  6 08:49:39 1994"}}) == 2000);
    CHECK(ms({{"retry-after", "Sun, 06 Nov 1994 08:49:30 GMT"}}) == 0);  // gone by
    CHECK(ms({{"retry-after", "9"}, {"retry-after-ms", "40"}}) == 40);
    CHECK(ms({{"retry-after", "-1"}}) == -1);
    CHECK(ms({{"retry-after", "soon"}}) == -1);
    CHECK(ms({{"retry-after", "inf"}}) > 0);
    CHECK(ms({{"retry-after", "1e300"}}) == 365LL * 24 * 3600 * 1000);
    CHECK(ms({{"retry-after", "nan"}}) == -1);
    CHECK(ms({{"retry-after", "2 s"}}) == -1);
    CHECK(should_retry_of({}) == std::nullopt);
    CHECK(should_retry_of({{"X-Should-Retry", "false"}}) == false);
    CHECK(should_retry_of({{"x-should-retry", "TRUE"}}) == true);
    CHECK(should_retry_of({{"x-should-retry", "maybe"}}) == std::nullopt);
}

TEST_CASE("Retry: HTTP dates") {
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == now_ms / 1000);
    CHECK(parse_http_date("Thu, 29 Feb 2024 23:59:60 GMT") == 1'709'251'200);
    CHECK(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
    for (const auto* text :
         {"", "Sun", "Sun, 06 Nov 1994", "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 30 Feb 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 99999999999999 08:49:37 GMT", "12345"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_http_date(text));
    }
}
