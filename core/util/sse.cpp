#include "core/util/sse.hpp"

#include <algorithm>
#include <cstring>

namespace llmgw {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::size_t find_byte(std::string_view text, char c) {
    const void* hit = text.empty() ? nullptr : std::memchr(text.data(), c, text.size());
    return hit == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
}

// Where the first \n or \r at or after `from` is. Searched in windows, so that a text full of one of the two
// is not searched to its end for the other, line after line.
std::size_t find_line_end(std::string_view text, std::size_t from) {
    constexpr std::size_t window_bytes = 512;
    for (std::size_t at = from; at < text.size(); at += window_bytes) {
        std::string_view window = text.substr(at, window_bytes);
        const std::size_t feed = find_byte(window, '\n');
        if (feed != std::string_view::npos) { window = window.substr(0, feed); }
        const std::size_t carriage = find_byte(window, '\r');
        if (carriage != std::string_view::npos) { return at + carriage; }
        if (feed != std::string_view::npos) { return at + feed; }
    }
    return std::string_view::npos;
}

// Past the line end at `end`: one byte, or two for \r\n.
std::size_t past_line_end(std::string_view text, std::size_t end) {
    return text.substr(end, 2) == "\r\n" ? end + 2 : end + 1;
}

}  // namespace

const std::vector<SseEvent>& SseFramer::feed(std::string_view bytes) {
    events_.clear();
    if (!joined_.empty()) { joined_.clear(); }
    buffer_.erase(0, consumed_);
    consumed_ = 0;
    if (buffer_.empty()) {
        const std::size_t used = find_events(bytes);
        buffer_.assign(bytes.substr(used));
    } else {
        buffer_.append(bytes);
        consumed_ = find_events(buffer_);
    }
    return events_;
}

// Appends the whole events in `bytes`, which starts at an event's start. Returns how many bytes they take.
std::size_t SseFramer::find_events(std::string_view bytes) {
    std::size_t event = 0;
    std::size_t line = line_;
    std::size_t scanned = scanned_;
    while (line < bytes.size()) {
        if (line_feed_due_) {
            line_feed_due_ = false;
            if (bytes[line] == '\n') {
                scanned = ++line;
                continue;
            }
        }
        const std::size_t end = find_line_end(bytes, scanned);
        scanned = end == std::string_view::npos ? bytes.size() : end;
        if (end == std::string_view::npos) { break; }
        const bool blank = end == line;
        const bool at_edge = bytes[end] == '\r' && end + 1 == bytes.size();
        // Whether a \n belongs to this line end is known only with the next byte, and no event waits for it.
        if (at_edge && !blank) { break; }
        scanned = line = past_line_end(bytes, end);
        if (!blank) { continue; }
        line_feed_due_ = at_edge;
        read_event(bytes.substr(event, line - event), events_.emplace_back());
        started_ = true;
        event = line;
    }
    line_ = line - event;
    scanned_ = scanned - event;
    return event;
}

void SseFramer::read_event(std::string_view raw, SseEvent& event) {
    event.raw = raw;
    event.comment_only = true;
    std::string_view rest = raw;
    if (!started_ && rest.starts_with(byte_order_mark)) { rest.remove_prefix(byte_order_mark.size()); }
    std::string* joined = nullptr;
    while (!rest.empty()) {
        const std::size_t end = std::min(find_line_end(rest, 0), rest.size());
        const std::string_view text = rest.substr(0, end);
        rest.remove_prefix(end == rest.size() ? end : past_line_end(rest, end));
        if (text.empty()) { continue; }
        const std::size_t colon = find_byte(text.substr(0, 8), ':');  // the longest name read here is "event"
        const std::string_view field = text.substr(0, colon);
        std::string_view value;
        if (colon != std::string_view::npos) { value = text.substr(colon + 1); }
        if (value.starts_with(' ')) { value.remove_prefix(1); }
        if (field == "event") {
            event.name = value;
        } else if (field == "data") {
            if (event.comment_only) {
                event.comment_only = false;
                event.data = value;
                continue;
            }
            if (joined == nullptr) { joined = &joined_.emplace_front(event.data); }
            joined->push_back('\n');
            joined->append(value);
            event.data = *joined;
        }
    }
}

bool SseFramer::finish(SseEvent& tail) {
    if (pending().empty()) { return false; }
    SseEvent event;
    read_event(pending(), event);
    if (event.comment_only) { return false; }
    tail = event;
    return true;
}

}  // namespace llmgw
