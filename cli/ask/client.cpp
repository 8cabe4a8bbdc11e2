#include "cli/ask/client.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace llmgw {
namespace {

constexpr std::size_t answer_bytes_max = 64 << 20;
constexpr std::array<int, 3> end_signals{SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t interrupted_by = 0;
volatile std::sig_atomic_t far_end = -1;

void on_signal(int number) {
    interrupted_by = number;
    ::shutdown(far_end, SHUT_RDWR);
}

}  // namespace

Result<std::unique_ptr<Presence>> Presence::begin() {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
        return fail(ErrorKind::internal, std::string("cannot make a socket pair: ") + std::strerror(errno));
    }
    Fd near(pair[0]);
    Fd far(pair[1]);
    Fd stop(::eventfd(0, EFD_CLOEXEC));
    if (!stop) { return fail(ErrorKind::internal, std::string("cannot make an eventfd: ") + std::strerror(errno)); }
    return std::unique_ptr<Presence>(new Presence(std::move(near), std::move(far), std::move(stop)));
}

Presence::Presence(Fd near, Fd far, Fd stop) : near_(std::move(near)), far_(std::move(far)), stop_(std::move(stop)) {
    interrupted_by = 0;
    far_end = far_.get();
    struct sigaction action {};
    action.sa_handler = &on_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
    for (const int number : end_signals) {
        ::sigaction(number, &action, nullptr);
    }
    watcher_ = std::thread([this] { watch_reader(); });
}

Presence::~Presence() {
    for (const int number : end_signals) {
        std::signal(number, SIG_DFL);
    }
    const std::uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);
    watcher_.join();
}

bool Presence::interrupted() const {
    return interrupted_by != 0;
}

// A pipe whose reader is gone says so without being written to, also while the model still thinks.
void Presence::watch_reader() {
    std::array<pollfd, 2> fds{{{STDOUT_FILENO, 0, 0}, {stop_.get(), POLLIN, 0}}};
    while (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {}
    if ((fds[0].revents & POLLERR) == 0 || fds[1].revents != 0) { return; }
    reader_gone_ = true;
    ::shutdown(far_.get(), SHUT_RDWR);
}

bool write_standard_output(std::string_view text) {
    while (!text.empty()) {
        const auto n = ::write(STDOUT_FILENO, text.data(), text.size());
        if (n >= 0) {
            text.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno == EAGAIN) {
            // Another program may have made the terminal or pipe non-blocking.
            pollfd writable{STDOUT_FILENO, POLLOUT, 0};
            ::poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool AnswerClient::write(std::string_view bytes) {
    if (!events_) {
        body_.append(bytes);
        return body_.size() <= answer_bytes_max;
    }
    for (const auto& event : framer_.feed(bytes)) {
        if (!event.data.empty()) { take(event_text(dialect_, event.data)); }
    }
    return answer_.text.size() <= answer_bytes_max;
}

bool AnswerClient::flush() {
    if (reader_gone() || !write_error_.empty()) { return false; }
    const auto text = std::exchange(unwritten_, {});
    if (write_standard_output(text)) { return true; }
    if (errno == EPIPE) {
        reader_gone_ = true;
    } else {
        write_error_ = std::string("cannot write standard output: ") + std::strerror(errno);
    }
    return false;
}

void AnswerClient::end(bool answered) {
    if (events_) {
        SseEvent tail;
        if (framer_.finish(tail)) { take(event_text(dialect_, tail.data)); }
    } else if (answered) {
        take(answer_text(dialect_, body_));
    }
    if (show_ == AskShow::screen || show_ == AskShow::markdown) {
        auto rest = screen_.finish();
        if (show_ == AskShow::markdown) { rest = markdown_.feed(rest) + markdown_.finish(); }
        show(std::move(rest));
    }
    if (!answer_.text.empty() && last_ != '\n' && show_ != AskShow::nothing) { unwritten_ += '\n'; }
    flush();
}

void AnswerClient::take(AnswerText piece) {
    answer_.refusal += piece.refusal;
    if (piece.text.empty()) { return; }
    answer_.text += piece.text;
    switch (show_) {
        case AskShow::nothing: return;
        case AskShow::raw: return show(std::move(piece.text));
        case AskShow::screen: return show(screen_.feed(piece.text));
        case AskShow::markdown: return show(markdown_.feed(screen_.feed(piece.text)));
    }
}

void AnswerClient::show(std::string text) {
    if (text.empty()) { return; }
    // The mark that ends a colour is no part of a line.
    const auto end = text.ends_with("\x1b[0m") ? text.size() - 4 : text.size();
    if (end > 0) { last_ = text[end - 1]; }
    unwritten_ += text;
}

}  // namespace llmgw
