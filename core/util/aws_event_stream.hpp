// AWS's framing of event streams (application/vnd.amazon.eventstream): binary messages of headers and a payload, each
// with its length and two checksums. A chunk may be cut anywhere.
//
//   length u32 | headers' length u32 | CRC-32 of these eight bytes | headers | payload | CRC-32 of all before
//   header: name's length u8 | name | type u8 | value     all numbers big-endian
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace llmgw {

struct AwsEvent {
    enum class Kind {
        event,
        exception,  // modelled by the service: `type` is its name, the payload its JSON
        error,      // not modelled: `type` is its code, `message` its text
    };
    Kind kind = Kind::event;
    std::string_view type;     // :event-type, :exception-type or :error-code
    std::string_view message;  // :error-message
    std::string_view payload;
};

// Finds whole messages in a byte stream. Owns the bytes of a message that is still incomplete, nothing else.
class AwsEventStream {
public:
    // The messages that `bytes` completes. The views live until the next call. After a fault nothing comes any more.
    const std::vector<AwsEvent>& feed(std::string_view bytes);

    // What is wrong with the stream, "" when nothing is: a checksum, a length, a header that cannot be read.
    std::string_view fault() const { return fault_; }

    // Bytes of an incomplete message are left: a stream that ends here was cut.
    bool pending() const { return consumed_ < buffer_.size(); }

private:
    bool read_message(std::string_view message, std::size_t header_bytes, AwsEvent& event);
    bool read_headers(std::string_view headers, AwsEvent& event);
    bool broken(std::string_view why);

    std::string buffer_;
    std::size_t consumed_ = 0;
    std::string_view fault_;
    std::vector<AwsEvent> events_;
};

// CRC-32 as zlib has it.
std::uint32_t crc32_of(std::string_view bytes);

}  // namespace llmgw
