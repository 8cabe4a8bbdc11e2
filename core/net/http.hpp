// HTTP as the gateway sees it, whichever library speaks it. Header names compare without case.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmgw {

using Header = std::pair<std::string, std::string>;
using Headers = std::vector<Header>;

// ASCII's letters only: names on the wire know no locale.
constexpr char lower_letter(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

inline bool iequals(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) { return false; }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] != b[i] && lower_letter(a[i]) != lower_letter(b[i])) { return false; }
    }
    return true;
}

// The first header of that name, "" when there is none.
inline std::string_view find_header(const Headers& headers, std::string_view name) {
    for (const auto& [key, value] : headers) {
        if (iequals(key, name)) { return value; }
    }
    return {};
}

struct HttpRequest {
    std::string method;
    std::string target;  // as sent: path and query, nothing decoded
    Headers headers;
    std::string body;              // decoded when it came compressed
    bool body_too_large = false;   // over the limit; body holds nothing of use
    bool body_unreadable = false;  // a Content-Encoding llmgw does not know
};

// What a streaming reply writes to. Writes are gathered until flush().
class ClientStream {
public:
    virtual ~ClientStream() = default;
    // False when the client is gone; then nothing more is written.
    virtual bool write(std::string_view bytes) = 0;
    virtual bool flush() = 0;
    // Sends what the socket takes now. False when some is left, or the client is gone: flush() tells which.
    virtual bool try_flush() = 0;
    // The client's socket, to be waited on for its closing. Not to be read, written or closed.
    virtual int fd() const = 0;
};

// How a reply's body is produced in one go. Returns true when the body is whole; false cuts the connection so that
// the client cannot take it for a whole one.
using BodyPump = std::function<bool(ClientStream& client)>;

// A body that comes in its own time. Between its moments it is parked: no thread waits for it, a shared loop
// (relay_loop.hpp) or drive_stream() does.
class ReplyStream {
public:
    virtual ~ReplyStream() = default;

    enum class Wake {
        begun,        // the head is written; nothing has been sent yet
        handed_back,  // turn() said so
        idle,         // nothing came within idle()
        cancelled,    // the client's socket closed
        aborted,      // the server must stop now
    };
    enum class Progress {
        parked,  // call turn() whenever fd() is readable
        whole,   // the body is complete
        cut,     // it never will be: the connection is cut, so that the client cannot take it for a whole one
    };
    // On a thread that may block. Called first with `begun`, then with what ended each time of being parked.
    virtual Progress advance(ClientStream& client, Wake wake) = 0;

    // While parked, called by one thread at a time: what to wait for, and for how long before that is worth a
    // word. turn() moves what came, without blocking; false asks for advance().
    virtual int fd() const = 0;
    virtual std::chrono::milliseconds idle() const = 0;
    virtual bool turn(ClientStream& client) = 0;
};

class WebSocket;  // websocket.hpp

struct HttpReply {
    int status = 200;
    Headers headers;
    // One of four:
    std::string body;
    BodyPump pump;
    std::unique_ptr<ReplyStream> stream;
    // The connection becomes a WebSocket (the request offers one), which is over when this returns. Runs on the
    // connection's own thread; status and headers are the handshake's.
    std::function<void(WebSocket& socket)> websocket;
    std::optional<std::uint64_t> content_length;  // with a pump: known length; otherwise chunked
};

}  // namespace llmgw
