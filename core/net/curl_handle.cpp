#include "core/net/curl_handle.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace llmgw {
namespace {

using Clock = std::chrono::steady_clock;

// Bodies up to libcurl's 64 KiB go out with the headers in one send; larger ones in pieces of this size.
constexpr long upload_buffer_bytes = 512 * 1024;
constexpr std::size_t large_body_bytes = 64 * 1024;
// libcurl keeps this much for each transfer; an event is far smaller than an answer read whole.
constexpr long stream_buffer_bytes = 4 * 1024;
constexpr long answer_buffer_bytes = 16 * 1024;

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

}  // namespace

CurlHandle::CurlHandle(Drive drive) : drive_(drive), multi_(curl_multi_init()), easy_(curl_easy_init()) {
    if (!valid()) { return; }
    if (drive_ == Drive::sockets) {
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlHandle::on_socket);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlHandle::on_timer);
        curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    } else {
        curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &CurlHandle::on_open);
        curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
        curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETFUNCTION, &CurlHandle::on_close);
        curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETDATA, this);
    }
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 1L);
    curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &CurlHandle::on_header);
    curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &CurlHandle::on_body);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_text_);
    curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
    // Each transfer has its connection to itself, so HTTP/2 would add framing and nothing else.
    curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    // Redirects are answers like any other: following one would carry a key to another origin.
    curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy_, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    // Asks for bytes as they are; a server that compresses all the same is decoded.
    curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "identity");
    // As OpenSSL's own tools do, so that one setting serves every program behind a corporate proxy.
    if (const char* file = env_or_null("SSL_CERT_FILE")) { curl_easy_setopt(easy_, CURLOPT_CAINFO, file); }
    if (const char* dir = env_or_null("SSL_CERT_DIR")) { curl_easy_setopt(easy_, CURLOPT_CAPATH, dir); }
}

CurlHandle::~CurlHandle() {
    stop();
    if (easy_ != nullptr) { curl_easy_cleanup(easy_); }
    if (multi_ != nullptr) { curl_multi_cleanup(multi_); }
}

void CurlHandle::start(const UpstreamRequest& request) {
    headers_done_ = false;
    finished_ = false;
    result_ = CURLE_OK;
    status_ = 0;
    request_bytes_ = request.has_body ? static_cast<curl_off_t>(request.body.size()) : 0;
    headers_.clear();
    body_.clear();
    error_text_[0] = '\0';

    std::string line;
    for (const auto& [name, value] : request.headers) {
        // libcurl reads "Name:" as "leave this header out" and "Name;" as "send it empty".
        line.assign(name).append(value.empty() ? ";" : ": ").append(value);
        header_list_ = curl_slist_append(header_list_, line.c_str());
    }
    header_list_ = curl_slist_append(header_list_, "Expect:");
    curl_easy_setopt(easy_, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, request.expect_stream ? stream_buffer_bytes : answer_buffer_bytes);
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 0L);
    if (request.has_body) {
        curl_easy_setopt(easy_, CURLOPT_POST, 1L);
        curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request.body.data() != nullptr ? request.body.data() : "");
        curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, request_bytes_);
        if (request.body.size() > large_body_bytes) {
            curl_easy_setopt(easy_, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer_bytes);
        }
    } else {
        curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
        if (request.method == "HEAD") { curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L); }
    }
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request.method == "HEAD" ? nullptr : request.method.c_str());
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_);
    curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
    curl_easy_setopt(easy_, CURLOPT_PROXY, is_loopback(request.url) ? "" : nullptr);

    curl_multi_add_handle(multi_, easy_);
    added_ = true;
    client_sent_more_ = false;
    if (drive_ == Drive::sockets) {
        act(CURL_SOCKET_TIMEOUT, 0);
    } else {
        perform();
    }
}

void CurlHandle::stop() {
    if (added_) {
        curl_multi_remove_handle(multi_, easy_);
        added_ = false;
    }
    if (header_list_ != nullptr) {
        curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, nullptr);
        curl_slist_free_all(header_list_);
        header_list_ = nullptr;
    }
    timer_.reset();
}

void CurlHandle::act(curl_socket_t fd, int events) {
    int running = 0;
    curl_multi_socket_action(multi_, fd, events, &running);
    note_result(running);
}

void CurlHandle::perform() {
    int running = 0;
    curl_multi_perform(multi_, &running);
    note_result(running);
}

void CurlHandle::note_result(int running) {
    if (running > 0) { return; }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg == CURLMSG_DONE) {
            finished_ = true;
            result_ = message->data.result;
        }
    }
}

CurlHandle::Step CurlHandle::step_whole(const Watch& watch, std::chrono::milliseconds limit) {
    std::array<curl_waitfd, 2> extra{};
    unsigned count = 0;
    if (watch.abort_fd >= 0) { extra[count++] = {watch.abort_fd, CURL_WAIT_POLLIN, 0}; }
    const bool watch_client = watch.client_fd >= 0 && !client_sent_more_;
    if (watch_client) { extra[count++] = {watch.client_fd, CURL_WAIT_POLLIN, 0}; }
    curl_multi_poll(multi_, extra.data(), count, static_cast<int>(limit.count()), nullptr);
    if (watch.abort_fd >= 0 && extra[0].revents != 0) { return Step::aborted; }
    if (watch_client && extra[count - 1].revents != 0) {
        // libcurl's poll knows no "peer closed": the end of file tells, and a next request's bytes do not.
        char byte = 0;
        const auto n = ::recv(watch.client_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) { return Step::cancelled; }
        client_sent_more_ = n > 0;
    }
    perform();
    return Step::progress;
}

CurlHandle::Step CurlHandle::step(const Watch& watch, std::chrono::milliseconds limit) {
    if (drive_ == Drive::whole) { return step_whole(watch, limit); }
    // One socket, now and then two while connecting; the client's and the abort signal besides.
    std::array<pollfd, 8> fds{};
    std::size_t count = 0;
    const std::size_t sockets = std::min<std::size_t>(sockets_.size(), 6);
    for (; count < sockets; ++count) {
        short events = 0;
        if ((sockets_[count].what & CURL_POLL_IN) != 0) { events |= POLLIN; }
        if ((sockets_[count].what & CURL_POLL_OUT) != 0) { events |= POLLOUT; }
        fds[count] = {sockets_[count].fd, events, 0};
    }
    std::size_t client_at = fds.size();
    std::size_t abort_at = fds.size();
    if (watch.client_fd >= 0) {
        client_at = count;
        fds[count++] = {watch.client_fd, POLLRDHUP, 0};
    }
    if (watch.abort_fd >= 0) {
        abort_at = count;
        fds[count++] = {watch.abort_fd, POLLIN, 0};
    }

    auto wait = limit;
    if (timer_) {
        const auto until = std::chrono::ceil<std::chrono::milliseconds>(*timer_ - Clock::now());
        wait = std::clamp(until, std::chrono::milliseconds(0), limit);
    }
    const int ready = ::poll(fds.data(), count, static_cast<int>(wait.count()));
    if (ready > 0) {
        if (abort_at < fds.size() && fds[abort_at].revents != 0) { return Step::aborted; }
        if (client_at < fds.size() && fds[client_at].revents != 0) { return Step::cancelled; }
        for (std::size_t i = 0; i < sockets; ++i) {
            const auto seen = fds[i].revents;
            if (seen == 0) { continue; }
            int events = 0;
            if ((seen & (POLLIN | POLLHUP)) != 0) { events |= CURL_CSELECT_IN; }
            if ((seen & POLLOUT) != 0) { events |= CURL_CSELECT_OUT; }
            if ((seen & (POLLERR | POLLNVAL)) != 0) { events |= CURL_CSELECT_ERR; }
            act(fds[i].fd, events);
        }
        return Step::progress;
    }
    if (timer_ && Clock::now() >= *timer_) {
        timer_.reset();
        act(CURL_SOCKET_TIMEOUT, 0);
        return Step::progress;
    }
    return Step::idle;
}

int CurlHandle::reading_fd() const {
    if (drive_ == Drive::whole) {
        return !finished_ && headers_done_ && open_.size() == 1 && request_sent() ? open_[0] : -1;
    }
    return !finished_ && sockets_.size() == 1 && sockets_[0].what == CURL_POLL_IN ? sockets_[0].fd : -1;
}

void CurlHandle::on_readable() {
    if (drive_ == Drive::whole) {
        perform();
        // libcurl asks to be called at once when it still holds decrypted bytes.
        for (int i = 0; i < 16 && !finished_; ++i) {
            long wait_ms = -1;
            curl_multi_timeout(multi_, &wait_ms);
            if (wait_ms != 0) { break; }
            perform();
        }
        return;
    }
    if (const int fd = reading_fd(); fd >= 0) { act(fd, CURL_CSELECT_IN); }
    for (int i = 0; i < 16 && timer_ && !finished_ && Clock::now() >= *timer_; ++i) {
        timer_.reset();
        act(CURL_SOCKET_TIMEOUT, 0);
    }
}

bool CurlHandle::connection_reused() const {
    long connects = 0;
    curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &connects);
    return connects == 0;
}

bool CurlHandle::request_sent() const {
    curl_off_t sent = 0;
    curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &sent);
    return finished_ || sent >= request_bytes_;
}

Error CurlHandle::failure(const std::string& origin) const {
    const std::string detail = error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(result_);
    switch (result_) {
        case CURLE_OK: return {ErrorKind::upstream, origin + " closed the connection without an answer"};
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE: return {ErrorKind::connect, "cannot reach " + origin + ": " + detail};
        case CURLE_OPERATION_TIMEDOUT: return {ErrorKind::connect, "cannot reach " + origin + " in time: " + detail};
        case CURLE_GOT_NOTHING: return {ErrorKind::upstream, origin + " closed the connection without an answer"};
        default: return {ErrorKind::upstream, origin + " broke off: " + detail};
    }
}

int CurlHandle::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
    auto& sockets = static_cast<CurlHandle*>(self)->sockets_;
    const auto known = std::find_if(sockets.begin(), sockets.end(), [fd](const Socket& s) { return s.fd == fd; });
    if (what == CURL_POLL_REMOVE) {
        if (known != sockets.end()) { sockets.erase(known); }
    } else if (known != sockets.end()) {
        known->what = what;
    } else {
        sockets.push_back({fd, what});
    }
    return 0;
}

curl_socket_t CurlHandle::on_open(void* self, curlsocktype, curl_sockaddr* address) {
    const auto fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0) { static_cast<CurlHandle*>(self)->open_.push_back(fd); }
    return fd;
}

int CurlHandle::on_close(void* self, curl_socket_t fd) {
    std::erase(static_cast<CurlHandle*>(self)->open_, fd);
    return ::close(fd);
}

int CurlHandle::on_timer(CURLM*, long timeout_ms, void* self) {
    auto& timer = static_cast<CurlHandle*>(self)->timer_;
    if (timeout_ms < 0) {
        timer.reset();
    } else {
        timer = Clock::now() + std::chrono::milliseconds(timeout_ms);
    }
    return 0;
}

std::size_t CurlHandle::on_header(char* bytes, std::size_t, std::size_t size, void* self) {
    auto& handle = *static_cast<CurlHandle*>(self);
    std::string_view line(bytes, size);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
        line.remove_suffix(1);
    }
    if (handle.headers_done_) { return size; }  // trailers
    if (line.starts_with("HTTP/")) {
        const auto space = line.find(' ');
        handle.status_ = space == std::string_view::npos ? 0 : std::atoi(line.data() + space + 1);
        handle.headers_.clear();
        return size;
    }
    if (line.empty()) {
        handle.headers_done_ = handle.status_ >= 200;  // 1xx: the real head follows
        return size;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) { return size; }
    auto value = line.substr(colon + 1);
    const auto first = value.find_first_not_of(" \t");
    const auto last = value.find_last_not_of(" \t");
    value = first == std::string_view::npos ? std::string_view() : value.substr(first, last - first + 1);
    handle.headers_.emplace_back(line.substr(0, colon), value);
    return size;
}

std::size_t CurlHandle::on_body(char* bytes, std::size_t, std::size_t size, void* self) {
    static_cast<CurlHandle*>(self)->body_.append(bytes, size);
    return size;
}

}  // namespace llmgw
