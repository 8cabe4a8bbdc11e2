// An incremental reader of HTTP/1.1 responses: head, then a body by Content-Length or in chunks. It keeps nothing of
// the body; pieces go to a sink as they arrive, so that reading costs the load generator as little as can be.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llmgw::bench {

class ResponseReader {
public:
    // Feeds received bytes; `sink(std::string_view)` gets the body's pieces. False when the response is malformed.
    template <class Sink>
    bool feed(std::string_view bytes, Sink&& sink) {
        while (!bytes.empty() && state_ != State::failed) {
            switch (state_) {
                case State::head: take_head(bytes); break;
                case State::sized:
                case State::chunk_data: {
                    std::string_view piece = bytes.substr(0, std::min<std::uint64_t>(bytes.size(), left_));
                    bytes.remove_prefix(piece.size());
                    left_ -= piece.size();
                    if (left_ == 0) { state_ = state_ == State::sized ? State::done : State::chunk_end; }
                    sink(piece);
                    break;
                }
                case State::chunk_size:
                case State::chunk_end:
                case State::trailer: take_line(bytes); break;
                case State::done:  // bytes nobody asked for
                case State::failed: state_ = State::failed; break;
            }
        }
        return state_ != State::failed;
    }

    bool done() const { return state_ == State::done; }
    bool head_seen() const { return state_ != State::head; }
    int status() const { return status_; }
    bool closes() const { return closes_; }  // the peer said Connection: close
    void restart() { *this = ResponseReader(); }

private:
    enum class State { head, sized, chunk_size, chunk_data, chunk_end, trailer, done, failed };

    void take_head(std::string_view& bytes);
    void take_line(std::string_view& bytes);
    void finish_line();

    State state_ = State::head;
    std::string text_;  // the head, or a line of the chunked framing, as far as it is here
    std::uint64_t left_ = 0;
    int status_ = 0;
    bool closes_ = false;
};

// One whole exchange on a connection of its own: the answer's body, or nothing when there was none or its status is
// not 200.
std::optional<std::string> http_get(int port, std::string_view path);

// The value of a header in a head's text, "" when it is not there. `name` is in lower case.
std::string_view find_header(std::string_view head, std::string_view name);

}  // namespace llmgw::bench
