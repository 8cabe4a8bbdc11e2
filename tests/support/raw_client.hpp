// A client with exact control of its bytes: requests sent in pieces, answers read as they come, the connection
// closed or reset at any moment.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/http.hpp"
#include "tests/support/socket.hpp"

namespace llmgw::testing {

struct Response {
    int status = 0;  // 0: no head came
    Headers headers;
    std::string head;        // raw
    std::string body;        // the chunked coding undone
    bool whole = false;      // the body ended as its framing says it must
    bool timed_out = false;  // gave up waiting

    std::string header(std::string_view name) const { return std::string(find_header(headers, name)); }
    bool has(std::string_view name) const;
};

struct Request {
    std::string method = "POST";
    std::string target = "/";
    Headers headers;
    std::string body;
    std::string host;  // "" gives 127.0.0.1:PORT; "-" sends no Host at all
};

// The request's bytes, with Host, and Content-Length where there is a body or the method is POST.
std::string request_bytes(const Request& request, int port);

class RawClient {
public:
    // connected() is false when nobody listens.
    explicit RawClient(int port);
    bool connected() const { return socket_.valid(); }

    bool send(std::string_view bytes) { return send_all(socket_.fd(), bytes); }
    bool send(const Request& request) { return send(request_bytes(request, port_)); }

    // Reads up to the end of the head. status 0 when the connection ended or time ran out.
    Response read_head(Millis timeout = patience);
    // After read_head: reads on until `response.body` holds `text`. False when the body ended before.
    bool read_until(Response& response, std::string_view text, Millis timeout = patience);
    // Reads on to the end of the body.
    void read_rest(Response& response, Millis timeout = patience);
    // Head and body. `head_only` for answers to HEAD.
    Response read_response(Millis timeout = patience, bool head_only = false);

    bool wait_closed(Millis timeout = patience) { return wait_peer_closed(socket_.fd(), timeout); }
    void finish_sending();  // FIN, and still reads: a client that has said all it had to say
    void close() { socket_.close(); }
    void reset() { socket_.reset(); }
    int fd() const { return socket_.fd(); }

private:
    enum class Framing { none, length, chunked, until_close };
    // Moves what is decodable from buffer_ to response.body; sets response.whole at the end.
    void decode(Response& response);
    // False when nothing more will come.
    bool fill(Response& response, SteadyTime deadline);

    int port_;
    Socket socket_;
    std::string buffer_;
    Framing framing_ = Framing::none;
    std::size_t left_ = 0;  // length: bytes to come; chunked: bytes of the open chunk
    bool in_chunk_ = false;
};

// One request on its own connection.
Response http_call(int port, const Request& request, Millis timeout = patience);

// Everything any RawClient of this process received since the last call: for the canary scan.
std::string take_received_bytes();

}  // namespace llmgw::testing
