#include "tests/support/websocket_client.hpp"

#include <cstdint>
#include <cstdlib>

#include "tests/support/fake_upstream.hpp"

namespace llmgw::testing {

Headers upgrade_headers() {
    return {{"Connection", "Upgrade"},
            {"Upgrade", "websocket"},
            {"Sec-WebSocket-Version", "13"},
            {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
            {"Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"},
            {"openai-beta", "responses_websockets=2026-02-06"},
            {"User-Agent", "codex_exec/0.169.0 (Debian 12)"}};
}

bool WebSocketClient::fill(std::size_t bytes, SteadyTime deadline) {
    while (buffer_.size() < bytes) {
        const auto left = std::chrono::duration_cast<Millis>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0 || read_some(socket_.fd(), buffer_, left) != ReadResult::data) { return false; }
    }
    return true;
}

Response WebSocketClient::open(const Request& request, Millis timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    Response response;
    if (!send_all(socket_.fd(), request_bytes(request, port_))) { return response; }
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill(buffer_.size() + 1, deadline)) { return response; }
    }
    response.head = buffer_.substr(0, end);
    buffer_.erase(0, end + 4);
    const auto first = parse_head(response.head, response.headers);
    response.status = std::atoi(first.c_str() + std::min<std::size_t>(first.size(), 9));
    const auto length = std::strtoull(response.header("content-length").c_str(), nullptr, 10);
    if (response.status != 101 && fill(length, deadline)) { response.body = buffer_.substr(0, length); }
    return response;
}

bool WebSocketClient::send_frame(int opcode, std::string_view payload, bool final) {
    std::string frame(1, static_cast<char>((final ? 0x80 : 0) | opcode));
    const auto size = static_cast<std::uint64_t>(payload.size());
    int size_bytes = 0;
    if (size < 126) {
        frame += static_cast<char>(0x80 | size);
    } else {
        size_bytes = size <= 0xffff ? 2 : 8;
        frame += static_cast<char>(0x80 | (size_bytes == 2 ? 126 : 127));
    }
    for (int shift = 8 * (size_bytes - 1); shift >= 0; shift -= 8) {
        frame += static_cast<char>((size >> shift) & 0xff);
    }
    constexpr std::string_view mask = "\x37\xfa\x21\x3d";
    frame += mask;
    const auto start = frame.size();
    frame += payload;
    for (std::size_t i = start; i < frame.size(); ++i) {
        frame[i] = static_cast<char>(frame[i] ^ mask[(i - start) % 4]);
    }
    return send_all(socket_.fd(), frame);
}

std::optional<WebSocketFrame> WebSocketClient::read_frame(Millis timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    if (!fill(2, deadline)) { return std::nullopt; }
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(buffer_[at]); };
    WebSocketFrame frame;
    frame.final = (byte(0) & 0x80) != 0;
    frame.opcode = byte(0) & 0x0f;
    std::uint64_t size = byte(1);  // a server's frame is not masked
    std::size_t head = 2;
    if (size >= 126) {
        head = size == 126 ? 4 : 10;
        if (!fill(head, deadline)) { return std::nullopt; }
        size = 0;
        for (std::size_t i = 2; i < head; ++i) {
            size = (size << 8) | byte(i);
        }
    }
    if (!fill(head + size, deadline)) { return std::nullopt; }
    frame.payload = buffer_.substr(head, size);
    buffer_.erase(0, head + size);
    return frame;
}

std::optional<std::string> WebSocketClient::read_text(Millis timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        const auto left = std::chrono::duration_cast<Millis>(deadline - std::chrono::steady_clock::now());
        auto frame = read_frame(std::max(left, Millis{0}));
        if (!frame || frame->opcode == 8) { return std::nullopt; }
        if (frame->opcode == 1) { return std::move(frame->payload); }
    }
}

}  // namespace llmgw::testing
