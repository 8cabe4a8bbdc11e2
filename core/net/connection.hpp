// One connection to an origin: libcurl finds the address, goes through the proxy the environment names and speaks
// TLS; the bytes on it are ours (CURLOPT_CONNECT_ONLY). HTTP/1.1 itself is core/net/http1_response.hpp and
// http_transport.cpp: a streamed event then costs one recv, with no poll before it and no copy, which libcurl's
// own transfer engine cannot do. curl_library.hpp and connection.cpp are the only files that see
// curl.h. An upstream that is a loopback
// address is reached without libcurl (loopback_connect.hpp).
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/net/transport.hpp"
#include "core/util/file.hpp"
#include "core/util/result.hpp"

namespace llmgw {

class Connection {
public:
    // `url`'s origin is what is connected to. Errors: connect (unreachable, TLS refused, too slow), cancelled and
    // unavailable (by `watch`).
    static Result<std::unique_ptr<Connection>> open(const std::string& url, std::chrono::milliseconds connect_timeout,
                                                    const Watch& watch);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    enum class Io { ok, again, closed, failed };
    // Neither waits. `done` is the number of bytes moved when the result is ok, never 0.
    // `second` follows `first`: a head and a body that need not be copied together.
    Io send(std::string_view first, std::string_view second, std::size_t& done);
    Io receive(char* into, std::size_t size, std::size_t& done);
    // The same; where that costs nothing more it waits up to 20 ms for something to come, without looking at anything
    // else meanwhile.
    Io receive_soon(char* into, std::size_t size, std::size_t& done);
    // The last failed send or receive in words.
    std::string why() const;

    int fd() const { return fd_; }
    // A receive that filled less than its buffer has left nothing behind. Not so with TLS, which may hold decrypted
    // bytes that no poll of the socket tells of.
    bool short_read_is_all() const { return !tls_; }
    // Whether an idle connection can take a request: still open, and nothing unasked for has come.
    bool usable();

    std::chrono::steady_clock::time_point idle_since;  // while pooled
    bool reused = false;                               // has carried a request before

private:
    Io receive(char* into, std::size_t size, std::size_t& done, int flags);
    Connection();
    Result<> connect(const std::string& url, std::chrono::milliseconds connect_timeout, const Watch& watch);

    struct Handles;
    std::unique_ptr<Handles> handles_;  // none on a loopback address: that socket is our own
    Fd own_;
    int fd_ = -1;
    bool tls_ = false;
    int errno_ = 0;
    int curl_code_ = 0;
};

}  // namespace llmgw
