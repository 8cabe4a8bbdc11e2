#include "core/net/connection.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/time.h>

#include "core/net/curl_library.hpp"
#include "core/net/loopback_connect.hpp"
#include "core/provider/provider.hpp"

namespace llmgw {
namespace {

using std::chrono::milliseconds;

// libcurl's own buffer is never used after the handshake; this is the least it takes.
constexpr long unused_buffer_bytes = 1024;

// A loopback upstream is never reached through a proxy, whatever the environment says.
bool is_loopback(std::string_view url) {
    for (std::string_view host : {"//127.", "//localhost", "//[::1]"}) {
        if (url.find(host) != std::string_view::npos) { return true; }
    }
    return false;
}

const char* env_or_null(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
}

Error unreachable(CURLcode code, const std::string& origin, const char* text) {
    const std::string detail = *text != '\0' ? text : curl().easy_strerror(code);
    const char* in_time = code == CURLE_OPERATION_TIMEDOUT ? " in time" : "";
    return {ErrorKind::connect, "cannot reach " + origin + in_time + ": " + detail};
}

}  // namespace

// A multi of its own for each connection: so that connecting can be interrupted, and because libcurl keeps a
// connection of this kind in the cache of the multi that made it.
struct Connection::Handles {
    CURLM* multi = curl().multi_init();
    CURL* easy = curl().easy_init();
    char error_text[CURL_ERROR_SIZE] = {};

    Handles() = default;
    ~Handles() {
        if (multi != nullptr && easy != nullptr) { curl().multi_remove_handle(multi, easy); }
        if (easy != nullptr) { curl().easy_cleanup(easy); }
        if (multi != nullptr) { curl().multi_cleanup(multi); }
    }
    Handles(const Handles&) = delete;
    Handles& operator=(const Handles&) = delete;
};

Connection::Connection() = default;
Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(const std::string& url, milliseconds connect_timeout,
                                                     const Watch& watch) {
    std::unique_ptr<Connection> connection(new Connection);
    if (auto made = connect_loopback(origin_of(url), connect_timeout, watch)) {
        if (!*made) { return std::unexpected(made->error()); }
        connection->own_ = std::move(**made);
        connection->fd_ = connection->own_.get();
        // For receive_soon(); everything else says for each call that it does not wait.
        const timeval soon{0, 20'000};
        ::setsockopt(connection->fd_, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
        return connection;
    }
    if (!curl().there) {
        return fail(ErrorKind::internal,
                    "libcurl, which connects to everything but loopback addresses, cannot be "
                    "loaded: install it (on Debian: libcurl4)");
    }
    connection->handles_ = std::make_unique<Handles>();
    if (auto made = connection->connect(url, connect_timeout, watch); !made) { return std::unexpected(made.error()); }
    return connection;
}

Result<> Connection::connect(const std::string& url, milliseconds connect_timeout, const Watch& watch) {
    auto* multi = handles_->multi;
    auto* easy = handles_->easy;
    if (multi == nullptr || easy == nullptr) { return fail(ErrorKind::internal, "libcurl could not start"); }
    const std::string origin = origin_of(url);
    tls_ = origin.starts_with("https:");
    const bool loopback = is_loopback(origin);

    curl().multi_setopt(multi, CURLMOPT_MAXCONNECTS, 1L);
    curl().easy_setopt(easy, CURLOPT_URL, origin.c_str());
    curl().easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl().easy_setopt(easy, CURLOPT_BUFFERSIZE, unused_buffer_bytes);
    curl().easy_setopt(easy, CURLOPT_ERRORBUFFER, handles_->error_text);
    curl().easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl().easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl().easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_timeout.count()));
    // Each request has its connection to itself, so HTTP/2 would add framing and nothing else.
    curl().easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl().easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl().easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    curl().easy_setopt(easy, CURLOPT_PROXY, loopback ? "" : nullptr);
    // What we write is meant for the origin, so a proxy only passes it on.
    curl().easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl().easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    // As OpenSSL's own tools do, so that one setting serves every program behind a corporate proxy.
    if (const char* file = env_or_null("SSL_CERT_FILE")) { curl().easy_setopt(easy, CURLOPT_CAINFO, file); }
    if (const char* dir = env_or_null("SSL_CERT_DIR")) { curl().easy_setopt(easy, CURLOPT_CAPATH, dir); }

    curl().multi_add_handle(multi, easy);
    bool watch_client = watch.client_fd >= 0;
    for (;;) {
        int running = 0;
        curl().multi_perform(multi, &running);
        int left = 0;
        while (const CURLMsg* message = curl().multi_info_read(multi, &left)) {
            if (message->msg != CURLMSG_DONE) { continue; }
            if (message->data.result != CURLE_OK) {
                return std::unexpected(unreachable(message->data.result, origin, handles_->error_text));
            }
            curl_socket_t socket = CURL_SOCKET_BAD;
            curl().easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket);
            if (socket == CURL_SOCKET_BAD) { return fail(ErrorKind::connect, "cannot reach " + origin); }
            fd_ = socket;
            return {};
        }
        std::array<curl_waitfd, 2> extra{};
        unsigned count = 0;
        if (watch.abort_fd >= 0) { extra[count++] = {watch.abort_fd, CURL_WAIT_POLLIN, 0}; }
        if (watch_client) { extra[count++] = {watch.client_fd, CURL_WAIT_POLLIN, 0}; }
        curl().multi_poll(multi, extra.data(), count, static_cast<int>(connect_timeout.count()) + 1, nullptr);
        if (watch.abort_fd >= 0 && extra[0].revents != 0) {
            return fail(ErrorKind::unavailable, "llmgw is shutting down");
        }
        if (watch_client && extra[count - 1].revents != 0) {
            // libcurl's poll knows no "peer closed": the end of file tells, and a next request's bytes do not.
            char byte = 0;
            const auto n = ::recv(watch.client_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
            if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
                return fail(ErrorKind::cancelled, "the client went away");
            }
            if (n > 0) { watch_client = false; }
        }
    }
}

Connection::Io Connection::send(std::string_view first, std::string_view second, std::size_t& done) {
    done = 0;
    if (tls_) {
        const auto bytes = first.empty() ? second : first;
        const auto code = curl().easy_send(handles_->easy, bytes.data(), bytes.size(), &done);
        if (code == CURLE_AGAIN) { return Io::again; }
        curl_code_ = code;
        if (code != CURLE_OK) { return Io::failed; }
        return done > 0 ? Io::ok : Io::again;
    }
    std::array<iovec, 2> parts{
        {{const_cast<char*>(first.data()), first.size()}, {const_cast<char*>(second.data()), second.size()}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = second.empty() ? 1 : 2;
    const auto n = ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
        done = static_cast<std::size_t>(n);
        return Io::ok;
    }
    if (errno == EAGAIN || errno == EINTR) { return Io::again; }
    errno_ = errno;
    return Io::failed;
}

Connection::Io Connection::receive(char* into, std::size_t size, std::size_t& done) {
    return receive(into, size, done, MSG_DONTWAIT);
}

Connection::Io Connection::receive_soon(char* into, std::size_t size, std::size_t& done) {
    return receive(into, size, done, own_ ? 0 : MSG_DONTWAIT);
}

Connection::Io Connection::receive(char* into, std::size_t size, std::size_t& done, int flags) {
    done = 0;
    if (tls_) {
        const auto code = curl().easy_recv(handles_->easy, into, size, &done);
        if (code == CURLE_AGAIN) { return Io::again; }
        curl_code_ = code;
        if (code != CURLE_OK) { return Io::failed; }
        return done > 0 ? Io::ok : Io::closed;
    }
    const auto n = ::recv(fd_, into, size, flags);
    if (n > 0) {
        done = static_cast<std::size_t>(n);
        return Io::ok;
    }
    if (n == 0) { return Io::closed; }
    if (errno == EAGAIN || errno == EINTR) { return Io::again; }
    errno_ = errno;
    return Io::failed;
}

std::string Connection::why() const {
    return tls_ ? curl().easy_strerror(static_cast<CURLcode>(curl_code_)) : std::strerror(errno_);
}

bool Connection::usable() {
    // A closing TLS peer sends an alert first and a ticket may still come, so only reading tells.
    char byte = 0;
    if (tls_) {
        std::size_t done = 0;
        return receive(&byte, 1, done) == Io::again;
    }
    const auto n = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

}  // namespace llmgw
