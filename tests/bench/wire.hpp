// The bytes that pass in the benchmark, known to the mock that sends them and to the client that checks them: what
// arrives has to be what was sent, byte for byte, but for the digits of each event's time stamp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace llmgw::bench {

enum class Shape { chat, messages };  // OpenAI chat completions, Anthropic messages

constexpr std::size_t stamp_digits = 19;  // nanoseconds, padded with zeros

// A streamed answer is prologue, event (any number of times), epilogue. The prologue is one or more SSE events that
// leave with the response's head; the epilogue holds the usage and the terminal event.
struct StreamScript {
    std::string prologue;
    std::string event;
    std::size_t stamp_at = 0;  // where in `event` the digits begin
    std::string epilogue;
};

StreamScript stream_script(Shape shape, bool include_usage);
void write_stamp(char* digits, std::int64_t time_ns);
std::int64_t read_stamp(const char* digits);  // -1 when they are not all digits

// The answer to a call that does not stream.
const std::string& small_answer(Shape shape);

// How fast and how much to stream. It travels in the prompt as "stream-<per_s>x<count>", because a proxy hands the
// body on as it is; a model of that name works too.
struct Pace {
    int per_s = 50;
    int count = 50;
};
std::string pace_text(Pace pace);
Pace find_pace(std::string_view body);  // the default when the text is not there

// A whole HTTP request. The body has the model first and is padded with prompt text to about `body_bytes`.
struct RequestOptions {
    Shape shape = Shape::chat;
    std::string model;  // "" is the shape's own
    std::string key;
    std::size_t body_bytes = 0;
    bool stream = false;
    Pace pace;
};
std::string make_request(const RequestOptions& options, int port);

}  // namespace llmgw::bench
