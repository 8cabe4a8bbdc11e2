// The upstream side: one request, status and headers first, then the body by reads. Implemented
// in http_transport.cpp.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "core/net/http.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct UpstreamRequest {
    std::string method = "POST";
    std::string url;
    Headers headers;
    std::string_view body;  // must outlive the response
    bool has_body = true;
    bool expect_stream = false;  // a hint: small reads are enough
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds first_byte_timeout{600'000};
    std::string_view first_byte_setting = "[timeouts] first_byte_s";  // where that comes from, for the error
    std::chrono::milliseconds idle_timeout{600'000};
};

// What a wait is interrupted by, besides the upstream.
struct Watch {
    int client_fd = -1;  // the client's socket: its closing ends the wait with ErrorKind::cancelled
    int abort_fd = -1;   // readable when the gateway must stop now: ErrorKind::unavailable
};

class UpstreamResponse {
public:
    // Closes the upstream connection at once when the body has not been read to its end; otherwise the
    // connection goes back to the pool.
    virtual ~UpstreamResponse() = default;
    virtual int status() const = 0;
    virtual const Headers& headers() const = 0;
    // The connection was used by an earlier request.
    virtual bool connection_reused() const = 0;
    // The whole request body has left; it need not be kept any longer. A server may answer before that.
    virtual bool request_sent() const = 0;

    struct Chunk {
        std::string_view bytes;  // valid until this thread's next read of any response
        bool end = false;        // the body is whole; bytes may still hold its last part
        bool idle = false;       // nothing came within `wait`; read again
    };
    // Waits up to `wait` for bytes. Errors: timeout (idle limit passed), upstream (ended early, reset,
    // garbage), cancelled, unavailable.
    virtual Result<Chunk> read(const Watch& watch, std::chrono::milliseconds wait) = 0;

    // For a shared loop instead of read(): the one socket whose being readable is all that is waited for, or -1
    // when there is more to it (a TLS handshake, a pending write), and what came once it is readable, without
    // waiting.
    virtual int readable_fd() const = 0;
    // How much longer the upstream may stay silent.
    virtual std::chrono::milliseconds idle_left() const = 0;
    virtual Result<Chunk> read_ready() = 0;
};

class Transport {
public:
    virtual ~Transport() = default;
    // Sends the request and returns when the response's headers are there.
    virtual Result<std::unique_ptr<UpstreamResponse>> open(const UpstreamRequest& request, const Watch& watch) = 0;
};

}  // namespace llmgw
