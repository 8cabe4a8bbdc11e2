// Server-sent events, framed without changing a byte (WHATWG HTML, "Server-sent events", section 9.2.6).
// Line ends are \n, \r\n or \r; events end on a blank line; a chunk may be cut anywhere, inside a UTF-8
// sequence or between \r and \n.
#pragma once

#include <cstddef>
#include <forward_list>
#include <string>
#include <string_view>
#include <vector>

namespace llmgw {

struct SseEvent {
    std::string_view name;  // the event: field, "" when there is none
    std::string_view data;  // the data: lines joined with \n
    std::string_view raw;   // every byte of the event, its blank line included
    // Nothing to decode: comments, a lone blank line, or fields without a data line (the standard dispatches
    // nothing for those). Its bytes are forwarded like any other's.
    bool comment_only = false;
};

// Finds whole events in a byte stream. Owns the bytes of an event that is still incomplete, nothing else.
class SseFramer {
public:
    // Returns the events that `bytes` completes. The views live until the next call, and as long as `bytes`
    // does: when no event was pending they point into it, and nothing is copied.
    // Concatenating every `raw` ever returned plus pending() gives the input, byte for byte.
    //
    // An event is returned as soon as the \r of its blank line is there. When a \n follows at the start of the
    // next chunk, it belongs to that line end and travels in front of the next event's `raw` (or stays in
    // pending()); it never makes an event of its own.
    const std::vector<SseEvent>& feed(std::string_view bytes);

    // Bytes of the last, incomplete event. The caller bounds their growth.
    std::string_view pending() const { return std::string_view(buffer_).substr(consumed_); }

    // The incomplete tail read as if a blank line had followed (several upstreams end that way).
    // Returns false when there is none or it has no data line. The views live until the next call; pending()
    // stays as it is.
    bool finish(SseEvent& tail);

private:
    std::size_t find_events(std::string_view bytes);
    void read_event(std::string_view raw, SseEvent& event);

    std::string buffer_;          // what was pending before a feed, and then also that feed's bytes
    std::size_t consumed_ = 0;    // of buffer_: up to here, events were returned
    std::size_t line_ = 0;        // of what is pending: where its last line starts
    std::size_t scanned_ = 0;     // of what is pending: up to here, that line does not end
    bool line_feed_due_ = false;  // the last event's blank line ended in a \r at the chunk's end
    bool started_ = false;        // an event was returned: no byte order mark can follow
    std::vector<SseEvent> events_;
    std::forward_list<std::string> joined_;  // data of events with several data lines
};

}  // namespace llmgw
