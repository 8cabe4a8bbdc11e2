// A model provider for benchmarks: answers at once, or streams events at a set pace, on one thread with as few system
// calls as can be, so that it is never what limits a run. GET /stats counts what came; GET /stats/reset starts anew.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <queue>
#include <unordered_map>

#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "tests/bench/response_reader.hpp"
#include "tests/bench/sys.hpp"
#include "tests/bench/wire.hpp"

namespace llmgw::bench {
namespace {

// Events due within this time leave in one wake-up; an event's stamp is taken when it is sent, so that waiting here is
// no part of its delay.
constexpr std::int64_t wake_every_ns = 50'000;

std::string as_chunk(std::string_view data) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", data.size());
    return std::string(size).append(data).append("\r\n");
}

// A StreamScript in the form it has on the wire.
struct WireScript {
    explicit WireScript(const StreamScript& script)
        : head(
              "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
              "Transfer-Encoding: chunked\r\n\r\n" +
              as_chunk(script.prologue)),
          event(as_chunk(script.event)),
          stamp_at(event.find(script.event) + script.stamp_at),
          tail(as_chunk(script.epilogue) + "0\r\n\r\n") {}

    std::string head;
    std::string event;
    std::size_t stamp_at;
    std::string tail;
};

struct Connection {
    Fd fd;
    std::uint64_t id = 0;
    std::string in;
    std::size_t request_bytes = 0;  // of the request at the start of `in`; 0 while its head is not whole
    std::string out;                // what the socket did not take; nothing else is sent before it
    WireScript* script = nullptr;   // set while a stream runs
    int events_left = 0;
    std::int64_t period_ns = 0;
};

struct Due {
    std::int64_t at_ns;
    std::uint64_t id;
    bool operator>(const Due& other) const { return at_ns > other.at_ns; }
};

struct Stats {
    std::uint64_t connections = 0;
    std::uint64_t requests = 0;
    std::uint64_t body_bytes = 0;
    std::uint64_t streams = 0;
    std::uint64_t events = 0;
    std::uint64_t streams_cut = 0;  // the client went away before the end
    std::uint64_t stalls = 0;       // sends the socket did not take whole
    Samples late_us;                // how long after its due time each event was sent
};

class Mock {
public:
    Mock(int port, int epoll_fd) : listener_(listen_loopback(port)), epoll_(epoll_fd) {}

    bool listening() const { return static_cast<bool>(listener_); }
    int port() const {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
        return ntohs(address.sin_port);
    }

    [[noreturn]] void serve() {
        watch(listener_.get(), EPOLL_CTL_ADD, EPOLLIN, 0);
        epoll_event ready[256];
        while (true) {
            std::int64_t wait_ns = send_due_events();
            timespec timeout{wait_ns / 1'000'000'000, wait_ns % 1'000'000'000};
            int count = epoll_pwait2(epoll_.get(), ready, 256, wait_ns < 0 ? nullptr : &timeout, nullptr);
            for (int i = 0; i < count; ++i) {
                if (ready[i].data.u64 == 0) {
                    accept_all();
                } else if (Connection* connection = find(ready[i].data.u64)) {
                    on_ready(*connection, ready[i].events);
                }
            }
        }
    }

private:
    void watch(int fd, int operation, std::uint32_t events, std::uint64_t id) {
        epoll_event event{};
        event.events = events;
        event.data.u64 = id;
        epoll_ctl(epoll_.get(), operation, fd, &event);
    }

    Connection* find(std::uint64_t id) {
        auto found = connections_.find(id);
        return found == connections_.end() ? nullptr : found->second.get();
    }

    void accept_all() {
        while (true) {
            int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) { return; }
            auto connection = std::make_unique<Connection>();
            connection->fd = Fd(fd);
            connection->id = ++last_id_;
            watch(fd, EPOLL_CTL_ADD, EPOLLIN, last_id_);
            connections_[last_id_] = std::move(connection);
            ++stats_.connections;
        }
    }

    void drop(Connection& connection) {
        if (connection.script != nullptr) { ++stats_.streams_cut; }
        connections_.erase(connection.id);
    }

    void on_ready(Connection& connection, std::uint32_t events) {
        if ((events & EPOLLOUT) != 0) {
            std::string rest = std::move(connection.out);
            connection.out.clear();
            watch(connection.fd.get(), EPOLL_CTL_MOD, EPOLLIN, connection.id);
            if (!write(connection, rest)) { return drop(connection); }
        }
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) { return; }
        ssize_t got = recv(connection.fd.get(), buffer_, sizeof buffer_, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) { return; }
        if (got <= 0) { return drop(connection); }
        connection.in.append(buffer_, static_cast<std::size_t>(got));
        while (connection.script == nullptr && take_request(connection)) {}
        if (to_drop_) {
            to_drop_ = false;
            drop(connection);
        }
    }

    // Answers the request at the start of `in` when it is whole. True when there may be another behind it.
    bool take_request(Connection& connection) {
        std::size_t head_end = 0;
        if (connection.request_bytes == 0) {
            head_end = connection.in.find("\r\n\r\n");
            if (head_end == std::string::npos) { return false; }
            std::string_view head = std::string_view(connection.in).substr(0, head_end);
            if (!find_header(head, "transfer-encoding").empty()) {
                return refuse(connection, "HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\n\r\n");
            }
            std::string_view length = find_header(head, "content-length");
            connection.request_bytes = head_end + 4 + (length.empty() ? 0 : std::strtoull(length.data(), nullptr, 10));
            connection.in.reserve(connection.request_bytes);
        }
        if (connection.in.size() < connection.request_bytes) { return false; }
        std::string_view request = std::string_view(connection.in).substr(0, connection.request_bytes);
        bool good = answer(connection, request);
        connection.in.erase(0, connection.request_bytes);
        connection.request_bytes = 0;
        if (!good) { to_drop_ = true; }
        return good && !connection.in.empty();
    }

    bool refuse(Connection& connection, std::string_view text) {
        write(connection, text);
        to_drop_ = true;
        return false;
    }

    bool answer(Connection& connection, std::string_view request) {
        if (request.starts_with("GET /stats/reset ")) {
            stats_ = Stats();
            return respond(connection, "200 OK", "{}");
        }
        if (request.starts_with("GET /stats ")) { return respond(connection, "200 OK", stats_json()); }
        bool chat = request.starts_with("POST /v1/chat/completions ");
        if (!chat && !request.starts_with("POST /v1/messages ")) {
            return respond(connection, "404 Not Found", R"({"error":{"message":"no such path","type":"not_found"}})");
        }
        std::string_view body = request.substr(request.find("\r\n\r\n") + 4);
        ++stats_.requests;
        stats_.body_bytes += body.size();
        // What matters stands near the start or the end, whoever put it there; a long prompt is not searched.
        std::string edges(body.substr(0, 4096));
        if (body.size() > 4096) { edges.append(body.substr(body.size() - std::min<std::size_t>(body.size(), 4096))); }
        if (edges.find("\"stream\":true") == std::string::npos) {
            return respond(connection, "200 OK", small_answer(chat ? Shape::chat : Shape::messages));
        }
        bool usage = edges.find("\"include_usage\":true") != std::string::npos;
        return start_stream(connection, !chat ? messages_ : usage ? chat_with_usage_ : chat_, find_pace(edges));
    }

    bool respond(Connection& connection, std::string_view status, std::string_view body) {
        text_.assign("HTTP/1.1 ").append(status).append("\r\nContent-Type: application/json\r\nContent-Length: ");
        text_.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
        return write(connection, text_);
    }

    bool start_stream(Connection& connection, WireScript& script, Pace pace) {
        ++stats_.streams;
        connection.script = &script;
        connection.events_left = pace.count;
        connection.period_ns = 1'000'000'000LL / pace.per_s;
        // Each stream has a fixed place within the period, by golden ratio, so that however the requests come the
        // events are spread evenly over it.
        double whole = 0;
        double place = std::modf(static_cast<double>(stats_.streams) * 0.6180339887498949, &whole);
        auto phase_ns = static_cast<std::int64_t>(place * static_cast<double>(connection.period_ns));
        std::int64_t now = now_ns();
        std::int64_t first = now - now % connection.period_ns + phase_ns;
        due_.push({first <= now ? first + connection.period_ns : first, connection.id});
        return write(connection, script.head);
    }

    // Sends all that is due; returns how long to sleep, below 0 for as long as nothing comes.
    std::int64_t send_due_events() {
        std::int64_t now = now_ns();
        while (!due_.empty() && due_.top().at_ns <= now) {
            Due due = due_.top();
            due_.pop();
            if (Connection* connection = find(due.id)) {
                now = now_ns();
                if (!send_event(*connection, due, now)) { drop(*connection); }
            }
        }
        return due_.empty() ? -1 : std::max(due_.top().at_ns - now, wake_every_ns);
    }

    bool send_event(Connection& connection, Due due, std::int64_t now) {
        WireScript& script = *connection.script;
        if (connection.events_left-- == 0) {
            connection.script = nullptr;
            return write(connection, script.tail);
        }
        ++stats_.events;
        stats_.late_us.add(static_cast<double>(now - due.at_ns) / 1000.0);
        due_.push({due.at_ns + connection.period_ns, connection.id});
        write_stamp(script.event.data() + script.stamp_at, now);
        return write(connection, script.event);
    }

    // False when the connection is gone; its owner drops it.
    bool write(Connection& connection, std::string_view data) {
        if (!connection.out.empty()) {
            connection.out.append(data);
            return true;
        }
        ssize_t sent = send(connection.fd.get(), data.data(), data.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) { return false; }
        auto taken = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
        if (taken < data.size()) {
            ++stats_.stalls;
            connection.out.assign(data.substr(taken));
            watch(connection.fd.get(), EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT, connection.id);
        }
        return true;
    }

    std::string stats_json() {
        char text[640];
        std::snprintf(
            text, sizeof text,
            R"({"connections":%llu,"open":%zu,"requests":%llu,"body_bytes":%llu,"streams":%llu,"events":%llu,)"
            R"("streams_cut":%llu,"stalls":%llu,"late_us_p50":%.1f,"late_us_p99":%.1f,"late_us_max":%.1f})",
            static_cast<unsigned long long>(stats_.connections), connections_.size(),
            static_cast<unsigned long long>(stats_.requests), static_cast<unsigned long long>(stats_.body_bytes),
            static_cast<unsigned long long>(stats_.streams), static_cast<unsigned long long>(stats_.events),
            static_cast<unsigned long long>(stats_.streams_cut), static_cast<unsigned long long>(stats_.stalls),
            stats_.late_us.percentile(50), stats_.late_us.percentile(99), stats_.late_us.max());
        return text;
    }

    Fd listener_;
    Fd epoll_;
    std::uint64_t last_id_ = 0;
    std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
    WireScript chat_{stream_script(Shape::chat, false)};
    WireScript chat_with_usage_{stream_script(Shape::chat, true)};
    WireScript messages_{stream_script(Shape::messages, true)};
    Stats stats_;
    std::string text_;
    bool to_drop_ = false;  // the connection being served is to be dropped
    char buffer_[262144];
};

}  // namespace
}  // namespace llmgw::bench

int main(int argc, char** argv) {
    using namespace llmgw::bench;
    int port = 0;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--port") == 0 && i + 1 < argc) {
            port = std::atoi(argv[++i]);
        } else {
            std::fprintf(stderr, "usage: mock_upstream [--port N]\n");
            return 2;
        }
    }
    raise_open_files_limit();
    prctl(PR_SET_TIMERSLACK, 1);  // a timeout means what it says
    auto mock = std::make_unique<Mock>(port, epoll_create1(EPOLL_CLOEXEC));
    if (!mock->listening()) {
        std::perror("mock_upstream: listen");
        return 1;
    }
    std::printf("{\"port\":%d}\n", mock->port());
    std::fflush(stdout);
    mock->serve();
}
