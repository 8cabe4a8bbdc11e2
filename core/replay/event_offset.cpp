#include "core/replay/event_offset.hpp"

#include <array>

#include "core/util/sse.hpp"

namespace llmgw {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

}  // namespace

std::optional<std::uint64_t> offset_after(const Recording& recording, std::uint64_t events) {
    if (events == 0) { return 0; }
    SseFramer framer;
    std::array<char, piece_bytes> piece;
    std::uint64_t read = 0;
    std::uint64_t behind = 0;  // the last event looked at
    for (;;) {
        const auto n = recording.read(read, piece.data(), piece.size());
        if (n == 0) { break; }
        read += n;
        for (const auto& event : framer.feed({piece.data(), n})) {
            behind += event.raw.size();
            if (event.comment_only || --events > 0) { continue; }
            // The line feed of a blank line that was cut at the piece's end belongs to the event before it.
            char next = 0;
            const bool cut = event.raw.ends_with('\r') && recording.read(behind, &next, 1) == 1 && next == '\n';
            return behind + (cut ? 1 : 0);
        }
    }
    // The last event may have come without its blank line; one that is still to come is not there yet.
    SseEvent tail;
    return events == 1 && recording.state() != Recording::State::running && framer.finish(tail) ? std::optional(read)
                                                                                                : std::nullopt;
}

}  // namespace llmgw
