#include "tests/support/fake_upstream.hpp"

#include <cstdlib>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace llmgw::testing {
namespace {

std::string chunk_head(std::size_t size) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    do {
        hex.insert(hex.begin(), digits[size % 16]);
        size /= 16;
    } while (size != 0);
    return hex + "\r\n";
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
        text.remove_suffix(1);
    }
    return text;
}

constexpr Millis forever{3'600'000};

}  // namespace

void Signal::set() {
    {
        const std::lock_guard lock(mutex_);
        set_ = true;
    }
    changed_.notify_all();
}

bool Signal::is_set() const {
    const std::lock_guard lock(mutex_);
    return set_;
}

bool Signal::wait(Millis timeout) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this] { return set_; });
}

std::string response_head(int status, const Headers& headers) {
    std::string head = "HTTP/1.1 " + std::to_string(status) + " Status\r\n";
    for (const auto& [name, value] : headers) {
        head += name + ": " + value + "\r\n";
    }
    return head + "\r\n";
}

std::string parse_head(std::string_view head, Headers& headers) {
    const auto first_end = head.find("\r\n");
    const std::string first(head.substr(0, first_end));
    auto rest = first_end == std::string_view::npos ? std::string_view{} : head.substr(first_end + 2);
    while (!rest.empty()) {
        const auto end = rest.find("\r\n");
        const auto line = rest.substr(0, end);
        if (const auto colon = line.find(':'); colon != std::string_view::npos) {
            headers.emplace_back(std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1))));
        }
        if (end == std::string_view::npos) { break; }
        rest.remove_prefix(end + 2);
    }
    return first;
}

bool UpstreamConnection::send(std::string_view bytes) {
    return send_all(fd_, bytes);
}

bool UpstreamConnection::send_trickled(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (!send_all(fd_, bytes.substr(i, 1))) { return false; }
    }
    return true;
}

bool UpstreamConnection::reply(int status, const Headers& headers, std::string_view body) {
    auto all = headers;
    all.emplace_back("content-length", std::to_string(body.size()));
    return send(response_head(status, all) + std::string(body));
}

bool UpstreamConnection::reply_json(int status, std::string_view body) {
    return reply(status, {{"content-type", "application/json"}}, body);
}

bool UpstreamConnection::start(int status, const Headers& headers) {
    auto all = headers;
    all.emplace_back("transfer-encoding", "chunked");
    return send(response_head(status, all));
}

bool UpstreamConnection::start_sse() {
    return start(200, {{"content-type", "text/event-stream; charset=utf-8"}});
}

bool UpstreamConnection::chunk(std::string_view bytes) {
    return bytes.empty() || send(chunk_head(bytes.size()) + std::string(bytes) + "\r\n");
}

bool UpstreamConnection::finish() {
    return send("0\r\n\r\n");
}

bool UpstreamConnection::start_until_close(int status, const Headers& headers) {
    after_ = After::fin;
    auto all = headers;
    all.emplace_back("connection", "close");
    return send(response_head(status, all));
}

void UpstreamConnection::close_after() {
    after_ = After::fin;
}

void UpstreamConnection::reset() {
    after_ = After::rst;
}

bool UpstreamConnection::wait_peer_closed(Millis timeout) {
    after_ = After::fin;
    return testing::wait_peer_closed(fd_, timeout, wake_fd_);
}

void UpstreamConnection::stall() {
    wait_peer_closed(forever);
}

FakeUpstream::FakeUpstream(int port)
    : listener_(listen_loopback(port)),
      port_(listener_.port),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      handler_(std::make_shared<UpstreamHandler>([](const RecordedRequest&, UpstreamConnection& connection) {
          connection.reply(599, {}, "the test set no handler");
      })) {
    acceptor_ = std::thread([this] { accept_loop(); });
}

FakeUpstream::~FakeUpstream() {
    const std::uint64_t one = 1;
    // The counter is never read, so every waiting thread sees it.
    (void)!::write(wake_fd_, &one, sizeof one);
    acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (auto& worker : workers_) {
            // Also ends a handler that blocks in a send to a peer that does not read.
            if (worker.socket.valid()) { ::shutdown(worker.socket.fd(), SHUT_RDWR); }
        }
    }
    for (auto& worker : workers_) {
        worker.thread.join();
    }
    ::close(wake_fd_);
}

void FakeUpstream::handle(UpstreamHandler handler) {
    const std::lock_guard lock(mutex_);
    handler_ = std::make_shared<const UpstreamHandler>(std::move(handler));
}

std::vector<std::shared_ptr<const RecordedRequest>> FakeUpstream::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

std::shared_ptr<const RecordedRequest> FakeUpstream::last() const {
    const std::lock_guard lock(mutex_);
    return requests_.empty() ? nullptr : requests_.back();
}

std::size_t FakeUpstream::request_count() const {
    const std::lock_guard lock(mutex_);
    return request_count_;
}

bool FakeUpstream::wait_requests(std::size_t count, Millis timeout) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return request_count_ >= count; });
}

void FakeUpstream::clear() {
    const std::lock_guard lock(mutex_);
    requests_.clear();
    request_count_ = 0;
}

void FakeUpstream::record(bool on) {
    const std::lock_guard lock(mutex_);
    recording_ = on;
}

std::uint64_t FakeUpstream::connection_count() const {
    const std::lock_guard lock(mutex_);
    return connections_;
}

int FakeUpstream::open_connections() const {
    const std::lock_guard lock(mutex_);
    return open_;
}

bool FakeUpstream::wait_open_connections(int at_most, Millis timeout) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return open_ <= at_most; });
}

void FakeUpstream::accept_loop() {
    while (true) {
        pollfd fds[2] = {{listener_.socket.fd(), POLLIN, 0}, {wake_fd_, POLLIN, 0}};
        if (::poll(fds, 2, -1) < 0) { continue; }
        if (fds[1].revents != 0) { return; }
        Socket socket(::accept4(listener_.socket.fd(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!socket.valid()) { continue; }
        const int on = 1;
        ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const std::lock_guard lock(mutex_);
        for (auto it = workers_.begin(); it != workers_.end();) {
            if (it->done) {
                it->thread.join();
                it = workers_.erase(it);
            } else {
                ++it;
            }
        }
        auto& worker = workers_.emplace_back();
        worker.socket = std::move(socket);
        worker.number = ++connections_;
        ++open_;
        worker.thread = std::thread([this, &worker] { serve(worker); });
    }
}

void FakeUpstream::serve(Worker& worker) {
    std::string buffer;
    auto after = UpstreamConnection::After::keep_alive;
    while (after == UpstreamConnection::After::keep_alive) {
        const auto request = read_request(worker, buffer);
        if (!request) { break; }
        std::shared_ptr<const UpstreamHandler> handler;
        {
            const std::lock_guard lock(mutex_);
            ++request_count_;
            if (recording_) { requests_.push_back(request); }
            handler = handler_;
        }
        changed_.notify_all();
        UpstreamConnection connection(worker.socket.fd(), wake_fd_);
        (*handler)(*request, connection);
        after = connection.after();
    }
    // Shut down here, closed when the worker is collected: the descriptor's number must not be reused while
    // the destructor may still want to shut it down.
    if (after == UpstreamConnection::After::rst) {
        const linger now{1, 0};
        ::setsockopt(worker.socket.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        const std::lock_guard lock(mutex_);
        worker.socket.close();
    } else {
        ::shutdown(worker.socket.fd(), SHUT_RDWR);
    }
    {
        const std::lock_guard lock(mutex_);
        --open_;
    }
    changed_.notify_all();
    worker.done = true;
}

std::shared_ptr<RecordedRequest> FakeUpstream::read_request(Worker& worker, std::string& buffer) {
    const int fd = worker.socket.fd();
    const auto more = [&] { return read_some(fd, buffer, forever, wake_fd_) == ReadResult::data; };
    std::size_t head_end = 0;
    while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos) {
        if (!more()) { return nullptr; }
    }
    auto request = std::make_shared<RecordedRequest>();
    request->connection = worker.number;
    request->received = std::chrono::steady_clock::now();
    request->head = buffer.substr(0, head_end);
    buffer.erase(0, head_end + 4);
    const auto first = parse_head(request->head, request->headers);
    const auto space = first.find(' ');
    const auto last_space = first.rfind(' ');
    request->method = first.substr(0, space);
    if (space != std::string::npos && last_space > space) {
        request->target = first.substr(space + 1, last_space - space - 1);
    }
    if (iequals(find_header(request->headers, "transfer-encoding"), "chunked")) {
        while (true) {
            std::size_t line_end = 0;
            while ((line_end = buffer.find("\r\n")) == std::string::npos) {
                if (!more()) { return nullptr; }
            }
            const auto size = std::strtoull(buffer.c_str(), nullptr, 16);
            while (buffer.size() < line_end + 2 + size + 2) {
                if (!more()) { return nullptr; }
            }
            request->body.append(buffer, line_end + 2, size);
            buffer.erase(0, line_end + 2 + size + 2);
            if (size == 0) { return request; }
        }
    }
    const std::string length(find_header(request->headers, "content-length"));
    const auto size = std::strtoull(length.c_str(), nullptr, 10);
    buffer.reserve(size);
    while (buffer.size() < size) {
        if (!more()) { return nullptr; }
    }
    request->body = buffer.substr(0, size);
    buffer.erase(0, size);
    return request;
}

}  // namespace llmgw::testing
