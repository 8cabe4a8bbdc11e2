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

#include "core/net/port_owner.hpp"
#include "core/net/relay_loop.hpp"
#include "core/net/session.hpp"
#include "core/net/thread_pool.hpp"
#include "core/net/websocket_connection.hpp"

namespace llmgw {
namespace {

using std::chrono::milliseconds;

constexpr auto idle_thread_limit = std::chrono::seconds(20);
constexpr milliseconds busy_client_wait{100};

// httplib's view of a SocketIo.
class IoStream final : public httplib::Stream {
public:
    explicit IoStream(SocketIo& io, const std::string& remote) : io_(io), remote_(remote) {}
    bool is_readable() const override { return io_.readable_now(); }
    bool wait_readable() const override { return !io_.broken(); }
    bool wait_writable() const override { return !io_.broken(); }
    bool is_peer_alive() const override { return !io_.broken(); }
    ssize_t read(char* ptr, size_t size) override { return io_.read(ptr, size); }
    ssize_t write(const char* ptr, size_t size) override {
        if (muted) { return static_cast<ssize_t>(size); }
        return io_.write(ptr, size) ? static_cast<ssize_t>(size) : -1;
    }
    void get_remote_ip_and_port(std::string& ip, int& port) const override {
        ip = remote_;
        port = 0;
    }
    void get_local_ip_and_port(std::string& ip, int& port) const override {
        ip.clear();
        port = 0;
    }
    socket_t socket() const override { return io_.fd(); }
    time_t duration() const override { return 0; }

    bool muted = false;  // the reply has been written; what httplib thinks of one goes nowhere

private:
    SocketIo& io_;
    const std::string& remote_;
};

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

// The request this thread reads. httplib hands its handlers no stream.
struct Current {
    Session* session = nullptr;
    IoStream* stream = nullptr;
    bool body_left_unread = false;
    bool replied = false;
    Session::Sent sent = Session::Sent::done;
};
thread_local Current current;

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
        set_keep_alive_timeout(std::chrono::duration_cast<std::chrono::seconds>(options_.keep_alive).count());
        set_keep_alive_max_count(1'000'000);
        set_payload_max_length(options_.body_bytes_max);
        // The default, SO_REUSEPORT, would let two gateways share a port and each get half of the calls.
        set_socket_options([](socket_t sock) { httplib::set_socket_opt(sock, SOL_SOCKET, SO_REUSEADDR, 1); });
        set_pre_routing_handler([this](const httplib::Request& req, httplib::Response& res) {
            serve(const_cast<httplib::Request&>(req), res);
            return HandlerResponse::Handled;
        });
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
        std::string remote;
        int remote_port = 0;
        for (;; look = false) {
            // A busy client's next request comes at once, and waiting for it here is the cheapest; an idle one's
            // connection holds no thread.
            const bool there = look ? io.try_read() : io.wait_read(draining_ ? milliseconds(0) : busy_client_wait);
            if (!there) {
                if (io.at_end()) { break; }
                return pool_.wait_readable(std::move(session));
            }
            if (remote.empty()) { httplib::detail::get_remote_ip_and_port(io.fd(), remote, remote_port); }
            IoStream stream(io, remote);
            bool closed = false;
            current = Current{session.get(), &stream};
            const bool ok = process_request(stream, remote, remote_port, {}, 0, draining_, closed, &Impl::prepare);
            const auto outcome = std::exchange(current, {});
            if (outcome.sent == Session::Sent::parked) { return relay_.park(std::move(session)); }
            const bool keep = ok && !closed && (!outcome.replied || session->keep_alive()) &&
                              outcome.sent == Session::Sent::done && io.flush();
            if (outcome.body_left_unread) { io.linger(); }
            if (!keep || draining_ || outcome.body_left_unread) { break; }
        }
        io.flush();
        end(std::move(session));
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

    static void prepare(httplib::Request& req) {
        // Without these httplib would compress answers and cut them to ranges; both change bytes.
        req.headers.erase("Accept-Encoding");
        req.ranges.clear();
    }

    void serve(httplib::Request& req, httplib::Response& res) {
        HttpRequest request;
        request.method = req.method;
        request.target = req.target;
        request.headers.reserve(req.headers.size());
        for (const auto& [name, value] : req.headers) {
            request.headers.emplace_back(name, value);
        }
        const bool has_body = httplib::detail::is_chunked_transfer_encoding(req.headers) ||
                              req.get_header_value_u64("Content-Length") > 0;
        // A POST without either has no body; httplib would read it until the connection closes.
        if (!has_body) { req.body_consumed_ = true; }
        const BodyReader read_body = [&]() -> Result<std::string> {
            if (!has_body) { return std::string(); }
            return read(req);
        };
        auto reply = handler_(std::move(request), read_body, Watch{current.session->io().fd(), abort_fd_});
        if (reply.websocket) { return become_websocket(req, res, reply); }
        RequestFacts facts;
        facts.head = req.method == "HEAD";
        facts.http_1_0 = req.version == "HTTP/1.0";
        facts.keep_alive = !draining_ && !current.body_left_unread && req.get_header_value("Connection") != "close" &&
                           (!facts.http_1_0 || iequals(req.get_header_value("Connection"), "keep-alive"));
        current.replied = true;
        current.sent = current.session->send(std::move(reply), facts);
        // A body nobody read is about to be drained: the client waits for its answer first.
        if (!req.body_consumed_) { current.session->io().flush(); }
        current.stream->muted = true;
        res.status = 200;
    }

    // Nothing but frames from here on, until the connection closes.
    void become_websocket(const httplib::Request& req, httplib::Response& res, const HttpReply& reply) {
        auto& io = current.session->io();
        current.replied = true;
        current.sent = Session::Sent::broken;
        current.stream->muted = true;
        res.status = 200;
        std::string head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
        head += "Sec-WebSocket-Accept: " +
                httplib::detail::websocket_accept_key(req.get_header_value("Sec-WebSocket-Key")) + "\r\n";
        for (const auto& [name, value] : reply.headers) {
            head.append(name).append(": ").append(value).append("\r\n");
        }
        head += "\r\n";
        if (!io.write(head.data(), head.size()) || !io.flush()) { return; }
        WebSocketConnection socket(io, {abort_fd_, drain_fd_, options_.body_bytes_max, options_.websocket_idle});
        try {
            reply.websocket(socket);
        } catch (const std::exception&) {
            // The connection is closed, which is all that can be said here.
            return;
        }
    }

    Result<std::string> read(httplib::Request& req) {
        const auto too_large = [&] {
            return fail(ErrorKind::too_large, "the request body is larger than " +
                                                  std::to_string(options_.body_bytes_max >> 20) +
                                                  " MiB, the limit set by [server] max_body_mb");
        };
        const auto length = req.get_header_value_u64("Content-Length");
        // Left unread: httplib closes the connection after the answer.
        if (length > options_.body_bytes_max) {
            current.body_left_unread = true;
            return too_large();
        }
        std::string body;
        // The usual case, a plain body of known length, is received where it stays.
        if (length > 0 && !req.has_header("Content-Encoding") && !req.has_header("Transfer-Encoding")) {
            req.body_consumed_ = receive(body, length);
            if (req.body_consumed_) { return body; }
            return fail(ErrorKind::cancelled, "the client went away while it sent its request");
        }
        int status = 0;
        bool over = false;
        const bool ok = httplib::detail::read_content(
            *current.stream, req, options_.body_bytes_max, status, nullptr,
            [&](const char* data, size_t size, size_t, size_t) {
                over = body.size() + size > options_.body_bytes_max;
                if (!over) { body.append(data, size); }
                return !over;
            },
            true);
        req.body_consumed_ = ok;
        current.body_left_unread = !ok;
        if (ok) { return body; }
        if (over || status == 413) { return too_large(); }
        const auto encoding = req.get_header_value("Content-Encoding");
        if (!encoding.empty()) {
            return fail(ErrorKind::bad_request, "the request body could not be read as Content-Encoding: " + encoding +
                                                    ". Known: gzip, deflate, br, zstd");
        }
        return fail(ErrorKind::cancelled, "the client went away while it sent its request");
    }

    static bool receive(std::string& body, std::size_t length) {
        std::size_t have = 0;
        // g++ 12's library may pass a larger size than the one asked for: only `length` counts.
        body.resize_and_overwrite(length, [&](char* into, std::size_t) {
            while (have < length) {
                const auto n = current.session->io().read(into + have, length - have);
                if (n <= 0) { break; }
                have += static_cast<std::size_t>(n);
            }
            return have;
        });
        return have == length;
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
