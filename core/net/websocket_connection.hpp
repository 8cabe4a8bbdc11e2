// The WebSocket on a session's socket. A thread of its own reads, so that pings are answered and a close is noticed
// while a call runs; the session's thread receives, sends and waits for upstreams.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>

#include "core/net/socket_io.hpp"
#include "core/net/websocket.hpp"
#include "core/net/websocket_frame.hpp"

namespace llmgw {

class WebSocketConnection final : public WebSocket {
public:
    struct Options {
        int abort_fd = -1;                     // readable: everything must end now
        int drain_fd = -1;                     // readable: no more messages, a running call may finish
        std::size_t message_bytes_max = 0;     // also of all messages that wait to be received
        std::chrono::milliseconds idle_max{};  // without a message and without a call
    };
    // The handshake is over. `io` outlives it and is not used by others meanwhile.
    WebSocketConnection(SocketIo& io, Options options);
    // Says goodbye.
    ~WebSocketConnection() override;
    WebSocketConnection(const WebSocketConnection&) = delete;
    WebSocketConnection& operator=(const WebSocketConnection&) = delete;

    std::optional<std::string> receive() override;
    bool send(std::string_view text) override;
    bool flush() override;
    bool try_flush() override;
    Watch watch() const override;

private:
    void read_all();
    // False when nothing more is to be read.
    bool take(std::string_view bytes);
    bool is_full();
    bool send_now(std::string_view frame);
    // The client is gone, or is to be told goodbye with that code: waits and calls end.
    void end(websocket::Close code);

    SocketIo& io_;
    const Options options_;
    int wake_fd_;     // the reader looks at stopping_ and at the queue again
    int watched_[2];  // a socket pair; its second end is shut down when the client is gone
    std::mutex writing_;
    bool close_sent_ = false;  // guarded by writing_, as is io_'s write side

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> waiting_;
    std::size_t waiting_bytes_ = 0;
    bool ended_ = false;
    bool draining_ = false;
    bool stopping_ = false;
    websocket::Close code_ = websocket::Close::normal;

    websocket::FrameReader frames_;
    std::thread reader_;
};

}  // namespace llmgw
