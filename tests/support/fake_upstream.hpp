// A provider under the test's control: HTTP/1.1 on a raw socket, one thread a connection. The test's handler
// sees each request as it came and writes the answer's bytes itself, so that every way to answer badly is
// possible: stalls, cuts in mid-event, resets, one byte per write, garbage.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/net/http.hpp"
#include "tests/support/socket.hpp"

namespace llmgw::testing {

// Set once, waited for by any thread.
class Signal {
public:
    void set();
    bool is_set() const;
    // False when the time ran out.
    bool wait(Millis timeout = patience) const;

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    bool set_ = false;
};

struct RecordedRequest {
    std::string method;
    std::string target;            // as received
    std::string head;              // request line and headers, raw
    Headers headers;               // in the order received, names as spelled
    std::string body;              // exact bytes; the chunked coding is undone
    std::uint64_t connection = 0;  // number of the TCP connection, from 1
    SteadyTime received{};
};

// Writes one answer. All members are for the handler's thread only.
class UpstreamConnection {
public:
    UpstreamConnection(int fd, int wake_fd) : fd_(fd), wake_fd_(wake_fd) {}

    // Raw bytes. False once the peer is gone.
    bool send(std::string_view bytes);
    // One write for every byte.
    bool send_trickled(std::string_view bytes);

    // A whole answer with Content-Length; the connection stays open for the next request.
    bool reply(int status, const Headers& headers, std::string_view body);
    bool reply_json(int status, std::string_view body);

    // The head of a chunked answer; then chunk()s and finish().
    bool start(int status, const Headers& headers);
    bool start_sse();
    bool chunk(std::string_view bytes);
    bool finish();

    // An answer whose end is the end of the connection.
    bool start_until_close(int status, const Headers& headers);

    void close_after();  // FIN when the handler returns
    void reset();        // RST when the handler returns

    // Waits for the gateway to close. False when the time ran out or the server is being stopped.
    bool wait_peer_closed(Millis timeout = patience);
    // Never answers: returns when the peer has closed or the server is being stopped.
    void stall();

    enum class After { keep_alive, fin, rst };
    After after() const { return after_; }

private:
    int fd_;
    int wake_fd_;
    After after_ = After::keep_alive;
};

using UpstreamHandler = std::function<void(const RecordedRequest& request, UpstreamConnection& connection)>;

class FakeUpstream {
public:
    explicit FakeUpstream(int port = 0);
    ~FakeUpstream();
    FakeUpstream(const FakeUpstream&) = delete;
    FakeUpstream& operator=(const FakeUpstream&) = delete;

    int port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

    // What answers from now on. Requests already being answered keep their handler.
    void handle(UpstreamHandler handler);

    std::vector<std::shared_ptr<const RecordedRequest>> requests() const;
    std::shared_ptr<const RecordedRequest> last() const;  // null when there was none
    std::size_t request_count() const;
    bool wait_requests(std::size_t count, Millis timeout = patience) const;
    void clear();          // forgets what was recorded and the count
    void record(bool on);  // off: requests are counted but not kept, for tests under load

    std::uint64_t connection_count() const;  // ever accepted
    int open_connections() const;
    bool wait_open_connections(int at_most, Millis timeout = patience) const;

private:
    struct Worker {
        Socket socket;
        std::uint64_t number = 0;
        std::thread thread;
        std::atomic<bool> done = false;
    };
    void accept_loop();
    void serve(Worker& worker);
    // nullptr when the connection ended instead.
    std::shared_ptr<RecordedRequest> read_request(Worker& worker, std::string& buffer);

    Listener listener_;
    int port_ = 0;
    int wake_fd_ = -1;
    std::thread acceptor_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::shared_ptr<const UpstreamHandler> handler_;
    std::vector<std::shared_ptr<const RecordedRequest>> requests_;
    std::size_t request_count_ = 0;
    bool recording_ = true;
    std::list<Worker> workers_;
    std::uint64_t connections_ = 0;
    int open_ = 0;
};

// "HTTP/1.1 200 OK\r\nname: value\r\n...\r\n\r\n"
std::string response_head(int status, const Headers& headers);
// Splits a head (without its last empty line) into its first line and headers.
std::string parse_head(std::string_view head, Headers& headers);

}  // namespace llmgw::testing
