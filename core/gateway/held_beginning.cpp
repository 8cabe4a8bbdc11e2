#include "core/gateway/held_beginning.hpp"

#include <algorithm>
#include <utility>

#include "core/gateway/held_response.hpp"
#include "core/gateway/passthrough.hpp"
#include "core/util/sse.hpp"

namespace llmgw {
namespace {

using std::chrono::milliseconds;

// An error's body is small and comes with its head.
constexpr std::size_t error_bytes_max = 1 << 20;
constexpr milliseconds error_time_max{5000};

class Holding {
public:
    Holding(Exchange& exchange, std::unique_ptr<UpstreamResponse>& upstream)
        : exchange_(exchange), upstream_(upstream), tap_(exchange.upstream_dialect()) {}

    Beginning stream(milliseconds silence_max) {
        const auto& config = exchange_.snapshot->config;
        // Not for longer than the client would be left without a word.
        const milliseconds hold_max = std::chrono::seconds(std::min(config.retries.hold_s, config.timeouts.ping_s));
        const auto bytes_max = static_cast<std::size_t>(config.retries.hold_kb) << 10;
        SseFramer framer;
        while (held_.size() <= bytes_max) {
            auto chunk = read(held_.empty() ? silence_max : hold_max - since_first_byte());
            if (!chunk) { return broken(std::move(chunk.error())); }
            if (chunk->idle) {
                if (!held_.empty()) { break; }
                return broken({ErrorKind::timeout, exchange_.row.provider + " began an answer and sent nothing of it"});
            }
            for (const auto& event : framer.feed(chunk->bytes)) {
                tap_.event(event);
            }
            const auto& facts = tap_.facts();
            if (chunk->end && !facts.content_seen) {
                SseEvent tail;
                if (framer.finish(tail)) { tap_.event(tail); }
                tap_.stream_end();
            }
            if (facts.content_seen) { break; }
            if (facts.error) { return told(*facts.error); }
            if (facts.terminal_seen) { break; }
            if (chunk->end) {
                return broken(
                    {ErrorKind::upstream, exchange_.row.provider + " ended its stream before it said anything"});
            }
        }
        return passed();
    }

    Beginning whole() {
        const auto bytes_max = static_cast<std::size_t>(exchange_.snapshot->config.retries.hold_kb) << 10;
        while (held_.size() <= bytes_max && !end_) {
            auto chunk = read(std::chrono::hours(1));
            if (!chunk) { return broken(std::move(chunk.error())); }
        }
        if (!end_) { return passed(); }
        tap_.whole(held_);
        if (const auto& error = tap_.facts().error) { return told(*error); }
        return passed();
    }

    std::string error_body() {
        const auto started_us = exchange_.services.clock.steady_us();
        while (held_.size() <= error_bytes_max && !end_) {
            const auto spent = milliseconds((exchange_.services.clock.steady_us() - started_us) / 1000);
            if (spent >= error_time_max) { break; }
            const auto chunk = read(error_time_max - spent);
            if (!chunk || chunk->idle) { break; }
        }
        auto body = held_;
        passed();
        return body;
    }

private:
    milliseconds since_first_byte() const {
        const auto& attempt = exchange_.attempts.back();
        return milliseconds(exchange_.services.clock.now_ms() - attempt.started_ms - attempt.first_byte_ms.value_or(0));
    }

    Result<UpstreamResponse::Chunk> read(milliseconds silence_max) {
        auto chunk = read_in_time(exchange_, *upstream_, std::max(silence_max, milliseconds(0)));
        if (!chunk || chunk->idle) { return chunk; }
        if (!chunk->bytes.empty()) { exchange_.note_first_byte(); }
        held_ += chunk->bytes;
        end_ = chunk->end;
        return chunk;
    }

    Beginning passed() {
        upstream_ = std::make_unique<HeldResponse>(std::move(upstream_), std::move(held_), end_);
        return {std::nullopt, std::nullopt, tap_.facts()};
    }
    Beginning told(ApiError error) {
        auto beginning = passed();
        beginning.told = std::move(error);
        return beginning;
    }
    Beginning broken(Error error) { return {std::move(error), std::nullopt, tap_.facts()}; }

    Exchange& exchange_;
    std::unique_ptr<UpstreamResponse>& upstream_;
    Tap tap_;
    std::string held_;
    bool end_ = false;
};

}  // namespace

Beginning hold_beginning(Exchange& exchange, std::unique_ptr<UpstreamResponse>& upstream,
                         std::optional<milliseconds> silence_max) {
    const auto type = find_header(upstream->headers(), "content-type");
    Holding holding(exchange, upstream);
    if (type.starts_with("text/event-stream")) {
        return holding.stream(
            silence_max.value_or(std::chrono::seconds(exchange.snapshot->config.timeouts.first_byte_s)));
    }
    // A stream in another shape (Gemini's array) is passed on as it comes.
    if (exchange.row.stream && !exchange.translation) { return {}; }
    return holding.whole();
}

std::string read_error_body(Exchange& exchange, std::unique_ptr<UpstreamResponse>& upstream) {
    return Holding(exchange, upstream).error_body();
}

}  // namespace llmgw
