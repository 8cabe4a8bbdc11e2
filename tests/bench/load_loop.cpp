#include <cerrno>
#include <cstring>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "tests/bench/load.hpp"
#include "tests/bench/response_reader.hpp"
#include "tests/bench/sys.hpp"

namespace llmgw::bench {
namespace {

// A run that makes no progress for this long is over.
constexpr int patience_ms = 15'000;

struct Caller {
    Fd fd;
    ResponseReader reader;
    std::size_t sent = 0;      // bytes of the request
    std::size_t received = 0;  // bytes of the answer's body
    bool body_good = true;
    bool waits_for_room = false;
    std::int64_t started_ns = 0;
};

class Loop {
public:
    explicit Loop(const LoopOptions& options)
        : options_(options),
          request_(make_request(options.request, options.port)),
          expected_(small_answer(options.request.shape)),
          epoll_(epoll_create1(EPOLL_CLOEXEC)),
          callers_(static_cast<std::size_t>(options.connections)) {}

    LoopResult run() {
        std::int64_t begin = now_ns();
        count_from_ns_ = begin + static_cast<std::int64_t>(options_.warmup_s * 1e9);
        end_ns_ = count_from_ns_ + static_cast<std::int64_t>(options_.seconds * 1e9);
        latency_us_.reserve(1 << 20);
        for (std::size_t i = 0; i < callers_.size(); ++i) {
            open(i);
        }
        epoll_event ready[64];
        while (now_ns() < end_ns_ && open_count_ > 0) {
            int count = epoll_wait(epoll_.get(), ready, 64, patience_ms);
            if (count == 0) {
                fail("no answer within the time allowed");
                break;
            }
            for (int i = 0; i < count; ++i) {
                on_ready(ready[i].data.u64, ready[i].events);
            }
        }
        result_.requests_per_s = static_cast<double>(latency_us_.size()) / options_.seconds;
        result_.p50_us = latency_us_.percentile(50);
        result_.p90_us = latency_us_.percentile(90);
        result_.p99_us = latency_us_.percentile(99);
        return std::move(result_);
    }

private:
    void fail(const std::string& why) {
        ++result_.errors;
        if (result_.first_error.empty()) { result_.first_error = why; }
    }

    void watch(std::size_t index, int operation, std::uint32_t events) {
        epoll_event event{};
        event.events = events;
        event.data.u64 = index;
        epoll_ctl(epoll_.get(), operation, callers_[index].fd.get(), &event);
    }

    void open(std::size_t index) {
        Caller& caller = callers_[index];
        caller = Caller();
        caller.fd = connect_loopback(options_.port, false);
        if (!caller.fd) { return fail(std::string("connect: ") + std::strerror(errno)); }
        ++open_count_;
        caller.started_ns = now_ns();
        caller.waits_for_room = true;
        watch(index, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
    }

    void close(std::size_t index) {
        callers_[index].fd.reset();
        --open_count_;
    }

    // A broken connection is opened anew, unless nothing else happens at all.
    void reopen(std::size_t index) {
        close(index);
        if (++result_.reconnects < 1000 || result_.reconnects < result_.calls) { open(index); }
    }

    void on_ready(std::size_t index, std::uint32_t events) {
        if ((events & EPOLLOUT) != 0 && !push(index)) { return; }
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) { pull(index); }
    }

    // Sends what is left of the request. False when the connection broke.
    bool push(std::size_t index) {
        Caller& caller = callers_[index];
        while (caller.sent < request_.size()) {
            ssize_t sent =
                send(caller.fd.get(), request_.data() + caller.sent, request_.size() - caller.sent, MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN) {
                if (!caller.waits_for_room) { watch(index, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT); }
                caller.waits_for_room = true;
                return true;
            }
            if (sent < 0) {
                fail(std::string("send: ") + std::strerror(errno));
                reopen(index);
                return false;
            }
            caller.sent += static_cast<std::size_t>(sent);
        }
        if (caller.waits_for_room) { watch(index, EPOLL_CTL_MOD, EPOLLIN); }
        caller.waits_for_room = false;
        return true;
    }

    void pull(std::size_t index) {
        Caller& caller = callers_[index];
        ssize_t got = recv(caller.fd.get(), buffer_, sizeof buffer_, 0);
        if (got < 0 && errno == EAGAIN) { return; }
        if (got <= 0) {
            fail(got == 0 ? "the connection was closed" : std::string("recv: ") + std::strerror(errno));
            return reopen(index);
        }
        bool good = caller.reader.feed({buffer_, static_cast<std::size_t>(got)}, [&](std::string_view piece) {
            caller.body_good = caller.body_good && expected_.compare(caller.received, piece.size(), piece) == 0;
            caller.received += piece.size();
        });
        if (!good) {
            fail("malformed response: " +
                 std::string(buffer_, std::min<std::size_t>(300, static_cast<std::size_t>(got))));
            return reopen(index);
        }
        if (caller.reader.done()) { finish(index); }
    }

    void finish(std::size_t index) {
        Caller& caller = callers_[index];
        std::int64_t now = now_ns();
        ++result_.calls;
        if (caller.reader.status() != 200 || !caller.body_good || caller.received != expected_.size()) {
            fail("status " + std::to_string(caller.reader.status()) + ", body of " + std::to_string(caller.received) +
                 " bytes" + (caller.body_good ? "" : ", not the one sent"));
        } else if (now >= count_from_ns_) {
            latency_us_.add(static_cast<double>(now - caller.started_ns) / 1000.0);
        }
        if (caller.reader.closes()) { return reopen(index); }
        caller.reader.restart();
        caller.sent = caller.received = 0;
        caller.body_good = true;
        caller.started_ns = now;
        push(index);
    }

    const LoopOptions& options_;
    std::string request_;
    const std::string& expected_;
    Fd epoll_;
    std::vector<Caller> callers_;
    int open_count_ = 0;
    std::int64_t count_from_ns_ = 0;
    std::int64_t end_ns_ = 0;
    Samples latency_us_;
    LoopResult result_;
    char buffer_[65536];
};

}  // namespace

LoopResult run_loop(const LoopOptions& options) {
    return Loop(options).run();
}

}  // namespace llmgw::bench
