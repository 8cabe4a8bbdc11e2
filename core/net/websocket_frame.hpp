// WebSocket frames (RFC 6455, 5): from a client's bytes to its messages, and the heads of ours. No I/O. Extensions are
// never negotiated, so their bits are errors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace llmgw::websocket {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// Status codes of a close frame (7.4.1).
enum class Close : std::uint16_t {
    none = 0,  // nothing is wrong
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported = 1003,  // binary
    not_utf8 = 1007,
    too_large = 1009,
    internal_error = 1011,
};

// An unmasked frame that is a whole message: its head, to be followed by the payload.
std::string frame_head(Opcode opcode, std::size_t payload_bytes);
// A close frame.
std::string close_frame(Close code);

struct Message {
    Opcode opcode = Opcode::text;  // text, close, ping or pong
    std::string payload;           // fragments joined; of a close frame: its code and reason as they came
};

// Reads what one client sends.
class FrameReader {
public:
    explicit FrameReader(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}
    // Appends what these bytes complete. Anything but Close::none: the connection is to be closed with that code, and
    // what comes after is not read.
    Close feed(std::string_view bytes, std::vector<Message>& out);

private:
    std::size_t head_bytes_wanted() const;
    Close begin_payload();
    Close end_frame(std::vector<Message>& out);
    void unmask(std::string_view bytes, std::string& into);

    std::size_t message_bytes_max_;
    std::array<unsigned char, 14> head_{};
    std::size_t head_size_ = 0;
    bool in_payload_ = false;
    // Of the frame that is being read.
    Opcode opcode_ = Opcode::text;
    bool final_ = true;
    std::uint64_t left_ = 0;
    std::array<unsigned char, 4> mask_{};
    std::size_t mask_at_ = 0;
    std::string control_;
    // Of the message its fragments make; control frames may come between them.
    bool in_message_ = false;
    std::string message_;
};

}  // namespace llmgw::websocket
