// Standard output as the gateway's client: what comes is shown as it comes, and when nobody is there to read it any
// more, or Ctrl-C is pressed, that is a client going away. The gateway then ends the call and writes down what was
// spent.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "cli/ask/answer_text.hpp"
#include "cli/term/markdown.hpp"
#include "core/net/http.hpp"
#include "core/util/file.hpp"
#include "core/util/result.hpp"
#include "core/util/sse.hpp"

namespace llmgw {

// Ends the call on SIGINT, SIGTERM, SIGHUP, and when the reader of standard output goes away. One at a time: signal
// handlers are the process's. A second Ctrl-C kills, whatever the first one is waiting for.
class Presence {
public:
    static Result<std::unique_ptr<Presence>> begin();
    ~Presence();
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

    // For the gateway to watch: its closing means that the client went away.
    int fd() const { return near_.get(); }
    bool interrupted() const;
    bool reader_gone() const { return reader_gone_; }

private:
    Presence(Fd near, Fd far, Fd stop);
    void watch_reader();

    Fd near_;
    Fd far_;
    Fd stop_;
    std::atomic<bool> reader_gone_{false};
    std::thread watcher_;
};

enum class AskShow {
    raw,       // as it comes, byte for byte
    screen,    // on a terminal: nothing in it is obeyed
    markdown,  // on a terminal, rendered
    nothing,   // collected only
};

class AnswerClient final : public ClientStream {
public:
    AnswerClient(DialectId dialect, AskShow show, const Presence& presence)
        : dialect_(dialect), show_(show), presence_(presence) {}

    // Before the reply's body comes: whether that is a stream of events, or one answer (or error) as a whole.
    void expect_events(bool events) { events_ = events; }

    bool write(std::string_view bytes) override;
    bool flush() override;
    bool try_flush() override { return flush(); }
    int fd() const override { return presence_.fd(); }

    // All of the body is here. Shows what was held back, and ends the last line. `answered`: a body that is no stream
    // is an answer, not an error.
    void end(bool answered);

    const AnswerText& answer() const { return answer_; }
    const std::string& body() const { return body_; }  // what came when it was no stream
    bool reader_gone() const { return reader_gone_ || presence_.reader_gone(); }
    // Why standard output could not be written, "" when it could.
    const std::string& write_error() const { return write_error_; }

private:
    void take(AnswerText piece);
    void show(std::string text);

    DialectId dialect_;
    AskShow show_;
    const Presence& presence_;
    bool events_ = false;
    SseFramer framer_;
    ScreenText screen_;
    MarkdownStream markdown_;
    AnswerText answer_;
    std::string body_;
    std::string unwritten_;
    char last_ = '\n';  // as shown
    bool reader_gone_ = false;
    std::string write_error_;
};

// Writes all of it to standard output. False when the reader is gone or it cannot be written; errno tells which.
bool write_standard_output(std::string_view text);

}  // namespace llmgw
