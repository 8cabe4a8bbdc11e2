// Small things the benchmark tools share: the clock, sockets on the loopback, percentiles. Linux only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmgw::bench {

// CLOCK_MONOTONIC, which all processes of one machine share: a time stamp of the mock means the same to the client.
std::int64_t now_ns();

class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    ~Fd() { reset(); }

    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    void reset();

private:
    int fd_ = -1;
};

// The soft limit of open files becomes the hard one, which it returns.
std::uint64_t raise_open_files_limit();

// Both give an empty Fd, with errno set, when the system refuses. Sockets have TCP_NODELAY.
Fd listen_loopback(int port);
Fd connect_loopback(int port, bool blocking);

// The number after "name": in flat JSON, 0 when it is not there.
double json_number(std::string_view json, std::string_view name);

// Values of one run, kept to the end so that percentiles are exact.
class Samples {
public:
    void reserve(std::size_t count) { values_.reserve(count); }
    void add(double value) { values_.push_back(value); }
    std::size_t size() const { return values_.size(); }
    void clear() { values_.clear(); }

    // Nearest rank; 0 when empty.
    double percentile(double percent) {
        if (values_.empty()) { return 0; }
        auto rank = static_cast<std::size_t>(percent / 100.0 * static_cast<double>(values_.size() - 1) + 0.5);
        auto nth = values_.begin() + static_cast<std::ptrdiff_t>(rank);
        std::nth_element(values_.begin(), nth, values_.end());
        return *nth;
    }
    double max() const { return values_.empty() ? 0 : *std::max_element(values_.begin(), values_.end()); }

private:
    std::vector<double> values_;
};

}  // namespace llmgw::bench
