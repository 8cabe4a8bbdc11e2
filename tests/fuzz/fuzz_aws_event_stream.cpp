// AWS's event-stream framing (the first byte says how large the pieces are): any bytes, cut at any places, come out as
// the same events, or fail for the same reason, as when fed whole. Checksums are set right in every second input, so
// that what lies behind them is reached.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/util/aws_event_stream.hpp"

namespace {

std::string read(std::string_view bytes, std::size_t piece_bytes) {
    std::string seen;
    llmgw::AwsEventStream stream;
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
        const std::string piece(bytes.substr(at, piece_bytes));
        for (const auto& event : stream.feed(piece)) {
            for (const auto text : {event.type, event.message, event.payload}) {
                seen += std::to_string(text.size()) + ":" + std::string(text);
            }
            seen += static_cast<char>('0' + static_cast<int>(event.kind));
        }
    }
    return seen + "|" + std::string(stream.fault());
}

void put(std::string& bytes, std::size_t at, std::uint32_t value) {
    for (int i = 0; i < 4; ++i) {
        bytes[at + static_cast<std::size_t>(i)] = static_cast<char>(value >> (24 - 8 * i));
    }
}

// Takes the bytes as one message: its length and both checksums are made true.
void mend(std::string& bytes) {
    put(bytes, 0, static_cast<std::uint32_t>(bytes.size()));
    put(bytes, 8, llmgw::crc32_of(std::string_view(bytes).substr(0, 8)));
    put(bytes, bytes.size() - 4, llmgw::crc32_of(std::string_view(bytes).substr(0, bytes.size() - 4)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) { return 0; }
    std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if ((data[0] & 1) != 0 && bytes.size() >= 16) { mend(bytes); }
    if (read(bytes, 1 + data[0] % 16) != read(bytes, bytes.size())) { std::abort(); }
    return 0;
}
