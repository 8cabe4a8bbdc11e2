// Reads the head of one HTTP/1.1 request (RFC 9112) strictly: what two readers could understand differently is
// refused, since a request that ends elsewhere for us than for whoever stands in front of us is how requests are
// smuggled. Names and values stay byte for byte as the client sent them. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "core/net/http.hpp"

namespace llmgw {

// A head that is longer is refused unread.
constexpr std::size_t request_head_bytes_max = 128 * 1024;

struct RequestHead {
    HttpRequest request;  // without a body
    bool http_1_0 = false;
    bool keep_alive = true;         // the client would send another request on this connection
    bool chunked = false;           // how the body comes; neither this nor a length: there is none
    std::uint64_t body_bytes = 0;   // Content-Length
    bool expects_continue = false;  // waits for a 100 before it sends the body

    bool has_body() const { return chunked || body_bytes > 0; }
};

// Where the head ends, one past its empty line; 0 while it has not. The first `looked_at` bytes are known to hold no
// end.
std::size_t find_head_end(std::string_view bytes, std::size_t looked_at = 0);

// `head` up to and with its empty line. The error is the status to refuse with: 400, 414, 431, 501 or 505.
std::expected<RequestHead, int> read_request_head(std::string_view head);

}  // namespace llmgw
