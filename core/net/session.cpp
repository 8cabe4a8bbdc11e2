#include "core/net/session.hpp"

#include <array>
#include <charconv>
#include <exception>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace llmgw {
namespace {

struct Phrase {
    int status;
    std::string_view text;
};
// Reason phrases say nothing to a program; these are for people who read a trace.
constexpr std::array<Phrase, 20> phrases{{{200, "OK"},
                                          {201, "Created"},
                                          {204, "No Content"},
                                          {400, "Bad Request"},
                                          {401, "Unauthorized"},
                                          {402, "Payment Required"},
                                          {403, "Forbidden"},
                                          {404, "Not Found"},
                                          {405, "Method Not Allowed"},
                                          {413, "Content Too Large"},
                                          {414, "URI Too Long"},
                                          {426, "Upgrade Required"},
                                          {429, "Too Many Requests"},
                                          {431, "Request Header Fields Too Large"},
                                          {500, "Internal Server Error"},
                                          {501, "Not Implemented"},
                                          {502, "Bad Gateway"},
                                          {503, "Service Unavailable"},
                                          {504, "Gateway Timeout"},
                                          {505, "HTTP Version Not Supported"}}};

std::string_view phrase(int status) {
    for (const auto& row : phrases) {
        if (row.status == status) { return row.text; }
    }
    return "-";
}

bool may_have_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

}  // namespace

// Gathers in the socket's buffer; in chunks (RFC 9112, 7.1) where the length is not known.
class Session::Body final : public ClientStream {
public:
    Body(SocketIo& io, bool chunked) : io_(io), chunked_(chunked) {}

    bool write(std::string_view bytes) override {
        if (bytes.empty()) { return !io_.broken(); }
        if (!chunked_) { return io_.write(bytes.data(), bytes.size()); }
        std::array<char, 20> size{};
        const auto end = std::to_chars(size.data(), size.data() + 16, bytes.size(), 16).ptr;
        end[0] = '\r';
        end[1] = '\n';
        return io_.write(size.data(), static_cast<std::size_t>(end - size.data()) + 2) &&
               io_.write(bytes.data(), bytes.size()) && io_.write("\r\n", 2);
    }
    bool flush() override { return io_.flush(); }
    bool try_flush() override { return io_.try_flush(); }
    int fd() const override { return io_.fd(); }

    bool chunked() const { return chunked_; }

private:
    SocketIo& io_;
    bool chunked_;
};

Session::Session(int socket, int abort_fd, std::chrono::milliseconds io_timeout, Owner& owner)
    : io_(socket, abort_fd, io_timeout), owner_(owner) {}

void Session::wake(std::shared_ptr<Waiting> self, bool readable) {
    auto session = std::static_pointer_cast<Session>(std::move(self));
    readable ? owner_.request_there(std::move(session)) : owner_.no_request(std::move(session));
}

Session::~Session() {
    ::shutdown(io_.fd(), SHUT_RDWR);
    ::close(io_.fd());
}

void Session::write_head(const HttpReply& reply, bool chunked, bool has_length, std::uint64_t length) {
    std::string head;
    head.reserve(512);
    head.append(facts_.http_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ").append(std::to_string(reply.status)).append(" ");
    head.append(phrase(reply.status)).append("\r\n");
    for (const auto& [name, value] : reply.headers) {
        // An upstream's header with a line end in it would be two.
        if (value.find_first_of("\r\n") != std::string::npos) { continue; }
        head.append(name).append(": ").append(value).append("\r\n");
    }
    if (chunked) { head += "Transfer-Encoding: chunked\r\n"; }
    if (has_length) { head.append("Content-Length: ").append(std::to_string(length)).append("\r\n"); }
    if (!facts_.keep_alive) { head += "Connection: close\r\n"; }
    if (facts_.keep_alive && facts_.http_1_0) { head += "Connection: keep-alive\r\n"; }
    head += "\r\n";
    io_.write(head.data(), head.size());
}

Session::Sent Session::send(HttpReply reply, const RequestFacts& facts) {
    facts_ = facts;
    const bool bodied = may_have_body(reply.status);
    if (!reply.pump && !reply.stream) {
        write_head(reply, false, bodied, reply.body.size());
        if (bodied && !facts.head) { io_.write(reply.body.data(), reply.body.size()); }
        return io_.broken() ? Sent::broken : Sent::done;
    }
    const bool known = reply.content_length.has_value();
    const bool chunked = bodied && !known && !facts.http_1_0;
    // Without a length and without chunks only the connection's end can say where the body ends.
    if (!known && !chunked) { facts_.keep_alive = false; }
    write_head(reply, chunked, known, reply.content_length.value_or(0));
    io_.release_read_buffer();
    body_ = std::make_unique<Body>(io_, chunked);
    if (reply.stream) {
        stream_ = std::move(reply.stream);
        return go_on(ReplyStream::Wake::begun);
    }
    bool whole = false;
    try {
        whole = reply.pump(*body_);
    } catch (const std::exception&) { whole = false; }
    return finish(whole, chunked);
}

Session::Sent Session::go_on(ReplyStream::Wake wake) {
    auto progress = ReplyStream::Progress::cut;
    try {
        progress = stream_->advance(*body_, wake);
    } catch (const std::exception&) { progress = ReplyStream::Progress::cut; }
    if (progress == ReplyStream::Progress::parked) { return Sent::parked; }
    stream_.reset();
    return finish(progress == ReplyStream::Progress::whole, body_->chunked());
}

bool Session::turn() {
    try {
        return stream_->turn(*body_);
    } catch (const std::exception&) { return false; }
}

Session::Sent Session::finish(bool whole, bool chunked) {
    body_.reset();
    if (whole && chunked) { io_.write("0\r\n\r\n", 5); }
    return whole && !io_.broken() ? Sent::done : Sent::broken;
}

}  // namespace llmgw
