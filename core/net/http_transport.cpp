#include "core/net/http_transport.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <poll.h>

#include "core/net/connection_pool.hpp"
#include "core/net/content_decoder.hpp"
#include "core/net/http1_response.hpp"
#include "core/provider/provider.hpp"

namespace llmgw {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A body up to here goes out in one piece with its head; a larger one is not copied.
constexpr std::size_t joined_bytes_max = 16 * 1024;
constexpr std::size_t receive_bytes = 16 * 1024;

// One for each thread: a response is read by one thread at a time, and a thousand streams need no thousand buffers.
char* receive_buffer() {
    thread_local const auto buffer = std::make_unique_for_overwrite<char[]>(receive_bytes);
    return buffer.get();
}

std::string seconds_text(milliseconds time) {
    return std::to_string(time.count() / 1000) + " s";
}

// A line end in a header or a space in a target would end it and begin something else.
bool is_field_text(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

Result<std::string> request_head(const UpstreamRequest& request, const std::string& origin) {
    std::string_view target(request.url);
    target.remove_prefix(std::min(target.size(), target.find("://") + 3));
    target.remove_prefix(std::min(target.size(), target.find_first_of("/?#")));
    target = target.substr(0, target.find('#'));
    for (const char c : target) {
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) {
            return fail(ErrorKind::bad_request, "the request's path holds a space or a control character");
        }
    }
    std::string head;
    head.reserve(1024);
    head.append(request.method).append(" ");
    if (!target.starts_with('/')) { head += '/'; }
    head.append(target).append(" HTTP/1.1\r\nHost: ").append(origin, origin.find("://") + 3);
    // Asks for bytes as they are; a server that compresses all the same is decoded.
    head += "\r\nAccept-Encoding: identity\r\n";
    bool accept = false;
    for (const auto& [name, value] : request.headers) {
        if (!is_field_text(name) || !is_field_text(value)) {
            return fail(ErrorKind::bad_request,
                        "the header " + name.substr(0, name.find_first_of("\r\n")) + " holds a line end");
        }
        accept = accept || iequals(name, "accept");
        head.append(name).append(": ").append(value).append("\r\n");
    }
    if (!accept) { head += "Accept: */*\r\n"; }
    if (request.has_body) {
        head.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
    }
    head += "\r\n";
    return head;
}

class HttpResponse final : public UpstreamResponse {
public:
    HttpResponse(ConnectionPool& pool, std::unique_ptr<Connection> connection, const UpstreamRequest& request,
                 std::string head, std::string origin)
        : pool_(pool),
          connection_(std::move(connection)),
          reader_(request.method == "HEAD"),
          head_(std::move(head)),
          body_(request.has_body ? request.body : std::string_view()),
          origin_(std::move(origin)),
          idle_timeout_(request.idle_timeout) {
        if (body_.size() <= joined_bytes_max) {
            head_ += body_;
            body_ = {};
        }
        request_bytes_ = head_.size() + body_.size();
    }
    ~HttpResponse() override {
        if (reader_.reusable() && request_sent() && !send_failed_) { pool_.give_back(origin_, std::move(connection_)); }
    }

    // Sends the request and waits for the answer's head.
    Result<> begin(const Watch& watch, const UpstreamRequest& request) {
        const auto first_byte_timeout = request.first_byte_timeout;
        const auto deadline = Clock::now() + first_byte_timeout;
        send_more();
        // Servers nearby answer at once: then nothing else need be watched.
        if (request_sent()) { first_ = receive(&Connection::receive_soon); }
        while (!reader_.head_done()) {
            if (!reader_.fault().empty()) { return std::unexpected(failure()); }
            const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
            if (left <= milliseconds(0)) {
                return fail(ErrorKind::timeout, origin_ + " did not begin to answer within " +
                                                    seconds_text(first_byte_timeout) + " (" +
                                                    std::string(request.first_byte_setting) + ")");
            }
            if (auto woken = wait(watch, left); !woken) { return woken; }
            first_ = receive();
        }
        if (!reader_.fault().empty()) { return std::unexpected(failure()); }
        if (const auto encoding = find_header(reader_.headers(), "content-encoding"); !encoding.empty()) {
            decoder_ = make_content_decoder(encoding);
            if (decoder_ && !first_.empty()) { first_ = decoded(first_); }
        }
        last_bytes_ = Clock::now();
        if (request_sent()) { head_ = std::string(); }  // a long stream need not hold a prompt
        return {};
    }

    // The other side had closed the connection before this request reached it: nothing has been done about it.
    bool never_arrived() const { return connection_->reused && !received_; }

    int status() const override { return reader_.status(); }
    const Headers& headers() const override { return reader_.headers(); }
    bool connection_reused() const override { return connection_->reused; }
    bool request_sent() const override { return send_failed_ || sent_ == request_bytes_; }

    Result<Chunk> read(const Watch& watch, milliseconds limit) override {
        if (!first_.empty() || (reader_.complete() && reader_.fault().empty())) { return arrived(take_first()); }
        const auto started = Clock::now();
        limit = std::min(limit, idle_left());  // never past the moment the idle limit is reached
        for (bool look = !drained_;; look = true) {
            if (look) {
                const auto bytes = receive();
                if (!bytes.empty() || reader_.complete() || !reader_.fault().empty()) { return arrived(bytes); }
            }
            if (idle_left() <= milliseconds(0)) {
                return fail(ErrorKind::timeout, origin_ + " sent nothing for " + seconds_text(idle_timeout_) +
                                                    " in the middle of its answer ([timeouts] idle_s)");
            }
            const auto spent = std::chrono::duration_cast<milliseconds>(Clock::now() - started);
            if (spent >= limit) { return Chunk{.bytes = {}, .end = false, .idle = true}; }
            if (auto woken = wait(watch, limit - spent); !woken) { return std::unexpected(woken.error()); }
        }
    }

    milliseconds idle_left() const override {
        return std::chrono::ceil<milliseconds>(last_bytes_ + idle_timeout_ - Clock::now());
    }

    int readable_fd() const override {
        const bool steady =
            first_.empty() && drained_ && request_sent() && !reader_.complete() && reader_.fault().empty();
        return steady ? connection_->fd() : -1;
    }

    Result<Chunk> read_ready() override {
        const auto bytes = receive();
        if (bytes.empty() && !reader_.complete() && reader_.fault().empty()) {
            return Chunk{.bytes = {}, .end = false, .idle = true};
        }
        return arrived(bytes);
    }

private:
    // Sends what the socket takes now. A server may answer before it has read all, and even close: what it says then
    // is still read.
    void send_more() {
        while (!request_sent() && !(reader_.head_done() && reader_.status() >= 400)) {
            const auto head_left = std::string_view(head_).substr(std::min(sent_, head_.size()));
            const auto body_left = body_.substr(sent_ > head_.size() ? sent_ - head_.size() : 0);
            std::size_t done = 0;
            const auto result = head_left.empty() ? connection_->send(body_left, {}, done)
                                                  : connection_->send(head_left, body_left, done);
            if (result == Connection::Io::again) { return; }
            if (result != Connection::Io::ok) {
                send_failed_ = true;
                return;
            }
            sent_ += done;
        }
    }

    Result<> wait(const Watch& watch, milliseconds limit) {
        const bool sending = !request_sent() && !(reader_.head_done() && reader_.status() >= 400);
        const auto events = static_cast<short>(sending ? POLLIN | POLLOUT : POLLIN);
        std::array<pollfd, 3> fds{{{connection_->fd(), events, 0},
                                   {watch.client_fd, POLLRDHUP, 0},
                                   {watch.abort_fd, POLLIN, 0}}};  // negative descriptors are left out by poll
        const int count =
            ::poll(fds.data(), fds.size(), static_cast<int>(std::min<milliseconds::rep>(limit.count(), 3'600'000)));
        if (count <= 0) { return {}; }
        if (fds[2].revents != 0) { return fail(ErrorKind::unavailable, "llmgw is shutting down"); }
        if (fds[1].revents != 0) { return fail(ErrorKind::cancelled, "the client went away"); }
        if ((fds[0].revents & POLLOUT) != 0) { send_more(); }
        drained_ = drained_ && (fds[0].revents & ~POLLOUT) == 0;
        return {};
    }

    // What the socket holds now, less the framing. A view that lives until this thread receives again, for any
    // response.
    using Receive = Connection::Io (Connection::*)(char*, std::size_t, std::size_t&);
    std::string_view receive(Receive way = &Connection::receive) {
        std::size_t done = 0;
        switch ((connection_.get()->*way)(receive_buffer(), receive_bytes, done)) {
            case Connection::Io::ok:
                received_ = true;
                drained_ = done < receive_bytes && connection_->short_read_is_all();
                {
                    const auto bytes = reader_.take(receive_buffer(), done);
                    return decoder_ && !bytes.empty() ? decoded(bytes) : bytes;
                }
            case Connection::Io::again: drained_ = true; return {};
            case Connection::Io::closed: reader_.closed(); return {};
            case Connection::Io::failed:
                broke_ = connection_->why();
                reader_.closed();
                return {};
        }
        return {};
    }

    std::string_view decoded(std::string_view bytes) {
        decoded_.clear();
        if (!decoder_->decode(bytes, decoded_)) {
            broke_ = "its Content-Encoding cannot be read";
            undecodable_ = true;
        }
        return decoded_;
    }

    std::string_view take_first() { return std::exchange(first_, {}); }

    Result<Chunk> arrived(std::string_view bytes) {
        last_bytes_ = Clock::now();
        if (bytes.empty() && (!reader_.fault().empty() || undecodable_)) { return std::unexpected(failure()); }
        return Chunk{.bytes = bytes, .end = reader_.complete() && reader_.fault().empty()};
    }

    Error failure() const {
        const auto& what = undecodable_ ? broke_ : reader_.fault();
        const std::string detail = broke_.empty() || undecodable_ ? "" : " (" + broke_ + ")";
        const bool closed = what.starts_with("closed ");
        return {ErrorKind::upstream, origin_ + (closed ? " " : " broke off: ") + what + detail};
    }

    ConnectionPool& pool_;
    std::unique_ptr<Connection> connection_;
    Http1Response reader_;
    std::string head_;       // and the body, when that is short
    std::string_view body_;  // the caller's
    std::size_t request_bytes_ = 0;
    std::size_t sent_ = 0;
    bool send_failed_ = false;
    std::string origin_;
    milliseconds idle_timeout_;
    std::unique_ptr<ContentDecoder> decoder_;
    std::string decoded_;
    bool undecodable_ = false;
    std::string_view first_;  // body bytes that came with the head; they live in reader_ or decoded_
    bool received_ = false;
    bool drained_ = true;  // the socket has nothing more, as far as is known
    std::string broke_;
    Clock::time_point last_bytes_ = Clock::now();
};

class HttpTransport final : public Transport {
public:
    explicit HttpTransport(TransportOptions options) : pool_(options.idle_per_origin_max, options.idle_limit) {}

    Result<std::unique_ptr<UpstreamResponse>> open(const UpstreamRequest& request, const Watch& watch) override {
        const std::string origin = origin_of(request.url);
        if (origin.empty()) { return fail(ErrorKind::config, "not an http(s) URL: " + request.url); }
        const auto head = request_head(request, origin);
        if (!head) { return std::unexpected(head.error()); }
        auto connection = pool_.take(origin);
        for (;;) {
            if (!connection) {
                auto made = Connection::open(origin, request.connect_timeout, watch);
                if (!made) { return std::unexpected(made.error()); }
                connection = std::move(*made);
            }
            auto response = std::make_unique<HttpResponse>(pool_, std::move(connection), request, *head, origin);
            auto begun = response->begin(watch, request);
            if (begun) { return response; }
            if (begun.error().kind != ErrorKind::upstream || !response->never_arrived()) {
                return std::unexpected(begun.error());
            }
            // Once more, on a connection that is new for certain.
            connection = nullptr;
        }
    }

private:
    ConnectionPool pool_;
};

}  // namespace

std::unique_ptr<Transport> make_http_transport(TransportOptions options) {
    return std::make_unique<HttpTransport>(options);
}

}  // namespace llmgw
