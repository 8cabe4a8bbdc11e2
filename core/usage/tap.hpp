// A copy of an answer's facts, taken while the answer itself passes by untouched. Whatever the tap thinks of
// the bytes, the client gets them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/dialect.hpp"

namespace llmgw {

struct TapFacts {
    std::string model;
    std::string finish_reason;
    std::optional<Usage> usage;
    std::size_t content_bytes = 0;
    std::optional<ApiError> error;  // an error the provider told inside a 200
    bool content_seen = false;
    bool terminal_seen = false;
    std::size_t events = 0;
};

class Tap {
public:
    explicit Tap(const Dialect& dialect) : dialect_(dialect) {}

    // One event of a stream.
    void event(const SseEvent& sse);
    // The stream ended without an error of the transport.
    void stream_end();
    // A whole JSON answer.
    void whole(std::string_view body);
    // A whole event stream.
    void whole_stream(std::string_view body);

    // Whether the stream said all it had to say. The decoder decides what its dialect's end is.
    bool complete() const { return facts_.terminal_seen; }

    const TapFacts& facts() const { return facts_; }
    // Where the stream stands, for an error event that has to end it.
    StreamState state() const { return decoder_ ? decoder_->state() : StreamState{}; }

private:
    void take(const std::vector<Event>& events);

    const Dialect& dialect_;
    std::unique_ptr<StreamDecoder> decoder_;
    std::vector<Event> events_;
    TapFacts facts_;
};

}  // namespace llmgw
