#include "core/gateway/websocket_calls.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/dialect/codec.hpp"
#include "core/gateway/dispatch.hpp"
#include "core/net/drive_stream.hpp"
#include "core/util/id.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/json_writer.hpp"
#include "core/util/text.hpp"

namespace llmgw {
namespace {

// A client goes on from the last answer; when a call failed, from the one before.
constexpr std::size_t turns_kept_max = 4;
// Of an answer that was not streamed.
constexpr std::size_t gathered_bytes_max = 64ULL << 20;

// Those of the upgrade that are no call's.
bool is_handshake_header(const Header& header) {
    constexpr std::array<std::string_view, 5> names{"connection", "upgrade", "content-length", "content-type",
                                                    "accept"};
    const auto name = lower(header.first);
    return std::ranges::find(names, name) != names.end() || name.starts_with("sec-websocket-") ||
           (name == "openai-beta" && header.second.starts_with("responses_websockets="));
}

HttpRequest posted_by(HttpRequest upgrade) {
    upgrade.method = "POST";
    std::erase_if(upgrade.headers, is_handshake_header);
    upgrade.headers.emplace_back("Content-Type", "application/json");
    upgrade.headers.emplace_back("Accept", "text/event-stream");
    return upgrade;
}

// A body that is produced in one go, kept.
class Gathered final : public ClientStream {
public:
    explicit Gathered(int fd) : fd_(fd) {}
    bool write(std::string_view bytes) override {
        if (body.size() + bytes.size() > gathered_bytes_max) { return false; }
        body.append(bytes);
        return true;
    }
    bool flush() override { return true; }
    bool try_flush() override { return true; }
    int fd() const override { return fd_; }

    std::string body;

private:
    int fd_;
};

}  // namespace

// An event stream that becomes messages, one for the data of each event.
class WebSocketCalls::Frames final : public ClientStream {
public:
    Frames(WebSocket& socket, std::unique_ptr<TurnReader> reader) : socket_(socket), reader_(std::move(reader)) {}

    bool write(std::string_view bytes) override {
        bool there = true;
        for (const auto& event : framer_.feed(bytes)) {
            there = there && send(event);
        }
        return there;
    }
    bool flush() override { return socket_.flush(); }
    bool try_flush() override { return socket_.try_flush(); }
    int fd() const override { return socket_.watch().client_fd; }

    // The stream is over; its last event may lack its blank line.
    bool finish() {
        SseEvent tail;
        return (!framer_.finish(tail) || send(tail)) && flush();
    }
    std::optional<AnsweredTurn> turn() const { return reader_->turn(); }

private:
    bool send(const SseEvent& event) {
        if (event.comment_only || event.data == "[DONE]") { return true; }
        reader_->event(event);
        return socket_.send(event.data);
    }

    WebSocket& socket_;
    std::unique_ptr<TurnReader> reader_;
    SseFramer framer_;
};

WebSocketCalls::WebSocketCalls(HttpRequest upgrade, RequestHandler answer, const Dialect& dialect, const Clock& clock,
                               std::size_t body_bytes_max)
    : posted_(posted_by(std::move(upgrade))),
      answer_(std::move(answer)),
      dialect_(dialect),
      turns_(*dialect.codec()->turns()),
      clock_(clock),
      // The connection itself ends before anything gets too old.
      limits_{turns_kept_max, 2 * body_bytes_max, std::chrono::hours(24 * 365)},
      kept_(clock) {}

void WebSocketCalls::serve(WebSocket& socket) {
    while (const auto text = socket.receive()) {
        if (!take(socket, *text)) { return; }
    }
}

bool WebSocketCalls::take(WebSocket& socket, std::string_view text) {
    auto message = turns_.message(text);
    if (!message) { return send_error(socket, message.error()); }
    const auto& previous = message->request.previous_id;
    if (const auto items = previous.empty() ? nullptr : kept_.find("", previous, limits_)) {
        auto body = turns_.continued(message->body, *items);
        if (!body) { return send_error(socket, body.error()); }
        message->body = std::move(*body);
    } else if (!previous.empty() && !message->generate) {
        return send_error(socket,
                          Error{ErrorKind::unknown_turn, "Previous response with id '" + previous + "' not found."});
    }
    // Else an id that this connection does not know may be known to the provider, or to the gateway.
    auto items = turns_.items(message->body);
    if (!items) { return send_error(socket, items.error()); }
    if (message->generate) { return call(socket, std::move(*message), *items); }

    auto id = make_id(clock_);
    std::erase(id, '-');
    id.insert(0, "resp_");
    kept_.put("", id, std::move(*items), limits_);
    for (const auto& kept : turns_.kept_messages(message->body, id, clock_.now_ms() / 1000)) {
        if (!socket.send(kept)) { return false; }
    }
    return socket.flush();
}

bool WebSocketCalls::call(WebSocket& socket, TurnMessage message, const std::string& items) {
    // With an id in it still, what went before is elsewhere, and this connection cannot keep the whole.
    const bool whole = turns_.request(message.body).previous_id.empty();
    auto reply = answer_(
        posted_, [&]() -> Result<std::string> { return std::move(message.body); }, socket.watch());
    Frames frames(socket, turns_.reader());
    if (!send_reply(std::move(reply), socket, frames)) { return false; }
    if (const auto turn = frames.turn(); turn && whole) {
        if (auto all = turns_.followed(items, turn->output)) { kept_.put("", turn->id, std::move(*all), limits_); }
    }
    return true;
}

bool WebSocketCalls::send_reply(HttpReply reply, WebSocket& socket, Frames& frames) const {
    const bool events = find_header(reply.headers, "content-type").starts_with("text/event-stream");
    if (reply.stream && events) {
        // A stream that was cut has told its reason, or has no one left to tell.
        const bool over = drive_stream(*reply.stream, frames, socket.watch());
        return over && frames.finish();
    }
    if (reply.pump || reply.stream) {
        Gathered gathered(socket.watch().client_fd);
        const bool whole = reply.pump ? reply.pump(gathered) : drive_stream(*reply.stream, gathered, socket.watch());
        if (!whole) { return send_error(socket, Error{ErrorKind::upstream, "the provider's answer broke off"}); }
        reply.body = std::move(gathered.body);
    }
    if (reply.status >= 400) { return send_error(socket, reply); }
    if (events) {
        frames.write(reply.body);
    } else {
        send_whole(reply.body, frames);
    }
    return frames.finish();
}

// A provider that does not stream answered whole: said as the stream it was asked for.
void WebSocketCalls::send_whole(std::string_view body, Frames& frames) const {
    std::vector<AnswerEvent> events;
    const auto& codec = *dialect_.codec();
    if (!codec.decode_answer(body, events)) {
        const ApiError none{
            502, ErrorClass::server, "llmgw: the provider gave an answer that is none of its dialect", {}, {}};
        frames.write(dialect_.encode_stream_error(none, {}));
        return;
    }
    AnswerWishes wishes;
    wishes.now_s = clock_.now_ms() / 1000;
    Drops drops;
    const auto encoder = codec.answer_encoder(wishes, drops);
    std::string stream;
    for (const auto& event : events) {
        encoder->encode(event, stream);
    }
    frames.write(stream);
}

bool WebSocketCalls::send_error(WebSocket& socket, const Error& error) const {
    const auto told = to_api_error(error, {});
    HttpReply reply;
    reply.status = told.status;
    reply.body = dialect_.encode_error(told);
    return send_error(socket, reply);
}

// An HTTP error as a message: its status, its error object, and those headers that say when to come again and what to
// ask about.
bool WebSocketCalls::send_error(WebSocket& socket, const HttpReply& reply) const {
    auto body = reply.body;
    auto error = json_scan::member(body, "error");
    if (!error || !error->is_object()) {
        body = dialect_.encode_error(dialect_.decode_error(reply.status, reply.body));
        error = json_scan::member(body, "error");
    }
    JsonWriter json;
    json.begin_object().member("type", "error").member("status", reply.status).raw_member("error", error->text);
    json.key("headers").begin_object();
    for (const auto name : {"retry-after", "x-llmgw-call-id", "x-request-id"}) {
        json.member_if(name, find_header(reply.headers, name));
    }
    json.end_object().end_object();
    return socket.send(json.text()) && socket.flush();
}

bool offers_websocket(const Headers& headers) {
    return iequals(find_header(headers, "upgrade"), "websocket") &&
           lower(find_header(headers, "connection")).find("upgrade") != std::string::npos &&
           find_header(headers, "sec-websocket-version") == "13" &&
           find_header(headers, "sec-websocket-key").size() == 24;
}

}  // namespace llmgw
