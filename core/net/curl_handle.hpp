// One libcurl transfer at a time, waited for on its own socket with poll(2). Seen only by curl_transport.cpp
// and curl_handle.cpp.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <curl/curl.h>

#include "core/net/transport.hpp"

namespace llmgw {

class CurlHandle {
public:
    // How the transfer is driven. By its sockets: fewest system calls, for short calls. Whole: libcurl looks at its
    // sockets itself, one poll more each time, but never makes its table of sockets, 29 KB a handle; for streams,
    // of which there may be a thousand, and which a shared loop waits for.
    enum class Drive { sockets, whole };
    explicit CurlHandle(Drive drive);
    ~CurlHandle();
    CurlHandle(const CurlHandle&) = delete;
    CurlHandle& operator=(const CurlHandle&) = delete;

    bool valid() const { return multi_ != nullptr && easy_ != nullptr; }
    Drive drive() const { return drive_; }
    // Starts the transfer. The request's body must stay until the transfer ends.
    void start(const UpstreamRequest& request);
    // Ends it: a transfer that is not finished loses its connection.
    void stop();

    enum class Step { progress, idle, cancelled, aborted };
    // Waits up to `limit` for something to happen and lets libcurl act on it.
    Step step(const Watch& watch, std::chrono::milliseconds limit);

    // The one socket that is only read from now, or -1.
    int reading_fd() const;
    // That socket is readable: lets libcurl act, without waiting.
    void on_readable();

    bool headers_done() const { return headers_done_; }
    bool finished() const { return finished_; }
    CURLcode result() const { return result_; }
    // What the failed transfer means, in words.
    Error failure(const std::string& origin) const;
    int status() const { return status_; }
    Headers& headers() { return headers_; }
    bool connection_reused() const;
    bool request_sent() const;
    // Body bytes that arrived and were not taken yet.
    std::string& body() { return body_; }

    std::chrono::steady_clock::time_point idle_since;  // while pooled

private:
    static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*);
    static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address);
    static int on_close(void* self, curl_socket_t fd);
    static int on_timer(CURLM*, long timeout_ms, void* self);
    static std::size_t on_header(char* line, std::size_t, std::size_t size, void* self);
    static std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* self);
    void act(curl_socket_t fd, int events);
    void perform();
    void note_result(int running);
    Step step_whole(const Watch& watch, std::chrono::milliseconds limit);

    struct Socket {
        curl_socket_t fd;
        int what;
    };
    Drive drive_;
    CURLM* multi_ = nullptr;
    CURL* easy_ = nullptr;
    curl_slist* header_list_ = nullptr;
    std::vector<Socket> sockets_;      // Drive::sockets: what libcurl wants to wait for
    std::vector<curl_socket_t> open_;  // Drive::whole: what it has open
    std::optional<std::chrono::steady_clock::time_point> timer_;
    curl_off_t request_bytes_ = 0;
    bool added_ = false;
    bool client_sent_more_ = false;  // its socket is readable for good and tells nothing
    bool headers_done_ = false;
    bool finished_ = false;
    CURLcode result_ = CURLE_OK;
    int status_ = 0;
    Headers headers_;
    std::string body_;
    char error_text_[CURL_ERROR_SIZE] = {};
};

}  // namespace llmgw
