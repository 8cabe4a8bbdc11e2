#include "core/util/aws_event_stream.hpp"

#include <array>

namespace llmgw {
namespace {

constexpr std::size_t prelude_bytes = 12;
constexpr std::size_t checksum_bytes = 4;
// AWS's own limits are 16 MiB of payload and 128 KiB of headers.
constexpr std::size_t message_bytes_max = 17ULL << 20;
constexpr std::size_t headers_bytes_max = 128ULL << 10;

constexpr std::array<std::uint32_t, 256> crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value & 1) != 0 ? 0xEDB88320U ^ (value >> 1) : value >> 1;
        }
        table[i] = value;
    }
    return table;
}();

std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t width) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    }
    return value;
}

constexpr int type_bytes = 6;
constexpr int type_string = 7;

// By type, the size of a value: true, false, byte, short, int, long, bytes and string (said by two bytes in front),
// timestamp, UUID.
constexpr std::array<std::size_t, 10> value_sizes{0, 0, 1, 2, 4, 8, 0, 0, 8, 16};

// Reads one header from the front. False when it does not fit.
bool take_header(std::string_view& headers, std::string_view& name, std::string_view& text) {
    const std::size_t name_size = static_cast<unsigned char>(headers[0]);
    if (headers.size() < 1 + name_size + 1) { return false; }
    name = headers.substr(1, name_size);
    const auto type = static_cast<unsigned char>(headers[1 + name_size]);
    headers.remove_prefix(1 + name_size + 1);
    if (type >= value_sizes.size()) { return false; }
    std::size_t size = value_sizes[type];
    if (type == type_bytes || type == type_string) {
        if (headers.size() < 2) { return false; }
        size = number_at(headers, 0, 2);
        headers.remove_prefix(2);
    }
    if (headers.size() < size) { return false; }
    text = type == type_string ? headers.substr(0, size) : std::string_view();
    headers.remove_prefix(size);
    return true;
}

}  // namespace

std::uint32_t crc32_of(std::string_view bytes) {
    std::uint32_t value = 0xFFFFFFFFU;
    for (const char c : bytes) {
        value = crc_table[(value ^ static_cast<unsigned char>(c)) & 0xFF] ^ (value >> 8);
    }
    return value ^ 0xFFFFFFFFU;
}

bool AwsEventStream::broken(std::string_view why) {
    fault_ = why;
    return false;
}

bool AwsEventStream::read_headers(std::string_view headers, AwsEvent& event) {
    std::string_view name;
    std::string_view text;
    std::string_view kind = "event";
    while (!headers.empty()) {
        if (!take_header(headers, name, text)) { return broken("a message's header cannot be read"); }
        if (name == ":message-type") { kind = text; }
        if (name == ":event-type" || name == ":exception-type" || name == ":error-code") { event.type = text; }
        if (name == ":error-message") { event.message = text; }
    }
    if (kind != "event") { event.kind = kind == "exception" ? AwsEvent::Kind::exception : AwsEvent::Kind::error; }
    return true;
}

bool AwsEventStream::read_message(std::string_view message, std::size_t header_bytes, AwsEvent& event) {
    const auto checked = message.substr(0, message.size() - checksum_bytes);
    if (crc32_of(checked) != number_at(message, checked.size(), 4)) { return broken("a message's checksum is wrong"); }
    event.payload = checked.substr(prelude_bytes + header_bytes);
    return read_headers(checked.substr(prelude_bytes, header_bytes), event);
}

const std::vector<AwsEvent>& AwsEventStream::feed(std::string_view bytes) {
    events_.clear();
    if (!fault_.empty()) { return events_; }
    buffer_.erase(0, consumed_);
    consumed_ = 0;
    buffer_.append(bytes);
    const std::string_view all = buffer_;
    while (all.size() - consumed_ >= prelude_bytes) {
        const auto rest = all.substr(consumed_);
        const std::size_t size = number_at(rest, 0, 4);
        const std::size_t header_bytes = number_at(rest, 4, 4);
        // Before a length is believed: a wrong one would have us wait for bytes that never come.
        if (crc32_of(rest.substr(0, 8)) != number_at(rest, 8, 4)) {
            broken("a message's prelude has a wrong checksum");
        } else if (size > message_bytes_max || header_bytes > headers_bytes_max) {
            broken("a message is larger than AWS makes them");
        } else if (size < prelude_bytes + header_bytes + checksum_bytes) {
            broken("a message's lengths do not agree");
        }
        AwsEvent event;
        if (!fault_.empty() || rest.size() < size || !read_message(rest.substr(0, size), header_bytes, event)) {
            break;
        }
        events_.push_back(event);
        consumed_ += size;
    }
    return events_;
}

}  // namespace llmgw
