#include "core/route/retry.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string>

namespace llmgw {
namespace {

using std::chrono::milliseconds;

// A header can ask for any time at all; beyond this it is as good as for ever.
constexpr double longest_ms = 365.0 * 24 * 3600 * 1000;

std::optional<milliseconds> number_of(std::string_view text, double unit_ms) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !(value >= 0)) { return std::nullopt; }
    return milliseconds(std::llround(std::min(value * unit_ms, longest_ms)));
}

std::optional<unsigned> month_of(std::string_view name) {
    constexpr std::array<std::string_view, 12> names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) { return std::nullopt; }
    return static_cast<unsigned>(found - names.begin()) + 1;
}

bool may_pass(int status) {
    return status == 408 || status == 409 || status == 429 || status >= 500;
}

// For what no status tells: errors of the way there, and those told inside a 200.
Again by_class(ErrorClass error_class) {
    switch (blame_of(error_class)) {
        case Blame::target: return Again::anybody;
        case Blame::account: return Again::another;
        case Blame::request:
        case Blame::client: break;
    }
    return Again::nobody;
}

}  // namespace

Again asked_again(const AttemptFailure& failure) {
    if (failure.error_class == ErrorClass::cancelled) { return Again::nobody; }
    if (!failure.sent) { return Again::another; }
    auto again = by_class(failure.error_class);
    if (failure.status >= 400) {
        // The account's troubles come under many a status, 429 among them; asking again pays no bill.
        const bool accounts = again == Again::another;
        if (!accounts) { again = may_pass(failure.status) ? Again::anybody : Again::nobody; }
    }
    // "No" is about this target; whether another one may do better, the failure itself says.
    if (failure.should_retry == false && again == Again::anybody) { return Again::another; }
    if (failure.should_retry == true) { return Again::anybody; }
    return again;
}

NextStep next_step(const RetryPolicy& policy, const Standing& standing, const AttemptFailure& failure, double random) {
    using What = NextStep::What;
    const auto again = asked_again(failure);
    const auto left = standing.time_left.value_or(milliseconds::max());
    if (again == Again::nobody || left <= milliseconds(0)) { return {}; }
    // What was never sent was no attempt.
    if (failure.sent && standing.attempts >= policy.attempts_max) { return {}; }
    if (failure.other_key) { return {What::same_target, milliseconds(0)}; }
    // At once: it has not asked for a pause.
    if (standing.more_targets) { return {What::next_target, milliseconds(0)}; }
    if (again == Again::another || !policy.same_target) { return {}; }
    const auto asked = failure.retry_after.value_or(milliseconds(0));
    if (asked > policy.retry_after_max) { return {}; }
    // Full jitter, on top of what was asked for: clients that were turned away together do not come back together.
    const int doublings = std::clamp(standing.of_target - 1, 0, 20);
    const auto ceiling_ms = std::min<std::int64_t>(policy.backoff.count() << doublings, policy.backoff_max.count());
    const auto wait = asked + milliseconds(static_cast<milliseconds::rep>(static_cast<double>(ceiling_ms) * random));
    if (wait >= left) { return {}; }
    return {What::same_target, wait};
}

std::optional<milliseconds> retry_after_of(const Headers& headers, std::int64_t now_ms) {
    if (const auto exact = number_of(find_header(headers, "retry-after-ms"), 1)) { return exact; }
    const auto text = find_header(headers, "retry-after");
    if (text.empty()) { return std::nullopt; }
    if (const auto seconds = number_of(text, 1000)) { return seconds; }
    const auto date = parse_http_date(text);
    if (!date) { return std::nullopt; }
    return milliseconds(std::max<std::int64_t>(0, *date * 1000 - now_ms));
}

std::optional<bool> should_retry_of(const Headers& headers) {
    const auto text = find_header(headers, "x-should-retry");
    if (iequals(text, "true")) { return true; }
    if (iequals(text, "false")) { return false; }
    return std::nullopt;
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
    const std::string copy(text.substr(0, 64));
    std::array<char, 4> name{};
    unsigned day = 0;
    int year = 0;
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    if (std::sscanf(copy.c_str(), "%*3[A-Za-z], %2u %3s %4d %2u:%2u:%2u GMT", &day, name.data(), &year, &hour, &minute,
                    &second) == 6) {
    } else if (std::sscanf(copy.c_str(), "%*9[A-Za-z], %2u-%3[A-Za-z]-%2d %2u:%2u:%2u GMT", &day, name.data(), &year,
                           &hour, &minute, &second) == 6) {
        year += year < 70 ? 2000 : 1900;
    } else if (std::sscanf(copy.c_str(), "%*3[A-Za-z] %3s %2u %2u:%2u:%2u %4d", name.data(), &day, &hour, &minute,
                           &second, &year) != 6) {
        return std::nullopt;
    }
    const auto month = month_of(name.data());
    if (!month || hour > 23 || minute > 59 || second > 60) { return std::nullopt; }
    const auto date = std::chrono::year(year) / std::chrono::month(*month) / std::chrono::day(day);
    if (!date.ok()) { return std::nullopt; }
    const auto days = std::chrono::sys_days(date).time_since_epoch().count();
    return static_cast<std::int64_t>(days) * 86400 + static_cast<std::int64_t>(hour * 3600 + minute * 60 + second);
}

}  // namespace llmgw
