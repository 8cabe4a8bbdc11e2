#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "tests/bench/load.hpp"
#include "tests/bench/response_reader.hpp"
#include "tests/bench/sys.hpp"

namespace llmgw::bench {
namespace {

// How many streams are opened before the running ones are looked at again.
constexpr int opened_at_once = 4;

struct Delay {
    std::int64_t sent_ns;
    std::int64_t delay_ns;
};

struct Stream {
    Fd fd;
    ResponseReader reader;
    std::int64_t opened_ns = 0;
    std::int64_t requested_ns = 0;
    std::int64_t first_event_ns = 0;
    int part = 0;         // 0 the prologue, 1..count the events, count + 1 the epilogue, count + 2 the end
    std::string partial;  // of that part
    bool good = true;
};

class Streams {
public:
    explicit Streams(const StreamsOptions& options)
        : options_(options),
          script_(stream_script(options.request.shape, true)),
          request_(make_request(options.request, options.port)),
          epoll_(epoll_create1(EPOLL_CLOEXEC)),
          streams_(static_cast<std::size_t>(options.streams)) {
        delays_.reserve(streams_.size() * static_cast<std::size_t>(options.request.pace.count));
        connect_ms_.reserve(streams_.size());
    }

    StreamsResult run() {
        begin_ns_ = now_ns();
        double expected_s =
            options_.ramp_s + static_cast<double>(options_.request.pace.count) / options_.request.pace.per_s;
        std::int64_t deadline_ns = begin_ns_ + static_cast<std::int64_t>((expected_s + 20) * 1e9);
        Watcher watcher(options_.while_running, expected_s * 0.75);
        epoll_event ready[256];
        while (ended_ < streams_.size() && now_ns() < deadline_ns) {
            int count = epoll_wait(epoll_.get(), ready, 256, open_due_streams());
            for (int i = 0; i < count; ++i) {
                on_ready(streams_[ready[i].data.u64], ready[i].events);
            }
        }
        if (ended_ < streams_.size()) {
            note(std::to_string(streams_.size() - ended_) + " streams had not ended in time");
        }
        return summary();
    }

private:
    // Runs the caller's hook after some time, on its own thread, and joins it.
    class Watcher {
    public:
        Watcher(const std::function<void()>& hook, double after_s) {
            if (!hook) { return; }
            thread_ = std::jthread([this, hook, after_s] {
                std::unique_lock lock(mutex_);
                if (!stop_.wait_for(lock, std::chrono::duration<double>(after_s), [this] { return over_; })) { hook(); }
            });
        }
        ~Watcher() {
            std::lock_guard lock(mutex_);
            over_ = true;
            stop_.notify_all();
        }
        Watcher(const Watcher&) = delete;
        Watcher& operator=(const Watcher&) = delete;

    private:
        std::mutex mutex_;
        std::condition_variable stop_;
        bool over_ = false;
        std::jthread thread_;
    };

    void note(const std::string& why) {
        if (result_.first_error.empty()) { result_.first_error = why; }
    }

    // Opens what is due; returns how long epoll may wait, in milliseconds.
    int open_due_streams() {
        for (int i = 0; i < opened_at_once && opened_ < streams_.size(); ++i) {
            double share = static_cast<double>(opened_) / static_cast<double>(streams_.size());
            std::int64_t due_ns = begin_ns_ + static_cast<std::int64_t>(share * options_.ramp_s * 1e9);
            if (due_ns > now_ns()) { return 1; }
            open(opened_++);
        }
        return opened_ < streams_.size() ? 0 : 1000;
    }

    void open(std::size_t index) {
        Stream& stream = streams_[index];
        stream.opened_ns = now_ns();
        stream.fd = connect_loopback(options_.port, false);
        if (!stream.fd) { return end(stream, std::string("connect: ") + std::strerror(errno)); }
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT;
        event.data.u64 = index;
        epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, stream.fd.get(), &event);
    }

    // The stream is over: broken when there is something to say, or when its last part has not come.
    void end(Stream& stream, const std::string& why) {
        stream.fd.reset();
        ++ended_;
        if (!why.empty()) {
            stream.good = false;
            note(why);
        }
        finished_ += stream.good ? 1 : 0;
    }

    void on_ready(Stream& stream, std::uint32_t events) {
        if (!stream.fd) { return; }
        if (stream.requested_ns == 0 && (events & EPOLLOUT) != 0) { send_request(stream); }
        if (stream.fd && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) { receive(stream); }
    }

    void send_request(Stream& stream) {
        stream.requested_ns = now_ns();
        connect_ms_.add(static_cast<double>(stream.requested_ns - stream.opened_ns) / 1e6);
        ssize_t sent = send(stream.fd.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
        if (sent != static_cast<ssize_t>(request_.size())) {
            return end(stream, std::string("send: ") + std::strerror(errno));
        }
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = static_cast<std::uint64_t>(&stream - streams_.data());
        epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, stream.fd.get(), &event);
    }

    void receive(Stream& stream) {
        ssize_t got = recv(stream.fd.get(), buffer_, sizeof buffer_, 0);
        if (got < 0 && errno == EAGAIN) { return; }
        if (got <= 0) { return end(stream, "the connection was closed in part " + std::to_string(stream.part)); }
        std::int64_t now = now_ns();
        std::string_view bytes(buffer_, static_cast<std::size_t>(got));
        bool framed = stream.reader.feed(bytes, [&](std::string_view piece) { take(stream, piece, now); });
        if (!framed || (stream.reader.head_seen() && stream.reader.status() != 200) || !stream.good) {
            return end(stream, "not what was sent, in part " + std::to_string(stream.part) + ": " +
                                   std::string(bytes.substr(0, 400)));
        }
        if (stream.reader.done()) {
            bool whole = stream.part == options_.request.pace.count + 2;
            end(stream, whole ? "" : "ended early, in part " + std::to_string(stream.part));
        }
    }

    // A piece of the body. Parts have known lengths, so nothing has to be searched.
    void take(Stream& stream, std::string_view piece, std::int64_t now) {
        if (options_.translated) { return take_translated(stream, piece, now); }
        while (!piece.empty() && stream.good) {
            int count = options_.request.pace.count;
            const std::string& part = stream.part == 0       ? script_.prologue
                                      : stream.part <= count ? script_.event
                                                             : script_.epilogue;
            if (stream.part > count + 1) {
                stream.good = false;
                return;
            }
            std::size_t size = std::min(part.size() - stream.partial.size(), piece.size());
            if (size < part.size()) {
                stream.partial.append(piece.substr(0, size));
                if (stream.partial.size() == part.size()) {
                    check(stream, part, stream.partial, now);
                    stream.partial.clear();
                }
            } else {
                check(stream, part, piece.substr(0, size), now);
            }
            piece.remove_prefix(size);
        }
    }

    // Events of Anthropic's: each text delta is one of the mock's events.
    void take_translated(Stream& stream, std::string_view piece, std::int64_t now) {
        constexpr std::string_view text_mark = "\"text_delta\",\"text\":\" ";
        const int count = options_.request.pace.count;
        stream.partial.append(piece);
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = stream.partial.find("\n\n", begin)) != std::string::npos; begin = end + 2) {
            const auto event = std::string_view(stream.partial).substr(begin, end - begin);
            if (event.starts_with("event: message_start")) {
                stream.good = stream.part == 0;
                first_event(stream, now);
                stream.part = 1;
            } else if (const auto at = event.find(text_mark); at != std::string_view::npos) {
                const auto digits = event.substr(at + text_mark.size());
                const std::int64_t sent_ns = digits.size() > stamp_digits ? read_stamp(digits.data()) : -1;
                stream.good = sent_ns >= 0 && stream.part >= 1 && stream.part <= count;
                delays_.push_back({sent_ns, now - sent_ns});
                ++stream.part;
            } else if (event.starts_with("event: message_stop")) {
                stream.good = stream.part == count + 1;
                ++stream.part;
            }
            if (!stream.good) { return; }
        }
        stream.partial.erase(0, begin);
    }

    void first_event(Stream& stream, std::int64_t now) {
        stream.first_event_ns = now;
        last_first_event_ns_ = std::max(last_first_event_ns_, now);
    }

    void check(Stream& stream, const std::string& part, std::string_view text, std::int64_t now) {
        if (&part != &script_.event) {
            stream.good = text == part;
        } else {
            std::size_t after = script_.stamp_at + stamp_digits;
            std::int64_t sent_ns = read_stamp(text.data() + script_.stamp_at);
            stream.good = sent_ns >= 0 && std::memcmp(text.data(), part.data(), script_.stamp_at) == 0 &&
                          std::memcmp(text.data() + after, part.data() + after, part.size() - after) == 0;
            delays_.push_back({sent_ns, now - sent_ns});
        }
        if (stream.part == 0) { first_event(stream, now); }
        ++stream.part;
    }

    StreamsResult summary() {
        result_.streams = streams_.size();
        result_.broken = streams_.size() - finished_;
        result_.events = delays_.size();
        result_.seconds = static_cast<double>(now_ns() - begin_ns_) / 1e9;
        result_.connect_ms_max = connect_ms_.max();
        Samples first_ms;
        for (const Stream& stream : streams_) {
            if (stream.first_event_ns == 0) { continue; }
            first_ms.add(static_cast<double>(stream.first_event_ns - stream.requested_ns) / 1e6);
        }
        result_.first_event_ms_p50 = first_ms.percentile(50);
        result_.first_event_ms_p99 = first_ms.percentile(99);
        result_.first_event_ms_max = first_ms.max();
        Samples all_us;
        Samples steady_us;
        all_us.reserve(delays_.size());
        steady_us.reserve(delays_.size());
        for (const Delay& delay : delays_) {
            double delay_us = static_cast<double>(delay.delay_ns) / 1000.0;
            all_us.add(delay_us);
            if (delay.sent_ns > last_first_event_ns_) { steady_us.add(delay_us); }
        }
        result_.delay_us_p50 = all_us.percentile(50);
        result_.delay_us_p99 = all_us.percentile(99);
        result_.delay_us_max = all_us.max();
        result_.steady_us_p50 = steady_us.percentile(50);
        result_.steady_us_p99 = steady_us.percentile(99);
        return std::move(result_);
    }

    const StreamsOptions& options_;
    StreamScript script_;
    std::string request_;
    Fd epoll_;
    std::vector<Stream> streams_;
    std::size_t opened_ = 0;
    std::size_t ended_ = 0;
    std::size_t finished_ = 0;
    std::int64_t begin_ns_ = 0;
    std::int64_t last_first_event_ns_ = 0;
    std::vector<Delay> delays_;
    Samples connect_ms_;
    StreamsResult result_;
    char buffer_[65536];
};

}  // namespace

StreamsResult run_streams(const StreamsOptions& options) {
    return Streams(options).run();
}

}  // namespace llmgw::bench
