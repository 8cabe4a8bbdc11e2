// The framer (the first byte says how large the pieces are): any bytes, cut at any places, come out as they went in,
// and as the same events as when fed whole.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/util/sse.hpp"

namespace {

struct Reading {
    std::string raw;
    std::string events;
};

Reading read(std::string_view text, std::size_t piece_bytes) {
    Reading reading;
    llmgw::SseFramer framer;
    for (std::size_t at = 0; at < text.size(); at += piece_bytes) {
        const std::string piece(text.substr(at, piece_bytes));
        for (const auto& event : framer.feed(piece)) {
            reading.raw += event.raw;
            reading.events += std::to_string(event.name.size()) + std::string(event.name) + "|" +
                              std::to_string(event.data.size()) + std::string(event.data) +
                              (event.comment_only ? "c" : "d");
        }
    }
    llmgw::SseEvent tail;
    if (framer.finish(tail)) { reading.events += "tail" + std::string(tail.data); }
    reading.raw += framer.pending();
    return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) { return 0; }
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Reading whole = read(text, text.size());
    const Reading cut = read(text, 1 + data[0] % 16);
    if (whole.raw != text || cut.raw != text || whole.events != cut.events) { std::abort(); }
    return 0;
}
