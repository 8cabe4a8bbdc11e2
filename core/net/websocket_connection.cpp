#include "core/net/websocket_connection.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace llmgw {

using websocket::Close;
using websocket::Opcode;

namespace {

constexpr std::size_t read_bytes = 64 * 1024;
// Clients send one create and wait for its answer; a few more may wait their turn.
constexpr std::size_t waiting_max = 16;

void wake(int event_fd) {
    const std::uint64_t one = 1;
    [[maybe_unused]] auto n = ::write(event_fd, &one, sizeof one);
}

// Nothing, or a code that may stand on the wire (7.4).
bool is_close_payload(std::string_view payload) {
    if (payload.empty()) { return true; }
    if (payload.size() < 2) { return false; }
    const int code = static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

}  // namespace

WebSocketConnection::WebSocketConnection(SocketIo& io, Options options)
    : io_(io),
      options_(options),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      frames_(options.message_bytes_max) {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, watched_) != 0) {
        watched_[0] = watched_[1] = -1;
    }
    // Without descriptors or threads to spare it says so and ends.
    if (watched_[0] < 0 || wake_fd_ < 0) {
        end(Close::internal_error);
        return;
    }
    // What came in one piece with the request is in the session's buffer already.
    std::string early;
    std::array<char, 4096> piece{};
    while (io_.readable_now()) {
        early.append(piece.data(), static_cast<std::size_t>(io_.read(piece.data(), piece.size())));
    }
    io_.release_read_buffer();
    if (!take(early)) { return; }
    try {
        reader_ = std::thread([this] {
            try {
                read_all();
            } catch (const std::exception&) { end(Close::internal_error); }
        });
    } catch (const std::exception&) { end(Close::internal_error); }
}

WebSocketConnection::~WebSocketConnection() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake(wake_fd_);
    if (reader_.joinable()) { reader_.join(); }
    send_now(websocket::close_frame(code_));
    io_.linger();
    if (wake_fd_ >= 0) { ::close(wake_fd_); }
    for (const int fd : watched_) {
        if (fd >= 0) { ::close(fd); }
    }
}

std::optional<std::string> WebSocketConnection::receive() {
    std::unique_lock lock(mutex_);
    const bool in_time =
        changed_.wait_for(lock, options_.idle_max, [this] { return ended_ || draining_ || !waiting_.empty(); });
    if (!in_time || (draining_ && waiting_.empty())) { code_ = Close::going_away; }
    if (!in_time || ended_ || waiting_.empty()) { return std::nullopt; }
    auto message = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= message.size();
    lock.unlock();
    wake(wake_fd_);
    return message;
}

bool WebSocketConnection::send(std::string_view text) {
    const std::lock_guard lock(writing_);
    if (close_sent_) { return false; }
    const auto head = websocket::frame_head(Opcode::text, text.size());
    return io_.write(head.data(), head.size()) && io_.write(text.data(), text.size());
}

bool WebSocketConnection::flush() {
    const std::lock_guard lock(writing_);
    return !close_sent_ && io_.flush();
}

bool WebSocketConnection::try_flush() {
    const std::lock_guard lock(writing_);
    return !close_sent_ && io_.try_flush();
}

Watch WebSocketConnection::watch() const {
    return {watched_[0], options_.abort_fd};
}

bool WebSocketConnection::send_now(std::string_view frame) {
    const std::lock_guard lock(writing_);
    if (close_sent_) { return false; }
    close_sent_ = (static_cast<unsigned char>(frame.front()) & 0x0fU) == static_cast<unsigned>(Opcode::close);
    return io_.write(frame.data(), frame.size()) && io_.flush();
}

void WebSocketConnection::end(Close code) {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        code_ = code;
    }
    changed_.notify_all();
    if (watched_[1] >= 0) { ::shutdown(watched_[1], SHUT_RDWR); }
}

bool WebSocketConnection::is_full() {
    const std::lock_guard lock(mutex_);
    return waiting_.size() >= waiting_max || waiting_bytes_ >= options_.message_bytes_max;
}

bool WebSocketConnection::take(std::string_view bytes) {
    std::vector<websocket::Message> messages;
    const auto wrong = frames_.feed(bytes, messages);
    for (auto& message : messages) {
        switch (message.opcode) {
            case Opcode::ping:
                send_now(websocket::frame_head(Opcode::pong, message.payload.size()) + message.payload);
                break;
            case Opcode::close:
                if (!is_close_payload(message.payload)) {
                    end(Close::protocol_error);
                    return false;
                }
                // Its code goes back as it came (5.5.1).
                end(Close::normal);
                send_now(websocket::frame_head(Opcode::close, std::min<std::size_t>(message.payload.size(), 2)) +
                         message.payload.substr(0, 2));
                return false;
            case Opcode::text: {
                {
                    const std::lock_guard lock(mutex_);
                    waiting_bytes_ += message.payload.size();
                    waiting_.push_back(std::move(message.payload));
                }
                changed_.notify_all();
                break;
            }
            default: break;
        }
    }
    if (wrong == Close::none) { return true; }
    end(wrong);
    return false;
}

void WebSocketConnection::read_all() {
    std::string buffer(read_bytes, '\0');
    bool watch_drain = true;
    for (;;) {
        // With enough waiting, the rest stays with the client; its going away is noticed all the same.
        const short events = is_full() ? POLLRDHUP : POLLIN | POLLRDHUP;
        std::array<pollfd, 4> fds{{{io_.fd(), events, 0},
                                   {options_.abort_fd, POLLIN, 0},
                                   {watch_drain ? options_.drain_fd : -1, POLLIN, 0},
                                   {wake_fd_, POLLIN, 0}}};
        if (::poll(fds.data(), fds.size(), -1) < 0) { continue; }
        if (fds[1].revents != 0) { return end(Close::going_away); }
        if (fds[2].revents != 0) {
            watch_drain = false;
            {
                const std::lock_guard lock(mutex_);
                draining_ = true;
            }
            changed_.notify_all();
        }
        if (fds[3].revents != 0) {
            std::uint64_t count = 0;
            [[maybe_unused]] auto n = ::read(wake_fd_, &count, sizeof count);
            const std::lock_guard lock(mutex_);
            if (stopping_) { return; }
        }
        if (fds[0].revents == 0) { continue; }
        if ((fds[0].revents & POLLIN) == 0) { return end(Close::normal); }
        const auto n = ::recv(io_.fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) { continue; }
        if (n <= 0) { return end(Close::normal); }
        if (!take(std::string_view(buffer).substr(0, static_cast<std::size_t>(n)))) { return; }
    }
}

}  // namespace llmgw
