// How each target has been doing lately: a circuit breaker, and running averages of its speed and its errors. Kept for
// as long as the gateway runs, across reloads, and bounded. No I/O; time is given.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/util/clock.hpp"

namespace llmgw {

enum class BreakerState {
    closed,     // asked as usual
    open,       // left alone while another target is left to try
    half_open,  // asked by one call, to see whether it is back
};
constexpr std::string_view to_string(BreakerState state) {
    switch (state) {
        case BreakerState::closed: return "closed";
        case BreakerState::open: return "open";
        case BreakerState::half_open: return "half_open";
    }
    return "";
}

// Averages weigh the latest observations most: each counts for an eighth, the one before it for an eighth of the rest.
struct TargetHealth {
    std::string provider;
    std::string model;
    BreakerState state = BreakerState::closed;
    std::int64_t open_left_ms = 0;   // until the next probe; 0 unless open
    std::int64_t open_since_ms = 0;  // UTC, when it was last closed until; 0 when closed
    std::uint64_t answers = 0;       // that went well; 0: nothing is known of its speed
    std::uint64_t failures = 0;      // of the target, not of the request
    double error_share = 0;          // of all, 0 to 1
    double first_token_ms = 0;       // from the attempt's start to the first content; 0: not known
    double tokens_per_s = 0;         // of output, after the first content; 0: not known
};

// What strategies read. Safe to use from any thread.
class HealthView {
public:
    virtual ~HealthView() = default;
    // A target never asked is closed with nothing known.
    virtual TargetHealth of(std::string_view provider, std::string_view model) const = 0;
};

// Of one answer; what was not seen is not averaged.
struct AnswerSpeed {
    std::optional<double> first_token_ms;
    std::optional<double> tokens_per_s;
};

struct BreakerPolicy {
    std::int64_t failures = 5;  // in a row that open it; 0: it never opens
    std::chrono::milliseconds open{15'000};
};

// Safe to use from any thread; no lock is held across anything but memory.
class Health final : public HealthView {
public:
    explicit Health(const Clock& clock) : clock_(clock) {}

    TargetHealth of(std::string_view provider, std::string_view model) const override;
    // All that are known, by name.
    std::vector<TargetHealth> all() const;

    enum class Admission {
        yes,
        probe,  // yes, and what comes of it decides
        no,     // open, or a probe is under way
    };
    // Asks for leave, and takes the probe when it is time for one. A probe that nothing is heard of is given to the
    // next call after `policy.open`.
    Admission admit(std::string_view provider, std::string_view model, const BreakerPolicy& policy);

    // The target answered.
    void succeeded(std::string_view provider, std::string_view model, const AnswerSpeed& speed = {});
    // More about an answer that was told of before.
    void spoke(std::string_view provider, std::string_view model, const AnswerSpeed& speed);
    void failed(std::string_view provider, std::string_view model, const BreakerPolicy& policy);
    // It asked to be left alone for so long (Retry-After): open until then.
    void rest(std::string_view provider, std::string_view model, std::chrono::milliseconds time);
    // A probe that told nothing of its target, such as one whose client left.
    void released(std::string_view provider, std::string_view model);

    // Clients name the models, so their number is bounded: beyond it the one used least recently is forgotten.
    static constexpr std::size_t targets_max = 1024;

private:
    struct Entry {
        TargetHealth facts;
        std::int64_t failures_in_a_row = 0;
        std::int64_t open_until_us = 0;   // 0: closed
        std::int64_t probe_until_us = 0;  // 0: none under way
        std::int64_t used_us = 0;
        bool measured = false;
    };

    Entry& entry(std::string_view provider, std::string_view model);
    Entry* find(std::string_view provider, std::string_view model);
    TargetHealth view(const Entry& entry) const;
    void open(Entry& entry, std::int64_t until_us);
    static void count(Entry& entry, bool failed);
    static void measure(Entry& entry, const AnswerSpeed& speed);

    const Clock& clock_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Entry> entries_;
};

}  // namespace llmgw
