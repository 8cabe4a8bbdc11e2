// Time as an argument. Production code takes a Clock&; tests pass a FakeClock and never sleep.
#pragma once

#include <chrono>
#include <cstdint>

namespace llmgw {

class Clock {
public:
    virtual ~Clock() = default;
    // UTC, milliseconds since 1970.
    virtual std::int64_t now_ms() const = 0;
    // Monotonic microseconds; only differences mean anything.
    virtual std::int64_t steady_us() const = 0;
};

class SystemClock final : public Clock {
public:
    std::int64_t now_ms() const override {
        using namespace std::chrono;
        return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    }
    std::int64_t steady_us() const override {
        using namespace std::chrono;
        return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
    }
};

class FakeClock final : public Clock {
public:
    explicit FakeClock(std::int64_t start_ms = 1'700'000'000'000) : ms_(start_ms) {}
    std::int64_t now_ms() const override { return ms_; }
    std::int64_t steady_us() const override { return ms_ * 1000; }
    void advance_ms(std::int64_t by) { ms_ += by; }

private:
    std::int64_t ms_;
};

}  // namespace llmgw
