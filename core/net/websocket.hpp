// A WebSocket (RFC 6455) as the gateway sees it: text comes, text goes. Framing: websocket_frame.hpp; the socket under
// it: websocket_connection.hpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/net/transport.hpp"

namespace llmgw {

class WebSocket {
public:
    virtual ~WebSocket() = default;
    // Waits for the next text message. Nothing: the client closed, was silent for too long, or the server is stopping;
    // nothing more will come.
    virtual std::optional<std::string> receive() = 0;
    // Gathers one text message. False when the client is gone.
    virtual bool send(std::string_view text) = 0;
    virtual bool flush() = 0;
    // Sends what the socket takes now; false when some is left, or the client is gone.
    virtual bool try_flush() = 0;
    // Tells a call made for this client when the client closes, also by a frame, and when the server must stop. Good as
    // long as the WebSocket.
    virtual Watch watch() const = 0;
};

}  // namespace llmgw
