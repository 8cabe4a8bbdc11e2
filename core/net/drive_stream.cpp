#include "core/net/drive_stream.hpp"

#include <algorithm>
#include <array>

#include <poll.h>

namespace llmgw {
namespace {

using Wake = ReplyStream::Wake;

// Until the stream wants to go on by itself.
Wake wait_parked(ReplyStream& stream, ClientStream& client, const Watch& watch) {
    const auto idle = static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(stream.idle().count(), 0, 3'600'000));
    const int upstream_fd = stream.fd();
    for (;;) {
        std::array<pollfd, 3> fds{
            {{upstream_fd, POLLIN, 0}, {watch.client_fd, POLLRDHUP, 0}, {watch.abort_fd, POLLIN, 0}}};
        const int count = ::poll(fds.data(), fds.size(), idle);
        if (count == 0) { return Wake::idle; }
        if (count < 0) { continue; }  // a signal
        if (fds[2].revents != 0) { return Wake::aborted; }
        if (fds[1].revents != 0) { return Wake::cancelled; }
        if (!stream.turn(client)) { return Wake::handed_back; }
    }
}

}  // namespace

bool drive_stream(ReplyStream& stream, ClientStream& client, const Watch& watch) {
    auto progress = stream.advance(client, Wake::begun);
    while (progress == ReplyStream::Progress::parked) {
        progress = stream.advance(client, wait_parked(stream, client, watch));
    }
    return progress == ReplyStream::Progress::whole;
}

}  // namespace llmgw
