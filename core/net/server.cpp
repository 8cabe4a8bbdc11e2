#include "core/net/server.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <httplib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/net/port_owner.hpp"
#include "core/net/socket_io.hpp"
#include "core/net/thread_pool.hpp"

namespace llmgw {
namespace {

constexpr auto idle_thread_limit = std::chrono::seconds(20);

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

private:
    SocketIo& io_;
    const std::string& remote_;
};

class SinkStream final : public ClientStream {
public:
    SinkStream(httplib::DataSink& sink, SocketIo& io) : sink_(sink), io_(io) {}
    bool write(std::string_view bytes) override { return bytes.empty() || sink_.write(bytes.data(), bytes.size()); }
    bool flush() override { return io_.flush(); }
    bool try_flush() override { return io_.try_flush(); }
    int fd() const override { return io_.fd(); }

private:
    httplib::DataSink& sink_;
    SocketIo& io_;
};

class TaskQueue final : public httplib::TaskQueue {
public:
    explicit TaskQueue(std::size_t threads_max) : pool_(threads_max, idle_thread_limit) {}
    bool enqueue(std::function<void()> fn) override { return pool_.run(std::move(fn)); }
    void shutdown() override { pool_.join(); }

private:
    ThreadPool pool_;
};

// The connection this thread serves. httplib hands its handlers no stream.
thread_local SocketIo* current_io = nullptr;
thread_local IoStream* current_stream = nullptr;
thread_local bool body_left_unread = false;

}  // namespace

class HttpServer::Impl final : public httplib::Server {
public:
    Impl(ServerOptions options, RequestHandler handler)
        : options_(std::move(options)),
          handler_(std::move(handler)),
          drain_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          abort_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        new_task_queue = [this] { return new TaskQueue(options_.connections_max); };
        set_keep_alive_timeout(std::chrono::duration_cast<std::chrono::seconds>(options_.keep_alive).count());
        set_keep_alive_max_count(1'000'000);
        set_payload_max_length(options_.body_bytes_max);
        // The default, SO_REUSEPORT, would let two gateways share a port and each get half of the calls.
        set_socket_options([](socket_t sock) { httplib::set_socket_opt(sock, SOL_SOCKET, SO_REUSEADDR, 1); });
        // httplib says "Connection: close" on every error; an agent's next try may use the same connection.
        set_post_routing_handler([this](const httplib::Request& req, httplib::Response& res) {
            if (res.status >= 400 && !draining_ && !body_left_unread && req.version == "HTTP/1.1" &&
                req.get_header_value("Connection") != "close") {
                res.headers.erase("Connection");
            }
        });
        set_pre_routing_handler([this](const httplib::Request& req, httplib::Response& res) {
            serve(const_cast<httplib::Request&>(req), res);
            return HandlerResponse::Handled;
        });
    }
    ~Impl() override {
        ::close(drain_fd_);
        ::close(abort_fd_);
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
        const std::uint64_t one = 1;
        [[maybe_unused]] auto n = ::write(drain_fd_, &one, sizeof one);
        draining_ = true;
        // Ends accept() without httplib's stop(), which would also cut running streams.
        ::shutdown(svr_sock_, SHUT_RDWR);
    }
    void abort_all() {
        const std::uint64_t one = 1;
        [[maybe_unused]] auto n = ::write(abort_fd_, &one, sizeof one);
    }

private:
    bool process_and_close_socket(socket_t sock) override {
        std::string remote;
        int remote_port = 0;
        httplib::detail::get_remote_ip_and_port(sock, remote, remote_port);
        SocketIo io(sock, drain_fd_, abort_fd_, options_.io_timeout);
        IoStream stream(io, remote);
        current_io = &io;
        current_stream = &stream;
        bool ok = false;
        for (bool first = true; io.wait_request(options_.keep_alive, first); first = false) {
            bool closed = false;
            body_left_unread = false;
            ok = process_request(stream, remote, remote_port, {}, 0, draining_, closed, &Impl::prepare);
            ok = io.flush() && ok;
            if (body_left_unread) { io.linger(); }
            if (!ok || closed || draining_ || body_left_unread) { break; }
        }
        current_io = nullptr;
        current_stream = nullptr;
        httplib::detail::shutdown_socket(sock);
        httplib::detail::close_socket(sock);
        return ok;
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
        send(handler_(std::move(request), read_body, Watch{current_io->fd(), abort_fd_}), req, res);
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
            body_left_unread = true;
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
            *current_stream, req, options_.body_bytes_max, status, nullptr,
            [&](const char* data, size_t size, size_t, size_t) {
                over = body.size() + size > options_.body_bytes_max;
                if (!over) { body.append(data, size); }
                return !over;
            },
            true);
        req.body_consumed_ = ok;
        body_left_unread = !ok;
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
                const auto n = current_io->read(into + have, length - have);
                if (n <= 0) { break; }
                have += static_cast<std::size_t>(n);
            }
            return have;
        });
        return have == length;
    }

    void send(HttpReply reply, const httplib::Request& req, httplib::Response& res) {
        res.status = reply.status;
        std::string content_type;
        for (auto& [name, value] : reply.headers) {
            if (iequals(name, "content-type")) { content_type = value; }
            if (!reply.pump || !iequals(name, "content-type")) { res.set_header(name, value); }
        }
        if (!reply.pump) {
            res.body = std::move(reply.body);
            // httplib counts a body on every path but this one.
            if (httplib::detail::is_websocket_upgrade(req)) {
                res.set_header("Content-Length", std::to_string(res.body.size()));
            }
            return;
        }
        auto* io = current_io;
        auto run = [pump = std::move(reply.pump), io](size_t, size_t, httplib::DataSink& sink) {
            SinkStream client(sink, *io);
            io->release_read_buffer();
            try {
                if (!pump(client)) { return false; }
            } catch (const std::exception&) {
                return false;  // httplib has no guard of its own here
            }
            if (sink.done) { sink.done(); }
            return true;
        };
        if (reply.content_length && *reply.content_length > 0) {
            res.set_content_provider(*reply.content_length, content_type, run);
        } else if (req.version == "HTTP/1.0") {
            res.set_content_provider(content_type,
                                     [run](size_t offset, httplib::DataSink& sink) { return run(offset, 0, sink); });
        } else {
            res.set_chunked_content_provider(
                content_type, [run](size_t offset, httplib::DataSink& sink) { return run(offset, 0, sink); });
        }
    }

    ServerOptions options_;
    RequestHandler handler_;
    int drain_fd_;
    int abort_fd_;
    std::atomic<bool> draining_{false};
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
