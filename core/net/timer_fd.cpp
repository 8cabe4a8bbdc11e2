#include "core/net/timer_fd.hpp"

#include <algorithm>

#include <sys/timerfd.h>

namespace llmgw {

Fd timer_fd(std::chrono::milliseconds limit) {
    Fd fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    const auto ms = std::max<std::int64_t>(limit.count(), 0);
    itimerspec when{};
    when.it_value.tv_sec = ms / 1000;
    when.it_value.tv_nsec = ms % 1000 * 1'000'000 + 1;  // zero would be no limit
    ::timerfd_settime(fd.get(), 0, &when, nullptr);
    return fd;
}

}  // namespace llmgw
