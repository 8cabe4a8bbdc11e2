// A request's body on its way from the client: received where it stays, or decoded when it comes in chunks or
// compressed (by cpp-httplib, which the .cpp file sees).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/net/http1_request.hpp"
#include "core/net/socket_io.hpp"
#include "core/util/result.hpp"

namespace llmgw {

class RequestBody {
public:
    // `encoding` is the head's Content-Encoding.
    RequestBody(SocketIo& io, const RequestHead& head, std::string_view encoding, std::uint64_t bytes_max);

    // Once. Errors: see BodyReader (server.hpp).
    Result<std::string> read();
    // Nothing of it is left on the connection.
    bool is_read() const { return read_; }
    // Whether the rest is short enough to be read and forgotten, to keep the connection.
    bool may_be_stepped_over() const;
    bool step_over();

private:
    bool receive(std::string& text);
    Result<std::string> read_decoded();
    std::unexpected<Error> too_large() const;

    SocketIo& io_;
    bool chunked_;
    std::uint64_t bytes_;
    bool expects_continue_;
    std::string encoding_;
    std::uint64_t bytes_max_;
    bool read_;
    bool broken_ = false;  // what is left would be taken for a request
};

}  // namespace llmgw
