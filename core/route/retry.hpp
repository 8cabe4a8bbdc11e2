// What to do after an attempt that failed: ask the same target again, the next one, or tell the client. Pure: time and
// chance are given.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/model/api_error.hpp"
#include "core/net/http.hpp"

namespace llmgw {

struct RetryPolicy {
    int attempts_max = 3;                          // retries and failovers together, the first attempt included
    bool same_target = true;                       // may a target that failed be asked again
    std::chrono::milliseconds backoff{500};        // the first pause is up to this, each further one up to twice that
    std::chrono::milliseconds backoff_max{8000};   // ... but no longer
    std::chrono::milliseconds retry_after_max{0};  // a target that asks for more is not waited for
};

// Nothing of the attempt has reached the client.
struct AttemptFailure {
    ErrorClass error_class = ErrorClass::server;
    int status = 0;    // of the HTTP answer; 0: none came. An error inside a 200 has 200.
    bool sent = true;  // false: the target cannot be asked at all (no key, nothing it could be told)
    std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
    std::optional<bool> should_retry = std::nullopt;  // what the provider says of asking it again
    bool other_key = false;                           // its provider has another key that is good: worth a try at once
};

// Who may be asked after such a failure.
enum class Again {
    nobody,   // it is the request's fault, or the client's wish: the same everywhere
    another,  // it is between us and this target
    anybody,  // it may pass
};
Again asked_again(const AttemptFailure& failure);

struct Standing {
    int attempts = 1;                                    // made so far
    int of_target = 1;                                   // ... of the target that failed last
    bool more_targets = false;                           // one is left that has not been tried
    std::optional<std::chrono::milliseconds> time_left;  // of the whole call
};

struct NextStep {
    enum class What { give_up, same_target, next_target } what = What::give_up;
    std::chrono::milliseconds wait{0};  // before it
};

// `random` is in [0, 1).
NextStep next_step(const RetryPolicy& policy, const Standing& standing, const AttemptFailure& failure, double random);

// How long the answer asks to be left alone: retry-after-ms, or Retry-After in seconds or as a date. Never negative.
std::optional<std::chrono::milliseconds> retry_after_of(const Headers& headers, std::int64_t now_ms);
// x-should-retry; nullopt when it says nothing.
std::optional<bool> should_retry_of(const Headers& headers);
// Seconds since 1970 of an HTTP date (RFC 9110, 5.6.7) in any of its three forms.
std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace llmgw
