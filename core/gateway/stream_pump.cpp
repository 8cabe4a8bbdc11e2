#include "core/gateway/stream_pump.hpp"

#include <optional>

#include "core/gateway/dispatch.hpp"
#include "core/gateway/settle.hpp"
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

class StreamPump {
public:
    StreamPump(Exchange& exchange, Answer& answer, ClientStream& client)
        : exchange_(exchange), answer_(answer), client_(client), tap_(exchange.dialect()) {}

    bool run() {
        // The head leaves now, whenever the first event comes.
        if (!client_.flush()) { return client_gone(); }
        const auto ping_every = std::chrono::seconds(exchange_.snapshot->config.timeouts.ping_s);
        for (;;) {
            auto chunk = next(ping_every);
            if (!chunk) { return broken(chunk.error()); }
            if (chunk->idle) {
                if (!ping()) { return client_gone(); }
                continue;
            }
            if (!chunk->bytes.empty() && !pass(chunk->bytes)) { return client_gone(); }
            if (chunk->end) { return ended(); }
        }
    }

private:
    // The next piece that wants this thread. The shared loop moves all others.
    Result<UpstreamResponse::Chunk> next(std::chrono::milliseconds ping_every) {
        auto& upstream = *answer_.upstream;
        const int fd = upstream.readable_fd();
        if (fd < 0) { return upstream.read(exchange_.watch, ping_every); }
        held_.reset();
        switch (exchange_.services.relay.relay(fd, exchange_.watch, std::min(ping_every, upstream.idle_left()),
                                               [this] { return turn(); })) {
            case RelayLoop::End::cancelled: return fail(ErrorKind::cancelled, "the client went away");
            case RelayLoop::End::aborted: return fail(ErrorKind::unavailable, "llmgw is shutting down");
            case RelayLoop::End::idle: return upstream.read(exchange_.watch, std::chrono::milliseconds(0));
            case RelayLoop::End::handed_back: break;
        }
        if (held_) { return std::move(*held_); }
        // The client takes its bytes slowly: wait for it here.
        if (!client_.flush()) { return fail(ErrorKind::cancelled, "the client went away"); }
        return UpstreamResponse::Chunk{};
    }

    // One readable moment, on the loop's thread. False: the rest is this stream's own thread's.
    bool turn() {
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
            if (!client_.write(out_) || !client_.try_flush()) { return false; }
            if (answer_.upstream->readable_fd() >= 0) { return true; }
            // A TLS connection may hold more than its socket tells of.
        }
        return false;
    }

    // Keeps what came for the stream's own thread: the views are good on this one only.
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
        auto& attempt = exchange_.attempts.back();
        if (!attempt.first_byte_ms) { attempt.first_byte_ms = exchange_.services.clock.now_ms() - attempt.started_ms; }
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
        if (!client_.write(out_)) { return false; }
        if (framer_.pending().size() > pending_bytes_max) { give_piece_ = true; }
        if (give_piece_) { return forward_pending(); }
        return client_.flush();
    }

    // What the client gets of these events, less what it has already.
    std::string_view gather(const std::vector<SseEvent>& events) {
        if (events.empty()) { return {}; }
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
        if (answer_.hide_usage) { return client_.flush(); }
        const auto pending = framer_.pending();
        const auto fresh = pending.substr(std::min(pieces_given_, pending.size()));
        pieces_given_ = pending.size();
        return write(fresh) && client_.flush();
    }

    bool write(std::string_view bytes) {
        exchange_.row.response_bytes += static_cast<std::int64_t>(bytes.size());
        return client_.write(bytes);
    }

    void note_first_token() {
        if (exchange_.row.first_token_ms || !tap_.facts().content_seen) { return; }
        exchange_.row.first_token_ms = (exchange_.services.clock.steady_us() - exchange_.started_us) / 1000;
    }

    bool ping() {
        // Between two events only; within one it would break it.
        if (!framer_.pending().empty() && pieces_given_ > 0) { return true; }
        const auto bytes = exchange_.dialect().ping(tap_.facts().events > 0);
        return bytes.empty() || (client_.write(bytes) && client_.flush());
    }

    void settle_done() {
        const auto& error = tap_.facts().error;
        if (error) {
            settle(exchange_, {Ending::failed, answer_.upstream->status(), error->error_class, error->message},
                   &tap_.facts());
        } else {
            settle(exchange_, {Ending::done, answer_.upstream->status(), ErrorClass::none, {}}, &tap_.facts());
        }
    }

    bool ended() {
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
        if (tap_.complete() || tap_.facts().error) {
            // Besides a whole event, the line feed that ends the last blank line may be left.
            const bool rest = whole_tail || framer_.pending().find_first_not_of("\r\n") == std::string_view::npos;
            auto bytes =
                whole_tail && answer_.hide_usage ? hide_usage(tail.raw, tail.data, storage_) : framer_.pending();
            if (!answer_.hide_usage) { bytes = bytes.substr(std::min(pieces_given_, bytes.size())); }
            exchange_.row.response_bytes += static_cast<std::int64_t>(rest ? bytes.size() : 0);
            settle_done();
            return !rest || client_.write(bytes);
        }
        return broken(
            {ErrorKind::upstream, exchange_.row.provider + " ended its stream before the answer was complete"});
    }

    bool broken(const Error& error) {
        if (error.kind == ErrorKind::cancelled) { return client_gone(); }
        if (exchange_.settled) { return true; }  // the answer was whole; only its connection was not
        const bool timeout = error.kind == ErrorKind::timeout;
        settle(exchange_,
               {Ending::truncated, answer_.upstream->status(), timeout ? ErrorClass::timeout : ErrorClass::truncated,
                error.message},
               &tap_.facts());
        const auto bytes =
            exchange_.dialect().encode_stream_error(to_api_error(error, exchange_.call_id()), tap_.state());
        // An event that was given in pieces cannot be taken back: end it, then say what happened.
        if (pieces_given_ > 0 && !write("\n\n")) { return false; }
        return write(bytes) && client_.flush();
    }

    bool client_gone() {
        settle(exchange_,
               {Ending::cancelled, answer_.upstream->status(), ErrorClass::cancelled, "the client went away"},
               &tap_.facts());
        return false;
    }

    Exchange& exchange_;
    Answer& answer_;
    ClientStream& client_;
    Tap tap_;
    SseFramer framer_;
    std::optional<Result<UpstreamResponse::Chunk>> held_;  // what the loop handed back
    std::string held_bytes_;                               // its bytes
    bool taken_ = false;                                   // ... and has read already, so that this is left:
    std::string held_out_;
    std::string_view out_;
    std::string edited_;   // events without the usage nobody asked for
    std::string storage_;  // one of them
    bool give_piece_ = false;
    std::size_t pieces_given_ = 0;  // bytes of the pending event the client has already
};

}  // namespace

bool pump_events(Exchange& exchange, Answer& answer, ClientStream& client) {
    return StreamPump(exchange, answer, client).run();
}

}  // namespace llmgw
