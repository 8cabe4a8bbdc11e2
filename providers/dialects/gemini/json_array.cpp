#include "providers/dialects/gemini/codec.hpp"

namespace llmgw::wire::gemini {

void JsonArrayFraming::add(std::string_view sse_events, std::string& out) {
    constexpr std::string_view head = "data: ";
    constexpr std::string_view tail = "\r\n\r\n";
    while (sse_events.starts_with(head)) {
        sse_events.remove_prefix(head.size());
        const auto end = sse_events.find(tail);
        out += opened_ ? ",\r\n" : "[";
        opened_ = true;
        out += sse_events.substr(0, end);
        sse_events.remove_prefix(end == std::string_view::npos ? sse_events.size() : end + tail.size());
    }
}

void JsonArrayFraming::finish(std::string& out) {
    out += opened_ ? "]" : "[]";
}

}  // namespace llmgw::wire::gemini
