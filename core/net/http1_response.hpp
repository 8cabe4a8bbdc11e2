// Reads one HTTP/1.1 response (RFC 9112) from the bytes of a connection, whatever way they are cut. Decodes the
// framing in place, so that a streamed event is handed on from where it was received. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/net/http.hpp"

namespace llmgw {

class Http1Response {
public:
    explicit Http1Response(bool answer_to_head = false) : answer_to_head_(answer_to_head) {}

    // Takes what was received and returns the body bytes in it: a view into [bytes, bytes + size), whose content is
    // moved together where chunk framing stood in between, or into this object when the head came with it. Valid
    // until the next call. Nothing while the head is not whole.
    std::string_view take(char* bytes, std::size_t size);
    // The connection was closed by the other side.
    void closed();

    bool head_done() const { return state_ > State::head; }
    // The body has been taken whole.
    bool complete() const { return state_ == State::complete; }
    // "" while all is well, else what was wrong.
    const std::string& fault() const { return fault_; }

    int status() const { return status_; }
    const Headers& headers() const { return headers_; }
    // Another request may follow on the connection.
    bool reusable() const { return complete() && keep_alive_ && !surplus_; }
    // Body bytes that are still to come, where the head says it; 0 otherwise.
    std::uint64_t body_left() const { return framing_ == Framing::length ? left_ : 0; }

private:
    enum class State { head, body, complete, broken };
    enum class Framing { length, chunked, until_close };
    enum class Chunk { size, extension, data, data_end, trailer_start, trailer };

    std::string_view broken(std::string why);
    bool read_head(std::string_view head);
    bool read_field(std::string_view line);
    void decide_framing();
    std::string_view take_body(char* bytes, std::size_t size);
    std::string_view take_chunked(char* bytes, std::size_t size);

    bool answer_to_head_;
    State state_ = State::head;
    std::string head_;  // as received so far; afterwards the body bytes that came with it
    int status_ = 0;
    Headers headers_;
    bool keep_alive_ = true;
    bool http_1_0_ = false;
    Framing framing_ = Framing::length;
    std::uint64_t left_ = 0;  // of the body, or of the chunk
    bool length_said_ = false;
    std::string transfer_encoding_;
    Chunk chunk_ = Chunk::size;
    int chunk_digits_ = 0;
    bool surplus_ = false;  // bytes after the answer's end
    std::string fault_;
};

}  // namespace llmgw
