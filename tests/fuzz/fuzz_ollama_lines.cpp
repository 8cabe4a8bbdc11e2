// The framing of Ollama's streams (the first byte says how large the pieces are): any lines, cut at any places, become
// the same events as when fed whole, one for each line, and nothing in them ends an event.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/util/sse.hpp"
#include "providers/hosts.hpp"

using namespace llmgw;

namespace {

std::string framed(std::string_view lines, std::size_t piece_bytes, bool& whole) {
    const auto framing = ollama_host.framing(DialectId::ollama_chat, "application/x-ndjson");
    std::string sse;
    for (std::size_t at = 0; at < lines.size(); at += piece_bytes) {
        const std::string piece(lines.substr(at, piece_bytes));
        if (!framing->feed(piece, sse)) { std::abort(); }
    }
    whole = framing->finish(sse).has_value();
    return sse;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) { return 0; }
    const std::string_view lines(reinterpret_cast<const char*>(data) + 1, size - 1);
    bool whole = false;
    bool cut_whole = false;
    const auto sse = framed(lines, lines.size(), whole);
    if (framed(lines, 1 + data[0] % 16, cut_whole) != sse || whole != cut_whole) { std::abort(); }
    SseFramer framer;
    const auto& events = framer.feed(sse);
    if (events.size() > static_cast<std::size_t>(std::ranges::count(lines, '\n')) + 1) { std::abort(); }
    for (const auto& event : events) {
        if (event.comment_only || event.data.empty() || event.data.find('\n') != std::string_view::npos) {
            std::abort();
        }
    }
    if (!framer.pending().empty()) { std::abort(); }
    return 0;
}
