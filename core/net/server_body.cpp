#include "core/net/server_body.hpp"

#include <httplib.h>

namespace llmgw {
namespace {

// A body nobody wanted is read and forgotten up to here.
constexpr std::uint64_t stepped_over_bytes_max = 64 * 1024;
constexpr std::string_view go_ahead = "HTTP/1.1 100 Continue\r\n\r\n";

// httplib's view of a SocketIo, for the bodies that httplib decodes.
class IoStream final : public httplib::Stream {
public:
    explicit IoStream(SocketIo& io) : io_(io) {}
    bool is_readable() const override { return io_.readable_now(); }
    bool wait_readable() const override { return !io_.broken(); }
    bool wait_writable() const override { return !io_.broken(); }
    bool is_peer_alive() const override { return !io_.broken(); }
    ssize_t read(char* ptr, size_t size) override { return io_.read(ptr, size); }
    ssize_t write(const char* ptr, size_t size) override {
        return io_.write(ptr, size) ? static_cast<ssize_t>(size) : -1;
    }
    void get_remote_ip_and_port(std::string& ip, int& port) const override {
        ip.clear();
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
};

std::unexpected<Error> went_away() {
    return fail(ErrorKind::cancelled, "the client went away while it sent its request");
}

}  // namespace

RequestBody::RequestBody(SocketIo& io, const RequestHead& head, std::string_view encoding, std::uint64_t bytes_max)
    : io_(io),
      chunked_(head.chunked),
      bytes_(head.body_bytes),
      expects_continue_(head.expects_continue),
      encoding_(encoding),
      bytes_max_(bytes_max),
      read_(!head.has_body()) {}

Result<std::string> RequestBody::read() {
    if (read_) { return std::string(); }
    if (bytes_ > bytes_max_) {
        broken_ = true;
        return too_large();
    }
    if (expects_continue_) { io_.write(go_ahead.data(), go_ahead.size()); }
    if (chunked_ || !encoding_.empty()) { return read_decoded(); }
    std::string text;
    if (!receive(text)) { return went_away(); }
    return text;
}

bool RequestBody::may_be_stepped_over() const {
    // What the client was not told to send may never come.
    return !broken_ && !chunked_ && !expects_continue_ && bytes_ <= stepped_over_bytes_max;
}

bool RequestBody::step_over() {
    std::string unwanted;
    return receive(unwanted);
}

bool RequestBody::receive(std::string& text) {
    std::size_t have = 0;
    // g++ 12's library may pass a larger size than the one asked for: only `bytes_` counts.
    text.resize_and_overwrite(bytes_, [&](char* into, std::size_t) {
        while (have < bytes_) {
            const auto n = io_.read(into + have, bytes_ - have);
            if (n <= 0) { break; }
            have += static_cast<std::size_t>(n);
        }
        return have;
    });
    read_ = have == bytes_;
    broken_ = !read_;
    return read_;
}

Result<std::string> RequestBody::read_decoded() {
    IoStream stream(io_);
    httplib::Request request;
    if (chunked_) {
        request.headers.emplace("Transfer-Encoding", "chunked");
    } else {
        request.headers.emplace("Content-Length", std::to_string(bytes_));
    }
    if (!encoding_.empty()) { request.headers.emplace("Content-Encoding", encoding_); }
    std::string text;
    int status = 0;
    bool over = false;
    read_ = httplib::detail::read_content(
        stream, request, bytes_max_, status, nullptr,
        [&](const char* data, size_t size, size_t, size_t) {
            over = text.size() + size > bytes_max_;
            if (!over) { text.append(data, size); }
            return !over;
        },
        true);
    broken_ = !read_;
    if (read_) { return text; }
    if (over || status == 413) { return too_large(); }
    if (!encoding_.empty()) {
        return fail(ErrorKind::bad_request, "the request body could not be read as Content-Encoding: " + encoding_ +
                                                ". Known: gzip, deflate, br, zstd");
    }
    return went_away();
}

std::unexpected<Error> RequestBody::too_large() const {
    return fail(ErrorKind::too_large, "the request body is larger than " + std::to_string(bytes_max_ >> 20) +
                                          " MiB, the limit set by [server] max_body_mb");
}

}  // namespace llmgw
