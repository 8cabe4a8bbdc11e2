// A dialect's calls over a WebSocket: each message is a call of its own, with its policies and its row, as if it had
// been posted; each event of its answer is a message. What a call goes on from is kept for as long as the connection
// lives, also with store false.
#pragma once

#include <string>
#include <vector>

#include "core/dialect/dialect.hpp"
#include "core/gateway/turn_store.hpp"
#include "core/net/server.hpp"
#include "core/net/websocket.hpp"

namespace llmgw {

class WebSocketCalls {
public:
    // `upgrade`: the request that asked for the WebSocket; its headers are every call's. `answer` answers a posted
    // request. The dialect has turns().
    WebSocketCalls(HttpRequest upgrade, RequestHandler answer, const Dialect& dialect, const Clock& clock,
                   std::size_t body_bytes_max);

    // Until the client closes or nothing more is to come.
    void serve(WebSocket& socket);

private:
    class Frames;

    // False when the client is gone.
    bool take(WebSocket& socket, std::string_view text);
    bool call(WebSocket& socket, TurnMessage message, const std::string& items);
    bool send_reply(HttpReply reply, WebSocket& socket, Frames& frames) const;
    bool send_error(WebSocket& socket, const HttpReply& reply) const;
    bool send_error(WebSocket& socket, const Error& error) const;
    void send_whole(std::string_view body, Frames& frames) const;

    HttpRequest posted_;
    RequestHandler answer_;
    const Dialect& dialect_;
    const Turns& turns_;
    const Clock& clock_;
    TurnLimits limits_;
    TurnStore kept_;
};

// The headers of a well-formed offer of a WebSocket.
bool offers_websocket(const Headers& headers);

}  // namespace llmgw
