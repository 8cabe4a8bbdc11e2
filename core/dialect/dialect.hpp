// A wire format, used on both sides: as what a client speaks and as what a provider speaks. No I/O: bytes in,
// values out, so that all of it is testable with files. Implementations live in providers/dialects/<name>/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/codec.hpp"
#include "core/model/api_error.hpp"
#include "core/model/dialect_id.hpp"
#include "core/model/event.hpp"
#include "core/util/sse.hpp"

namespace llmgw {

// Where a stream stood when llmgw had to end it, for the terminal error event.
struct StreamState {
    std::int64_t next_sequence = 0;  // openai-responses: the next sequence_number
    std::string response_id;
    std::string model;
};

// Reads one stream. Decoders are cheap on the events that carry nothing but content: they look, they do not parse.
class StreamDecoder {
public:
    virtual ~StreamDecoder() = default;
    // Appends what this event says to `out`. Malformed events are ignored, as every client does or should.
    virtual void decode(const SseEvent& sse, std::vector<Event>& out) = 0;
    // The stream is over (clean end of file). Appends what could only be known now: Terminal, for dialects and
    // hosts that mark the end only by closing (Gemini; Chat hosts that send no [DONE] after a finish_reason).
    virtual void finish(std::vector<Event>& out) = 0;
    // Where the stream stands, for encode_stream_error of the same dialect.
    virtual StreamState state() const { return {}; }
};

// What a whole (not streamed) answer says.
struct DecodedResponse {
    std::string id;
    std::string model;
    std::string finish_reason;
    std::optional<Usage> usage;
    std::size_t content_bytes = 0;  // size of the body's generated part, roughly; for estimates only
    std::optional<ApiError> error;  // an error inside a 200
};

class Dialect {
public:
    virtual ~Dialect() = default;
    virtual DialectId id() const = 0;

    // --- upstream side: decode
    virtual std::unique_ptr<StreamDecoder> stream_decoder() const = 0;
    // `body` is a whole JSON answer (for Gemini without alt=sse: the whole array).
    virtual DecodedResponse decode_response(std::string_view body) const = 0;
    // Classifies an HTTP error by status, type, code and message together. The body may be
    // anything: HTML, empty, a JSON string.
    virtual ApiError decode_error(int status, std::string_view body) const = 0;
    // Reads a usage object of this dialect.
    virtual Usage decode_usage(std::string_view usage_json) const = 0;

    // --- client side: encode
    // A JSON error body in the dialect's shape.
    virtual std::string encode_error(const ApiError& error) const = 0;
    // The bytes that end a stream with an error: whole SSE events, starting at an event boundary.
    virtual std::string encode_stream_error(const ApiError& error, const StreamState& state) const = 0;
    // Harmless bytes for a silent stream, at an event boundary; empty when the dialect has none
    // (Gemini CLI takes an SSE comment for a broken stream).
    virtual std::string_view ping(bool started) const = 0;

    // --- translation, where client and provider speak different dialects
    virtual const Codec* codec() const { return nullptr; }
};

// The four dialects, given by the providers library to whoever needs them.
class DialectSet {
public:
    virtual ~DialectSet() = default;
    virtual const Dialect& get(DialectId id) const = 0;
};

}  // namespace llmgw
