#include "core/net/server.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <utility>

#include <httplib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/net/http1_request.hpp"
#include "core/net/port_owner.hpp"
#include "core/net/relay_loop.hpp"
#include "core/net/server_body.hpp"
#include "core/net/session.hpp"
#include "core/net/thread_pool.hpp"
#include "core/net/websocket_connection.hpp"

namespace llmgw {
namespace {

using std::chrono::milliseconds;

constexpr auto idle_thread_limit = std::chrono::seconds(20);
constexpr milliseconds busy_client_wait{100};

// What httplib gives its connections to.
class TaskQueue final : public httplib::TaskQueue {
public:
    TaskQueue(std::function<bool(std::function<void()>)> take, std::function<void()> all_over)
        : take_(std::move(take)), all_over_(std::move(all_over)) {}
    bool enqueue(std::function<void()> fn) override { return take_(std::move(fn)); }
    void shutdown() override { all_over_(); }

private:
    std::function<bool(std::function<void()>)> take_;
    std::function<void()> all_over_;
};

}  // namespace

class HttpServer::Impl final : public httplib::Server, public Session::Owner {
public:
    Impl(ServerOptions options, RequestHandler handler)
        : options_(std::move(options)),
          handler_(std::move(handler)),
          abort_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          drain_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          pool_(options_.connections_max, idle_thread_limit, options_.keep_alive),
          relay_(abort_fd_) {
        new_task_queue = [this] {
            return new TaskQueue([this](auto serve) { return take(std::move(serve)); }, [this] { wait_for_all(); });
        };
        set_read_timeout(busy_client_wait);  // becomes the sockets' own: SocketIo::wait_read()
        // The default, SO_REUSEPORT, would let two gateways share a port and each get half of the calls.
        set_socket_options([](socket_t sock) { httplib::set_socket_opt(sock, SOL_SOCKET, SO_REUSEADDR, 1); });
    }
    ~Impl() override {
        ::close(abort_fd_);
        ::close(drain_fd_);
    }

    Result<int> bind() {
        errno = 0;
        const int port = options_.port == 0 ? bind_to_any_port(options_.host)
                                            : (bind_to_port(options_.host, options_.port) ? options_.port : -1);
        if (port > 0) { return port; }
        const int why = errno;
        std::string message = "cannot listen on " + options_.host + ":" + std::to_string(options_.port) + ": ";
        if (why == EADDRINUSE) {
            message += "the port is in use" + port_owner(options_.port) +
                       ". Stop that program, or choose another port with --listen or [server] listen.";
        } else if (why == EACCES) {
            message += "permission denied. Ports below 1024 need privileges; choose a higher one with --listen.";
        } else if (why == EADDRNOTAVAIL || why == 0) {
            message += "this machine has no such address. Use 127.0.0.1 or an address of its own.";
        } else {
            message += std::strerror(why);
        }
        return fail(ErrorKind::io, message);
    }

    void stop_accepting() {
        draining_ = true;
        set(drain_fd_);
        pool_.release_waiting();
        // Ends accept() without httplib's stop(), which would also cut running streams.
        ::shutdown(svr_sock_, SHUT_RDWR);
    }
    void abort_all() { set(abort_fd_); }

private:
    static void set(int event_fd) {
        const std::uint64_t one = 1;
        [[maybe_unused]] auto n = ::write(event_fd, &one, sizeof one);
    }

    // A new connection, counted from here on. False when there are too many.
    bool take(std::function<void()> serve) {
        if (++sessions_ <= options_.connections_max && pool_.run(std::move(serve))) { return true; }
        one_less();
        return false;
    }

    bool process_and_close_socket(socket_t sock) override {
        serve_requests(std::make_shared<Session>(sock, abort_fd_, options_.io_timeout, *this), true);
        return true;
    }

    void request_there(std::shared_ptr<Session> session) override { serve_requests(std::move(session), true); }
    void no_request(std::shared_ptr<Session> session) override { end(std::move(session)); }
    void stream_stopped(std::shared_ptr<Session> session, RelayLoop::End why) override {
        pool_.run_surely([this, session = std::move(session), why]() mutable { go_on(std::move(session), why); });
    }

    // One request after the other, until none is there, the connection is parked, or over. `look`: one may have come.
    void serve_requests(std::shared_ptr<Session> session, bool look) {
        auto& io = session->io();
        for (;; look = false) {
            // A busy client's next request comes at once, and waiting for it here is the cheapest; an idle one's
            // connection holds no thread.
            const bool there = look || draining_ ? io.try_read() : io.wait_read();
            if (!there) {
                if (io.at_end()) { break; }
                return pool_.wait_readable(std::move(session));
            }
            const auto sent = serve_one(*session);
            if (sent == Session::Sent::parked) { return relay_.park(std::move(session)); }
            if (sent == Session::Sent::broken || !io.flush() || !session->keep_alive() || draining_) { break; }
        }
        io.flush();
        end(std::move(session));
    }

    Session::Sent serve_one(Session& session) {
        auto& io = session.io();
        auto head = read_head(io);
        if (!head) {
            if (head.error() != 0) { refuse(session, head.error()); }
            return Session::Sent::broken;
        }
        auto request = std::move(head->request);
        const RequestFacts asked{request.method == "HEAD", head->http_1_0, head->keep_alive};
        const std::string websocket_key(find_header(request.headers, "sec-websocket-key"));
        RequestBody body(io, *head, find_header(request.headers, "content-encoding"), options_.body_bytes_max);
        auto reply = answer(
            std::move(request), [&] { return body.read(); }, Watch{io.fd(), abort_fd_});
        if (reply.websocket) { return become_websocket(io, reply, websocket_key); }
        auto facts = asked;
        facts.keep_alive = asked.keep_alive && !draining_ && (body.is_read() || body.may_be_stepped_over());
        const auto sent = session.send(std::move(reply), facts);
        if (body.is_read() || sent != Session::Sent::done) { return sent; }
        if (!body.may_be_stepped_over()) {
            io.linger();
            return Session::Sent::broken;
        }
        // The client waits for its answer first.
        return io.flush() && body.step_over() ? sent : Session::Sent::broken;
    }

    HttpReply answer(HttpRequest request, const BodyReader& read_body, const Watch& watch) {
        try {
            return handler_(std::move(request), read_body, watch);
        } catch (const std::exception&) {
            HttpReply reply;
            reply.status = 500;
            return reply;
        }
    }

    // The next request's head. The error is the status to refuse it with, 0 when there is nobody to tell.
    static std::expected<RequestHead, int> read_head(SocketIo& io) {
        std::size_t looked_at = 0;
        for (;;) {
            const auto bytes = io.buffered();
            if (const auto end = find_head_end(bytes, looked_at); end > 0) {
                auto head = read_request_head(bytes.substr(0, end));
                io.take(end);
                return head;
            }
            if (bytes.size() > request_head_bytes_max) { return std::unexpected(431); }
            looked_at = bytes.size();
            if (!io.read_more()) { return std::unexpected(0); }
        }
    }

    static void refuse(Session& session, int status) {
        HttpReply reply;
        reply.status = status;
        reply.headers = {{"Content-Type", "text/plain"}};
        reply.body = "llmgw: this is no HTTP/1.1 request that can be understood in one way only\n";
        session.send(std::move(reply), RequestFacts{.keep_alive = false});
        session.io().linger();
    }

    void go_on(std::shared_ptr<Session> session, RelayLoop::End why) {
        using Wake = ReplyStream::Wake;
        constexpr std::array<Wake, 4> wakes{Wake::handed_back, Wake::idle, Wake::cancelled, Wake::aborted};
        switch (session->go_on(wakes[static_cast<std::size_t>(why)])) {
            case Session::Sent::parked: return relay_.park(std::move(session));
            case Session::Sent::broken: return end(std::move(session));
            case Session::Sent::done: break;
        }
        const bool keep = session->io().flush() && session->keep_alive() && !draining_;
        keep ? serve_requests(std::move(session), false) : end(std::move(session));
    }

    void end(std::shared_ptr<Session> session) {
        session.reset();
        one_less();
    }

    void one_less() {
        const std::lock_guard lock(ending_);
        if (--sessions_ == 0) { all_ended_.notify_all(); }
    }

    // After the last accept: parked connections end too, and only then the threads that serve them.
    void wait_for_all() {
        {
            std::unique_lock lock(ending_);
            all_ended_.wait(lock, [this] { return sessions_ == 0; });
        }
        pool_.join();
    }

    // Nothing but frames from here on, until the connection closes.
    Session::Sent become_websocket(SocketIo& io, const HttpReply& reply, const std::string& key) {
        std::string head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
        head += "Sec-WebSocket-Accept: " + httplib::detail::websocket_accept_key(key) + "\r\n";
        for (const auto& [name, value] : reply.headers) {
            head.append(name).append(": ").append(value).append("\r\n");
        }
        head += "\r\n";
        if (!io.write(head.data(), head.size()) || !io.flush()) { return Session::Sent::broken; }
        WebSocketConnection socket(io, {abort_fd_, drain_fd_, options_.body_bytes_max, options_.websocket_idle});
        try {
            reply.websocket(socket);
        } catch (const std::exception&) {
            // The connection is closed, which is all that can be said here.
        }
        return Session::Sent::broken;
    }

    ServerOptions options_;
    RequestHandler handler_;
    int abort_fd_;
    int drain_fd_;  // readable once no more requests are taken
    std::atomic<bool> draining_{false};
    std::atomic<std::size_t> sessions_{0};
    std::mutex ending_;
    std::condition_variable all_ended_;
    ThreadPool pool_;
    RelayLoop relay_;  // last: its threads call into all of the above
};

HttpServer::HttpServer(ServerOptions options, RequestHandler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}
HttpServer::~HttpServer() = default;
Result<int> HttpServer::bind() {
    return impl_->bind();
}
void HttpServer::run() {
    impl_->listen_after_bind();
}
void HttpServer::stop() {
    impl_->stop_accepting();
}
void HttpServer::abort() {
    impl_->abort_all();
}

}  // namespace llmgw
