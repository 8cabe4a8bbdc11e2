// The client side: an HTTP server. Listening and the decoding of bodies are cpp-httplib's; sockets (socket_io.hpp) and
// requests' heads (http1_request.hpp) are our own. Only server.cpp and server_body.cpp see httplib.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/net/http.hpp"
#include "core/net/transport.hpp"
#include "core/util/result.hpp"

namespace llmgw {

struct ServerOptions {
    std::string host = "127.0.0.1";
    int port = 0;  // 0: any free one
    std::size_t connections_max = 4096;
    std::uint64_t body_bytes_max = 64ULL << 20;
    std::chrono::milliseconds keep_alive{75'000};
    std::chrono::milliseconds io_timeout{60'000};         // one read or write that makes no progress
    std::chrono::milliseconds websocket_idle{3'600'000};  // without a message of the client's and without a call
};

// Reads the request's body, decoded when it came compressed. Call it once, or not at all: a body nobody
// wanted is drained after the reply. Errors: too_large, bad_request (an unknown or broken encoding),
// cancelled (the connection broke).
using BodyReader = std::function<Result<std::string>()>;

// Answers one request, given its head. `watch` tells when the client goes away.
using RequestHandler = std::function<HttpReply(HttpRequest head, const BodyReader& read_body, const Watch& watch)>;

class HttpServer {
public:
    HttpServer(ServerOptions options, RequestHandler handler);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // The bound port. The message names the address, and the process that holds it where that can be found.
    Result<int> bind();
    // Accepts and serves until stop(); returns when every connection has ended.
    void run();
    // Stops accepting and lets running requests finish. Idle connections close at once.
    void stop();
    // Ends what is still running: every wait returns.
    void abort();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace llmgw
