#include "core/net/pause.hpp"

#include <algorithm>
#include <array>

#include <poll.h>

namespace llmgw {

Result<> pause(const Watch& watch, std::chrono::milliseconds time) {
    using Clock = std::chrono::steady_clock;
    const auto until = Clock::now() + time;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        if (left <= std::chrono::milliseconds(0)) { return {}; }
        // Negative descriptors are left out by poll.
        std::array<pollfd, 2> fds{{{watch.client_fd, POLLRDHUP, 0}, {watch.abort_fd, POLLIN, 0}}};
        const int count = ::poll(fds.data(), fds.size(),
                                 static_cast<int>(std::min<std::chrono::milliseconds::rep>(left.count(), 3'600'000)));
        if (count <= 0) { continue; }  // the time is up, or a signal came
        if (fds[1].revents != 0) { return fail(ErrorKind::unavailable, "llmgw is shutting down"); }
        return fail(ErrorKind::cancelled, "the client went away");
    }
}

}  // namespace llmgw
