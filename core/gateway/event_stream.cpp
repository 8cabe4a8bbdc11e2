#include "core/gateway/event_stream.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/gateway/dispatch.hpp"
#include "core/gateway/settle.hpp"
#include "core/gateway/stream_translator.hpp"
#include "core/gateway/usage_request.hpp"
#include "core/usage/tap.hpp"
#include "core/util/json_scan.hpp"

namespace llmgw {
namespace {

// A single event larger than this is passed on in pieces rather than kept.
constexpr std::size_t pending_bytes_max = 8ULL << 20;
// More than this at once is written by the stream's own thread, which may wait for the client.
constexpr std::size_t quick_bytes_max = 32 * 1024;
// So that one fast stream does not keep the loop to itself.
constexpr int reads_a_turn_max = 16;
constexpr std::chrono::milliseconds end_wait{20};
// A translated event cannot be passed on in pieces.
constexpr std::size_t translated_event_bytes_max = 64ULL << 20;

class EventStream final : public ReplyStream {
public:
    EventStream(std::shared_ptr<Exchange> exchange, Answer answer)
        : shared_(std::move(exchange)),
          exchange_(*shared_),
          answer_(std::move(answer)),
          tap_(exchange_.upstream_dialect()),
          ping_every_(std::chrono::seconds(exchange_.snapshot->config.timeouts.ping_s)) {
        if (exchange_.translation) { translator_.emplace(exchange_); }
    }

    Progress advance(ClientStream& client, Wake wake) override {
        client_ = &client;
        auto& upstream = *answer_.upstream;
        switch (wake) {
            // The head leaves now, whenever the first event comes.
            case Wake::begun:
                if (!client_->flush()) { return client_gone(); }
                break;
            case Wake::cancelled: return client_gone();
            case Wake::aborted: return broken({ErrorKind::unavailable, "llmgw is shutting down"});
            case Wake::idle:
                if (const auto end = take_chunk(read_in_time(exchange_, upstream, std::chrono::milliseconds(0)))) {
                    return *end;
                }
                break;
            case Wake::handed_back:
                if (held_) {
                    auto chunk = std::move(*held_);
                    held_.reset();
                    if (const auto end = take_chunk(std::move(chunk))) { return *end; }
                } else if (!client_->flush()) {  // it takes its bytes slowly: wait for it here
                    return client_gone();
                }
                break;
        }
        for (;;) {
            // After the last event little is left to come, and that soon: not worth another parking.
            const bool nearly_over = tap_.facts().terminal_seen && !std::exchange(waited_for_end_, true);
            if (!nearly_over && upstream.readable_fd() >= 0 && !exchange_.out_of_time()) { return Progress::parked; }
            const auto limit = nearly_over ? std::min(end_wait, ping_every_) : ping_every_;
            if (const auto end = take_chunk(read_in_time(exchange_, upstream, limit))) { return *end; }
        }
    }

    int fd() const override { return answer_.upstream->readable_fd(); }
    std::chrono::milliseconds idle() const override {
        const auto silence = std::min(ping_every_, answer_.upstream->idle_left());
        return std::max(std::min(silence, exchange_.time_left().value_or(silence)), std::chrono::milliseconds(0));
    }

    // One readable moment, on the loop's thread. False: the rest wants a thread that may wait.
    bool turn(ClientStream& client) override {
        client_ = &client;
        if (exchange_.out_of_time()) { return false; }
        for (int i = 0; i < reads_a_turn_max; ++i) {
            auto chunk = answer_.upstream->read_ready();
            if (chunk && chunk->idle) { return answer_.upstream->readable_fd() >= 0; }
            if (!chunk || chunk->end || chunk->bytes.size() > quick_bytes_max) { return hand_back(std::move(chunk)); }
            take(chunk->bytes);
            if (tap_.facts().terminal_seen || out_.size() > quick_bytes_max ||
                framer_.pending().size() > pending_bytes_max) {
                taken_ = true;
                return hand_back(std::move(chunk));
            }
            if (!client_->write(out_) || !client_->try_flush()) { return false; }
            if (answer_.upstream->readable_fd() >= 0) { return true; }
            // A TLS connection may hold more than its socket tells of.
        }
        return false;
    }

private:
    // What came, or did not. Nothing: go on.
    std::optional<Progress> take_chunk(Result<UpstreamResponse::Chunk> chunk) {
        if (!chunk) { return broken(chunk.error()); }
        if (chunk->idle) {
            if (!ping()) { return client_gone(); }
            return std::nullopt;
        }
        if (!chunk->bytes.empty() && !pass(chunk->bytes)) { return client_gone(); }
        if (translator_ && framer_.pending().size() > translated_event_bytes_max) {
            return broken({ErrorKind::upstream, exchange_.row.provider + " sent an event of more than 64 MiB"});
        }
        if (chunk->end) { return ended(); }
        return std::nullopt;
    }

    // Keeps what came for another thread: the views are good on this one only.
    bool hand_back(Result<UpstreamResponse::Chunk> chunk) {
        if (taken_) {
            held_out_ = out_;
            out_ = held_out_;
        } else if (chunk) {
            held_bytes_ = chunk->bytes;
            chunk->bytes = held_bytes_;
        }
        held_ = std::move(chunk);
        return false;
    }

    // Reads the events in what came; out_ is what the client gets of it.
    void take(std::string_view bytes) {
        exchange_.note_first_byte();
        const auto& events = framer_.feed(bytes);
        for (const auto& event : events) {
            tap_.event(event);
        }
        note_first_token();
        out_ = gather(events);
        exchange_.row.response_bytes += static_cast<std::int64_t>(out_.size());
    }

    bool pass(std::string_view bytes) {
        if (!taken_) { take(bytes); }
        taken_ = false;
        // The row is safe before the client can see the end.
        if (tap_.facts().terminal_seen) { settle_done(); }
        if (!client_->write(out_)) { return false; }
        if (!translator_ && framer_.pending().size() > pending_bytes_max) { give_piece_ = true; }
        if (give_piece_) { return forward_pending(); }
        return client_->flush();
    }

    // What the client gets of these events, less what it has already.
    std::string_view gather(const std::vector<SseEvent>& events) {
        if (events.empty()) { return {}; }
        if (translator_) { return translator_->events(events); }
        const std::size_t already = pieces_given_;
        pieces_given_ = 0;
        give_piece_ = false;
        if (answer_.hide_usage) {
            edited_.clear();
            for (const auto& event : events) {
                edited_ += hide_usage(event.raw, event.data, storage_);
            }
            return edited_;
        }
        // Events of one feed stand next to each other.
        const char* begin = events.front().raw.data();
        const char* end = events.back().raw.data() + events.back().raw.size();
        return std::string_view(begin, static_cast<std::size_t>(end - begin)).substr(already);
    }

    bool forward_pending() {
        if (answer_.hide_usage) { return client_->flush(); }
        const auto pending = framer_.pending();
        const auto fresh = pending.substr(std::min(pieces_given_, pending.size()));
        pieces_given_ = pending.size();
        return write(fresh) && client_->flush();
    }

    bool write(std::string_view bytes) {
        exchange_.row.response_bytes += static_cast<std::int64_t>(bytes.size());
        return client_->write(bytes);
    }

    void note_first_token() {
        if (exchange_.row.first_token_ms || !tap_.facts().content_seen) { return; }
        exchange_.row.first_token_ms = (exchange_.services.clock.steady_us() - exchange_.started_us) / 1000;
    }

    bool ping() {
        if (tap_.facts().terminal_seen) { return true; }
        // Between two events only; within one it would break it.
        if (!framer_.pending().empty() && pieces_given_ > 0) { return true; }
        const auto bytes = translator_ ? translator_->ping() : exchange_.dialect().ping(tap_.facts().events > 0);
        return bytes.empty() || (client_->write(bytes) && client_->flush());
    }

    void settle_done() {
        if (translator_) { log_lost(exchange_); }
        const auto& error = tap_.facts().error;
        if (error) {
            settle(exchange_, {Ending::failed, answer_.upstream->status(), error->error_class, error->message},
                   &tap_.facts());
        } else {
            settle(exchange_, {Ending::done, answer_.upstream->status(), ErrorClass::none, {}}, &tap_.facts());
        }
    }

    Progress ended() {
        SseEvent tail;
        const bool has_tail = framer_.finish(tail);
        // Several upstreams end without the last blank line; half an event is another matter.
        const bool whole_tail = has_tail && (tail.data == "[DONE]" ||
                                             json_scan::each_member(tail.data, [](auto, const auto&) { return true; }));
        if (whole_tail) {
            tap_.event(tail);
            note_first_token();
        }
        tap_.stream_end();
        if (translator_) { return ended_translated(whole_tail ? &tail : nullptr); }
        if (tap_.complete() || tap_.facts().error) {
            // Besides a whole event, the line feed that ends the last blank line may be left.
            const bool rest = whole_tail || framer_.pending().find_first_not_of("\r\n") == std::string_view::npos;
            auto bytes =
                whole_tail && answer_.hide_usage ? hide_usage(tail.raw, tail.data, storage_) : framer_.pending();
            if (!answer_.hide_usage) { bytes = bytes.substr(std::min(pieces_given_, bytes.size())); }
            exchange_.row.response_bytes += static_cast<std::int64_t>(rest ? bytes.size() : 0);
            settle_done();
            return !rest || client_->write(bytes) ? Progress::whole : Progress::cut;
        }
        return broken(
            {ErrorKind::upstream, exchange_.row.provider + " ended its stream before the answer was complete"});
    }

    // The last event may have come without its blank line, and some dialects' end is the connection's.
    Progress ended_translated(const SseEvent* tail) {
        const std::string last(tail != nullptr ? translator_->event(*tail) : std::string_view());
        if (!tap_.complete() && !tap_.facts().error) {
            if (!client_->write(last)) { return client_gone(); }
            return broken(
                {ErrorKind::upstream, exchange_.row.provider + " ended its stream before the answer was complete"});
        }
        std::string end(translator_->end());
        // What the log takes for the end may be too little for an answer.
        if (!translator_->over()) {
            if (!client_->write(last) || !client_->write(end)) { return client_gone(); }
            return broken({ErrorKind::upstream, exchange_.row.provider + " ended its answer before it was complete"});
        }
        settle_done();
        return client_->write(last) && client_->write(end) && client_->flush() ? Progress::whole : Progress::cut;
    }

    Progress broken(const Error& error) {
        if (error.kind == ErrorKind::cancelled) { return client_gone(); }
        if (exchange_.settled) { return Progress::whole; }  // the answer was whole; only its connection was not
        settle(exchange_, {Ending::truncated, answer_.upstream->status(), class_of_break(error), error.message},
               &tap_.facts());
        const auto told = to_api_error(error, exchange_.call_id());
        if (translator_) {
            return client_->write(translator_->fail(told)) && client_->flush() ? Progress::whole : Progress::cut;
        }
        const auto bytes = exchange_.dialect().encode_stream_error(told, tap_.state());
        // An event that was given in pieces cannot be taken back: end it, then say what happened.
        if (pieces_given_ > 0 && !write("\n\n")) { return Progress::cut; }
        return write(bytes) && client_->flush() ? Progress::whole : Progress::cut;
    }

    Progress client_gone() {
        settle(exchange_,
               {Ending::cancelled, answer_.upstream->status(), ErrorClass::cancelled, "the client went away"},
               &tap_.facts());
        return Progress::cut;
    }

    std::shared_ptr<Exchange> shared_;
    Exchange& exchange_;
    Answer answer_;
    ClientStream* client_ = nullptr;  // of the call that runs
    Tap tap_;
    std::optional<StreamTranslator> translator_;  // when the client speaks another dialect
    std::chrono::milliseconds ping_every_;
    SseFramer framer_;
    std::optional<Result<UpstreamResponse::Chunk>> held_;  // what the loop handed back
    std::string held_bytes_;                               // its bytes
    bool taken_ = false;                                   // ... and has read already, so that this is left:
    std::string held_out_;
    std::string_view out_;
    std::string edited_;   // events without the usage nobody asked for
    std::string storage_;  // one of them
    bool waited_for_end_ = false;
    bool give_piece_ = false;
    std::size_t pieces_given_ = 0;  // bytes of the pending event the client has already
};

}  // namespace

std::unique_ptr<ReplyStream> event_stream(std::shared_ptr<Exchange> exchange, Answer answer) {
    return std::make_unique<EventStream>(std::move(exchange), std::move(answer));
}

}  // namespace llmgw
