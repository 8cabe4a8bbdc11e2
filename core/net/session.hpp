// One client's connection: what is written on it, and the stream that may be parked on it. Requests are read by
// server.cpp.
#pragma once

#include <memory>
#include <string>

#include "core/net/http.hpp"
#include "core/net/relay_loop.hpp"
#include "core/net/socket_io.hpp"
#include "core/net/thread_pool.hpp"
#include "core/net/transport.hpp"

namespace llmgw {

// What a reply's framing depends on.
struct RequestFacts {
    bool head = false;       // answered without a body
    bool http_1_0 = false;   // no chunks
    bool keep_alive = true;  // the connection may carry another request
};

// Waits in the thread pool for its next request, and in the relay loop for its stream's next bytes.
class Session final : public RelayLoop::Parked,
                      public ThreadPool::Waiting,
                      public std::enable_shared_from_this<Session> {
public:
    // What a session wakes. Outlives it.
    class Owner {
    public:
        virtual ~Owner() = default;
        // Its next request is there; or it will not come.
        virtual void request_there(std::shared_ptr<Session> session) = 0;
        virtual void no_request(std::shared_ptr<Session> session) = 0;
        // The parked stream wants a thread. Called on a loop thread.
        virtual void stream_stopped(std::shared_ptr<Session> session, RelayLoop::End end) = 0;
    };

    // Owns the socket.
    Session(int socket, int abort_fd, std::chrono::milliseconds io_timeout, Owner& owner);
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    enum class Sent {
        done,    // the next request may come
        parked,  // park it in a relay loop
        broken,  // close
    };
    // Writes the head and, as far as it goes without waiting for the upstream, the body. Does not flush a whole one.
    Sent send(HttpReply reply, const RequestFacts& facts);
    // Goes on with the parked reply.
    Sent go_on(ReplyStream::Wake wake);

    SocketIo& io() { return io_; }
    bool keep_alive() const { return facts_.keep_alive; }

    int upstream_fd() const override { return stream_->fd(); }
    int client_fd() const override { return io_.fd(); }
    std::chrono::milliseconds idle() const override { return stream_->idle(); }
    bool turn() override;
    void resume(RelayLoop::End end) override { owner_.stream_stopped(shared_from_this(), end); }

    int fd() const override { return io_.fd(); }
    void wake(std::shared_ptr<Waiting> self, bool readable) override;

private:
    class Body;  // the reply's ClientStream

    void write_head(const HttpReply& reply, bool chunked, bool has_length, std::uint64_t length);
    Sent finish(bool whole, bool chunked);

    SocketIo io_;
    Owner& owner_;
    RequestFacts facts_;
    std::unique_ptr<Body> body_;
    std::unique_ptr<ReplyStream> stream_;
};

}  // namespace llmgw
