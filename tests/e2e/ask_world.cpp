#include "tests/e2e/ask_world.hpp"

namespace llmgw::testing {
namespace {

using nlohmann::json;

std::string delta(const std::string& text) {
    // Pieces may end within a character, as a model's tokens do not: error_handler_t::replace is not wanted here.
    const json event{
        {"type", "content_block_delta"}, {"index", 0}, {"delta", {{"type", "text_delta"}, {"text", text}}}};
    return "event: content_block_delta\ndata: " + event.dump() + "\n\n";
}

}  // namespace

std::vector<std::string> message_events(const std::string& text, std::size_t size) {
    const auto& plain = canned::wire(DialectId::anthropic).events;
    std::vector<std::string> events{plain[0], plain[1]};
    for (std::size_t at = 0; at < text.size();) {
        auto end = std::min(at + size, text.size());
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
            ++end;
        }
        events.push_back(delta(text.substr(at, end - at)));
        at = end;
    }
    events.insert(events.end(), plain.end() - 3, plain.end());
    return events;
}

void AskWorld::answer_with(const std::string& text, std::size_t size) {
    world.upstream.handle(
        [events = message_events(text, size)](const RecordedRequest&, UpstreamConnection& connection) {
            connection.start_sse();
            for (const auto& event : events) {
                if (!connection.chunk(event)) { return; }
            }
            connection.finish();
        });
}

}  // namespace llmgw::testing
