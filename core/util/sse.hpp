// Server-sent events, framed without changing a byte (WHATWG HTML, "Server-sent events", section 9.2.6).
// Line ends are \n, \r\n or \r; events end on a blank line; a chunk may be cut anywhere, inside a UTF-8
// sequence or between \r and \n.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace llmgw {

struct SseEvent {
    std::string_view name;  // the event: field, "" when there is none
    std::string_view data;  // the data: lines joined with \n
    std::string_view raw;   // every byte of the event, its blank line included
    bool comment_only = false;
};

// Finds whole events in a byte stream. Owns the bytes of an event that is still incomplete, nothing else.
class SseFramer {
public:
    // Appends `bytes` and returns the whole events now available. The views live until the next call.
    // Concatenating every `raw` ever returned plus pending() gives the input, byte for byte.
    const std::vector<SseEvent>& feed(std::string_view bytes);

    // Bytes of the last, incomplete event.
    std::string_view pending() const { return std::string_view(buffer_).substr(consumed_); }

    // The incomplete tail read as if a blank line had followed (several upstreams end that way).
    // Returns false when there is none or it has no data line.
    bool finish(SseEvent& tail);

private:
    std::string buffer_;        // bytes of the current feed, starting with what was pending before
    std::size_t consumed_ = 0;  // up to here, events were returned
    std::size_t scanned_ = 0;   // up to here, no event end was found
    std::vector<SseEvent> events_;
    std::vector<std::string> joined_;  // data of events with several data lines
};

}  // namespace llmgw
