#include "core/usage/tap.hpp"

namespace llmgw {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};

void take_if_said(std::string& into, const std::string& from) {
    if (!from.empty()) { into = from; }
}

}  // namespace

void Tap::event(const SseEvent& sse) {
    if (!decoder_) { decoder_ = dialect_.stream_decoder(); }
    if (!sse.comment_only) { ++facts_.events; }
    events_.clear();
    decoder_->decode(sse, events_);
    take(events_);
}

void Tap::stream_end() {
    if (!decoder_) { return; }
    events_.clear();
    decoder_->finish(events_);
    take(events_);
}

void Tap::whole_stream(std::string_view body) {
    SseFramer framer;
    for (const auto& sse : framer.feed(body)) {
        event(sse);
    }
    if (SseEvent tail; framer.finish(tail)) { event(tail); }
    stream_end();
}

void Tap::whole(std::string_view body) {
    auto decoded = dialect_.decode_response(body);
    facts_.model = std::move(decoded.model);
    facts_.finish_reason = std::move(decoded.finish_reason);
    facts_.usage = std::move(decoded.usage);
    facts_.content_bytes = decoded.content_bytes;
    facts_.error = std::move(decoded.error);
    facts_.content_seen = facts_.content_bytes > 0;
    facts_.terminal_seen = true;
}

void Tap::take(const std::vector<Event>& events) {
    for (const auto& one : events) {
        std::visit(Overloaded{
                       [&](const event::Started& e) { take_if_said(facts_.model, e.model); },
                       [&](const event::Content& e) {
                           facts_.content_bytes += e.bytes;
                           facts_.content_seen = true;
                       },
                       [&](const event::UsageSeen& e) { facts_.usage = e.usage; },
                       [&](const event::Finished& e) { take_if_said(facts_.finish_reason, e.reason); },
                       [&](const event::Failed& e) { facts_.error = e.error; },
                       [&](const event::Terminal&) { facts_.terminal_seen = true; },
                   },
                   one);
    }
}

}  // namespace llmgw
