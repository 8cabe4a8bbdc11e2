// A WebSocket client with exact control of its frames.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/support/raw_client.hpp"

namespace llmgw::testing {

// The headers of an upgrade, as Codex sends them.
Headers upgrade_headers();

struct WebSocketFrame {
    int opcode = 0;
    bool final = true;
    std::string payload;
};

class WebSocketClient {
public:
    explicit WebSocketClient(int port) : port_(port), socket_(connect_loopback(port)) {}

    // Sends the request and reads the answer's head; `status` 101 is a WebSocket. A refusal's body is read too.
    Response open(const Request& request, Millis timeout = patience);

    // One masked frame.
    bool send_frame(int opcode, std::string_view payload, bool final = true);
    bool send_text(std::string_view text) { return send_frame(1, text); }
    bool send_raw(std::string_view bytes) { return send_all(socket_.fd(), bytes); }

    // The next frame; nothing when the connection ended or time ran out.
    std::optional<WebSocketFrame> read_frame(Millis timeout = patience);
    // The next text message; control frames before it are passed over.
    std::optional<std::string> read_text(Millis timeout = patience);

    void close() { socket_.close(); }
    bool wait_closed(Millis timeout = patience) { return wait_peer_closed(socket_.fd(), timeout); }

private:
    bool fill(std::size_t bytes, SteadyTime deadline);

    int port_;
    Socket socket_;
    std::string buffer_;
};

}  // namespace llmgw::testing
