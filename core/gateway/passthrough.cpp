#include "core/gateway/passthrough.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "core/gateway/dispatch.hpp"
#include "core/gateway/event_stream.hpp"
#include "core/gateway/host_request.hpp"
#include "core/gateway/settle.hpp"
#include "core/gateway/translation.hpp"
#include "core/telemetry/redact.hpp"
#include "core/usage/tap.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

// Up to here an answer of known length is read whole and sent in one piece with its head.
constexpr std::uint64_t whole_bytes_max = 256 * 1024;
// Errors are read whole whatever their length, up to here.
constexpr std::size_t read_whole_bytes_max = 16 << 20;
// What the tap keeps of an answer that is passed on as it comes; usage stands near the end, so a longer
// answer's tail is what matters, but no JSON answer of a model is this long.
constexpr std::size_t tap_bytes_max = 64ULL << 20;

std::optional<std::uint64_t> declared_length(const UpstreamResponse& upstream) {
    const auto text = find_header(upstream.headers(), "content-length");
    // A decoded answer has another length than the one declared.
    if (text.empty() || !find_header(upstream.headers(), "content-encoding").empty()) { return std::nullopt; }
    return std::strtoull(std::string(text).c_str(), nullptr, 10);
}

Outcome outcome_of(const Exchange& exchange, int status, const Headers& headers, std::string_view body, Tap& tap) {
    if (status >= 400) {
        const auto error = upstream_error(exchange, status, headers, body);
        return {Ending::failed, status, error.error_class, error.message};
    }
    if (exchange.endpoint.billable()) { tap.whole(body); }
    if (const auto& error = tap.facts().error) { return {Ending::failed, status, error->error_class, error->message}; }
    return {Ending::done, status, ErrorClass::none, {}};
}

Outcome broken(const Error& error) {
    const auto ending = error.kind == ErrorKind::cancelled ? Ending::cancelled : Ending::truncated;
    return {ending, 0, class_of_break(error), error.message};
}

HttpReply read_whole(const std::shared_ptr<Exchange>& exchange, Answer answer) {
    auto body = read_body(*exchange, answer, read_whole_bytes_max);
    if (!body) { return std::move(body.error()); }
    Tap tap(exchange->upstream_dialect());
    const auto& upstream = *answer.upstream;
    auto outcome = outcome_of(*exchange, upstream.status(), upstream.headers(), *body, tap);
    const int status = outcome.http_status = answer.status;
    if (status >= 400) {
        if (const auto foreign = foreign_error(*exchange, upstream.status(), upstream.headers(), *body)) {
            *body = exchange->dialect().encode_error(*foreign);
        }
    }
    // The one exception to byte for byte: a provider that echoes its key does not get it to the client.
    if (status >= 400) { scrub_known_secrets(*body); }
    exchange->row.response_bytes = static_cast<std::int64_t>(body->size());
    settle(*exchange, outcome, &tap.facts());
    HttpReply reply;
    reply.status = status;
    reply.headers = std::move(answer.headers);
    reply.body = std::move(*body);
    return reply;
}

// Of the upstream's headers, those that mean the same to a client of another dialect.
Headers headers_for_any(DialectId client, Headers headers) {
    constexpr std::array<std::string_view, 7> kept{"request-id",  "x-request-id",   "cf-ray",        "date",
                                                   "retry-after", "retry-after-ms", "x-should-retry"};
    name_request_id(client, headers);
    std::erase_if(headers, [&](const Header& header) {
        const auto name = lower(header.first);
        return !name.starts_with("x-llmgw-") && std::ranges::find(kept, name) == kept.end();
    });
    return headers;
}

void set_stream_headers(Headers& headers) {
    std::erase_if(headers, [](const Header& h) { return iequals(h.first, "cache-control"); });
    // Whatever stands in front of us (a tunnel, nginx) must not gather the events.
    headers.emplace_back("Cache-Control", "no-cache");
    headers.emplace_back("X-Accel-Buffering", "no");
}

HttpReply translate_whole(const std::shared_ptr<Exchange>& exchange, Answer answer, bool is_event_stream) {
    auto body = read_body(*exchange, answer, tap_bytes_max);
    if (!body) { return std::move(body.error()); }
    const int status = answer.upstream->status();
    Tap tap(exchange->upstream_dialect());
    std::optional<ApiError> error;
    TranslatedAnswer translated;
    if (status >= 400) {
        scrub_known_secrets(*body);
        error = translated_error(*exchange, status, *body, answer.upstream->headers());
    } else {
        if (is_event_stream) {
            tap.whole_stream(*body);
        } else {
            tap.whole(*body);
        }
        auto result = translated_answer(*exchange, *body, is_event_stream);
        result ? void(translated = std::move(*result)) : void(error = std::move(result.error()));
    }
    // Codex gives up on a 429 that says no time.
    if (error && error->error_class == ErrorClass::rate_limit && !error->retry_after_s &&
        find_header(answer.headers, "retry-after").empty()) {
        error->retry_after_s = 1;
    }
    auto reply = error ? error_reply(*exchange, *error) : HttpReply{};
    for (auto& header : headers_for_any(exchange->endpoint.dialect, std::move(answer.headers))) {
        if (find_header(reply.headers, header.first).empty()) { reply.headers.push_back(std::move(header)); }
    }
    log_lost(*exchange);
    set_dropped(*exchange->translation, reply.headers);
    if (error) {
        // The class has the client's status; what the provider itself said is kept beside it.
        if (error->status != status && status >= 400 && find_header(reply.headers, "x-llmgw-upstream-status").empty()) {
            reply.headers.emplace_back("x-llmgw-upstream-status", std::to_string(status));
        }
        settle(*exchange, {Ending::failed, error->status, error->error_class, error->message}, &tap.facts());
        return reply;
    }
    exchange->row.response_bytes = static_cast<std::int64_t>(translated.body.size());
    settle(*exchange, {Ending::done, status, ErrorClass::none, {}}, &tap.facts());
    if (exchange->translation->request.stream) { set_stream_headers(reply.headers); }
    reply.headers.emplace_back("Content-Type", std::move(translated.content_type));
    reply.body = std::move(translated.body);
    return reply;
}

// A body of unknown or great length: passed on as it comes. The last piece is held back until the row is safe.
bool pump_plain(Exchange& exchange, Answer& answer, ClientStream& client) {
    std::string copy;
    Tap tap(exchange.upstream_dialect());
    const int status = answer.upstream->status();
    for (;;) {
        auto chunk = read_in_time(exchange, *answer.upstream, std::chrono::hours(1));
        if (!chunk) {
            settle(exchange, broken(chunk.error()), nullptr);
            return false;  // the client sees a cut connection, not a short answer
        }
        exchange.note_first_byte();
        exchange.row.response_bytes += static_cast<std::int64_t>(chunk->bytes.size());
        if (copy.size() < tap_bytes_max) { copy.append(chunk->bytes.substr(0, tap_bytes_max - copy.size())); }
        if (chunk->end) {
            settle(exchange, outcome_of(exchange, status, answer.upstream->headers(), copy, tap), &tap.facts());
        }
        if (!client.write(chunk->bytes) || !client.flush()) {
            settle(exchange, {Ending::cancelled, status, ErrorClass::cancelled, "the client went away"}, nullptr);
            return false;
        }
        if (chunk->end) { return true; }
    }
}

bool has_no_body(const Exchange& exchange, int status) {
    return exchange.request.method == "HEAD" || status == 204 || status == 304;
}

}  // namespace

Result<UpstreamResponse::Chunk> read_in_time(const Exchange& exchange, UpstreamResponse& upstream,
                                             std::chrono::milliseconds wait) {
    const auto left = exchange.time_left();
    if (!left) { return upstream.read(exchange.watch, wait); }
    if (*left <= std::chrono::milliseconds(0)) {
        return fail(ErrorKind::timeout, "the call took longer than " +
                                            std::to_string(exchange.snapshot->config.timeouts.total_s) +
                                            " s ([timeouts] total_s)");
    }
    return upstream.read(exchange.watch, std::min(wait, *left));
}

std::expected<std::string, HttpReply> read_body(Exchange& exchange, Answer& answer, std::size_t bytes_max) {
    std::string body;
    for (;;) {
        auto chunk = read_in_time(exchange, *answer.upstream, std::chrono::hours(1));
        if (chunk && body.size() + chunk->bytes.size() > bytes_max) {
            chunk = fail(ErrorKind::upstream,
                         exchange.row.provider + " sent more than " + std::to_string(bytes_max >> 20) + " MiB at once");
        }
        if (!chunk) {
            auto outcome = broken(chunk.error());
            const auto error = to_api_error(chunk.error(), exchange.call_id());
            outcome.http_status = outcome.ending == Ending::cancelled ? 0 : error.status;
            // Nothing of it went to the client, who is told that llmgw stops.
            if (chunk.error().kind == ErrorKind::unavailable) { outcome.ending = Ending::cancelled; }
            settle(exchange, outcome, nullptr);
            return std::unexpected(error_reply(exchange, error));
        }
        exchange.note_first_byte();
        body.append(chunk->bytes);
        if (chunk->end) { return body; }
    }
}

HttpReply pass_through(const std::shared_ptr<Exchange>& exchange, Answer answer) {
    const int status = answer.upstream->status();
    const auto content_type = find_header(answer.upstream->headers(), "content-type");
    const bool events = status < 300 && content_type.starts_with("text/event-stream");
    if (exchange->translation && !(events && exchange->row.stream)) {
        return translate_whole(exchange, std::move(answer), events);
    }
    const auto length = declared_length(*answer.upstream);
    if (!events && (has_no_body(*exchange, status) || (length && *length <= whole_bytes_max) || status >= 400)) {
        return read_whole(exchange, std::move(answer));
    }

    HttpReply reply;
    reply.status = status;
    reply.headers = std::move(answer.headers);
    if (exchange->translation) {
        reply.headers = headers_for_any(exchange->endpoint.dialect, std::move(reply.headers));
        reply.headers.emplace_back("Content-Type", stream_content_type(*exchange->translation));
    }
    if (events) {
        set_stream_headers(reply.headers);
    } else {
        reply.content_length = length;
    }
    // Committed: the request is not sent again, and a long stream need not hold a long prompt.
    if (answer.upstream->request_sent()) {
        exchange->body = std::string();
        answer.keep.reset();
    }
    if (events) {
        reply.stream = event_stream(exchange, std::move(answer));
    } else {
        auto held = std::make_shared<Answer>(std::move(answer));
        reply.pump = [exchange, held](ClientStream& client) { return pump_plain(*exchange, *held, client); };
    }
    return reply;
}

}  // namespace llmgw
