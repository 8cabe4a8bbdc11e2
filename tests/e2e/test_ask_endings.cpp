// How `llmgw ask` ends: providers that fail, models that refuse, Ctrl-C, readers that go away, and on a terminal.
#include <array>
#include <csignal>
#include <cstdlib>

#include <doctest/doctest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/ask_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using nlohmann::json;

namespace {

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// llmgw on a terminal of its own: what it writes there, and its exit code.
class OnTerminal {
public:
    OnTerminal(const TestHome& home, std::vector<std::string> arguments, Variables more = {}) {
        arguments.insert(arguments.begin(), gateway_binary());
        auto variables = home.environment();
        variables.emplace_back("TERM", "xterm-256color");
        variables.insert(variables.end(), more.begin(), more.end());
        std::vector<std::string> pairs;
        for (const auto& [name, value] : variables) {
            pairs.push_back(name + "=" + value);
        }
        std::vector<char*> argv;
        for (auto& argument : arguments) {
            argv.push_back(argument.data());
        }
        argv.push_back(nullptr);
        std::vector<char*> env;
        for (auto& pair : pairs) {
            env.push_back(pair.data());
        }
        env.push_back(nullptr);
        winsize size{24, 80, 0, 0};
        int master = -1;
        pid_ = ::forkpty(&master, nullptr, nullptr, &size);
        if (pid_ == 0) {
            ::execve(argv[0], argv.data(), env.data());
            ::_exit(127);
        }
        master_ = Socket(master);
    }
    ~OnTerminal() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }

    bool read_until(const std::string& text) {
        while (out_.find(text) == std::string::npos) {
            if (!read_more()) { return false; }
        }
        return true;
    }
    void type(std::string_view keys) const { REQUIRE(::write(master_.fd(), keys.data(), keys.size()) > 0); }
    int wait() {
        while (read_more()) {}
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    // Line ends as the program wrote them; the terminal makes CRLF of each.
    std::string out() const {
        std::string text;
        for (const char c : out_) {
            if (c != '\r') { text += c; }
        }
        return text;
    }

private:
    bool read_more() {
        pollfd readable{master_.fd(), POLLIN, 0};
        if (::poll(&readable, 1, static_cast<int>(patience.count())) <= 0) { return false; }
        char buffer[4096];
        // The end of a terminal is told as an error.
        const auto n = ::read(master_.fd(), buffer, sizeof buffer);
        if (n > 0) { out_.append(buffer, static_cast<std::size_t>(n)); }
        return n > 0;
    }

    pid_t pid_ = -1;
    Socket master_;
    std::string out_;
};

// Sends the text and then nothing, until the client goes away; `gone` is set then.
void answer_and_wait(AskWorld& w, const std::string& text, Signal& gone) {
    const auto events = message_events(text, 4096);
    w.world.upstream.handle([events, &gone](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk(events[0] + events[1] + events[2]);
        if (connection.wait_peer_closed()) { gone.set(); }
    });
}

const std::vector<std::string> question{"ask", "--feature", "f", "-m", "claude-haiku-4-5", "hi"};

}  // namespace

TEST_SUITE("ask") {
    TEST_CASE("ask: a provider that fails, in each dialect: its reason on standard error, 6 or 4") {
        AskWorld w;
        struct Row {
            int status;
            int exit;
        };
        for (const std::string provider : {"anthropic", "openai", "resp", "gemini"}) {
            for (const Row row : {Row{401, 4}, Row{400, 6}, Row{429, 6}, Row{500, 6}, Row{529, 6}}) {
                CAPTURE(provider);
                CAPTURE(row.status);
                const auto model = provider + "/fake-" + std::to_string(row.status);
                const auto result = w.run({"--feature", "f", "-m", model, "hi"});
                CHECK(result.exit == row.exit);
                CHECK(result.out == "");
                CHECK(says(result.err, "llmgw: " + provider + " answered with an error ("));
                CHECK(says(result.err, "the fake provider was asked to fail"));
                CHECK(says(result.err, "Is its key right? If not, put another into LLMGW_TEST_PROVIDER_KEY.\n") ==
                      (row.status == 401));
                CHECK_FALSE(says(result.err, "llmgw keys set"));
            }
        }
        CHECK(w.rows(20).size() == 20);
    }

    TEST_CASE("ask: an error inside a stream, in each dialect") {
        AskWorld w;
        for (const auto& one : ask_models()) {
            CAPTURE(one.model);
            const auto& wire = canned::wire(one.dialect);
            w.world.upstream.handle([&](const RecordedRequest&, UpstreamConnection& connection) {
                connection.start_sse();
                connection.chunk(canned::stream_error(one.dialect, "too many\x1b[2J"));
                connection.finish();
            });
            const auto result = w.run({"--feature", "f", "-m", one.model, "hi"});
            CHECK(result.exit == 6);
            CHECK(result.out == "");
            CHECK(says(result.err, "too many"));
            CHECK_FALSE(says(result.err, "\x1b"));
            // One that ends in mid-answer.
            w.world.upstream.handle([&](const RecordedRequest&, UpstreamConnection& connection) {
                connection.start_sse();
                connection.chunk(canned::without_last(wire.events, wire.events.size() > 4 ? 3 : 1));
                connection.finish();
            });
            const auto cut = w.run({"--feature", "f", "-m", one.model, "hi"});
            CHECK(cut.exit == 6);
            CHECK(says(cut.out, "Hello"));
            CHECK(says(cut.err, "ended its stream before the answer was complete"));
        }
    }

    TEST_CASE("ask: nobody listens") {
        AskWorld w("[providers.down]\ntype = \"openai\"\nbase_url = \"http://127.0.0.1:1/v1\"\napi_key = \"none\"\n");
        const auto result = w.run({"--feature", "f", "-m", "down/x", "hi"});
        CHECK(result.exit == 6);
        CHECK(result.out == "");
        CHECK(says(result.err, "cannot reach http://127.0.0.1:1: "));
        CHECK(text(w.rows(1)[0], "ending") == "failed");
    }

    TEST_CASE("ask: a model that refuses, and an answer that was cut") {
        AskWorld w;
        w.world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply_json(
                200,
                R"({"id":"r","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":"I will not."},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})");
        });
        auto result = w.run({"--no-stream", "--feature", "f", "-m", "gpt-5-mini", "hi"});
        CHECK(result.exit == 1);
        CHECK(result.out == "");
        CHECK(says(result.err, "the model answered without text: I will not."));
        w.world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply_json(
                200, R"({"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3}})");
        });
        result = w.run({"--no-stream", "--feature", "f", "-m", "gemini-2.5-flash", "hi"});
        CHECK(result.exit == 1);
        CHECK(says(result.err, "the prompt was blocked: SAFETY"));
        w.world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply_json(
                200,
                R"({"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hel"}],"stop_reason":"max_tokens","usage":{"input_tokens":3,"output_tokens":2}})");
        });
        result = w.ask({"--no-stream", "hi"});
        CHECK(result.exit == 0);
        CHECK(result.out == "Hel\n");
        CHECK(says(result.err,
                   "warning: the answer was cut at the limit of its tokens (max_tokens); --max-tokens N allows more"));

        // It began, and was ended for what it says.
        w.world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply_json(
                200,
                R"({"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hel"}],"stop_reason":"refusal","stop_details":{"type":"refusal","category":null,"explanation":"No more of this."},"usage":{"input_tokens":3,"output_tokens":2}})");
        });
        result = w.ask({"--no-stream", "hi"});
        CHECK(result.exit == 0);
        CHECK(result.out == "Hel\n");
        CHECK(result.err == "llmgw: warning: the answer was ended for what is in it (refusal): No more of this.\n");
        w.world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply_json(
                200,
                R"({"id":"r","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hel"},"finish_reason":"content_filter"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})");
        });
        result = w.run({"--no-stream", "--feature", "f", "-m", "gpt-5-mini", "hi"});
        CHECK(result.exit == 0);
        CHECK(result.err == "llmgw: warning: the answer was ended for what is in it (content_filter)\n");
    }

    TEST_CASE("ask: Ctrl-C ends it with 130, the provider is let go, what was spent is recorded") {
        std::array<Signal, 2> goings;  // outlive the upstream, whose threads set them
        AskWorld w;
        for (const int signal : {SIGINT, SIGTERM}) {
            auto& gone = goings[signal == SIGINT ? 0 : 1];
            answer_and_wait(w, "Once upon", gone);
            auto arguments = question;
            arguments.insert(arguments.begin(), gateway_binary());
            ChildProcess child(arguments, w.world.home.environment());
            REQUIRE(w.world.upstream.wait_requests(1));
            CHECK(child.wait_out("Once upon"));
            child.signal(signal);
            CHECK(child.wait() == 130);
            CHECK(gone.wait());
            CHECK(child.out() == "Once upon\n");
            CHECK(says(child.err(), "llmgw: interrupted; what was spent is in the log (call "));
            w.world.upstream.clear();
        }
        const auto rows = w.rows(2);
        REQUIRE(rows.size() == 2);
        for (const auto& row : rows) {
            CHECK(text(row, "ending") == "cancelled");
            CHECK(text(row, "cost_basis") == "partial");
            CHECK(text(row, "input_tokens") == std::to_string(canned::input_tokens));
            CHECK_FALSE(is_null(row, "cost_nano"));
        }
        // What came is kept, and -c can go on from it.
        w.world.upstream.handle(canned::answer);
        CHECK(w.run({"-c", "--feature", "f", "go on"}).exit == 0);
        CHECK(w.sent()["messages"][1]["content"] == "Once upon");
    }

    TEST_CASE("ask: Ctrl-C before the provider answered") {
        AskWorld w;
        w.world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) { connection.stall(); });
        auto arguments = question;
        arguments.insert(arguments.begin(), gateway_binary());
        ChildProcess child(arguments, w.world.home.environment());
        REQUIRE(w.world.upstream.wait_requests(1));
        child.signal(SIGINT);
        CHECK(child.wait() == 130);
        const auto rows = w.rows(1);
        REQUIRE(rows.size() == 1);
        CHECK(text(rows[0], "ending") == "cancelled");
        CHECK(text(rows[0], "cost_basis") == "estimated");
        CHECK(json::parse(w.run({"--list", "--json"}).out).empty());
    }

    TEST_CASE("ask: a reader that has read enough is a success, and stops a model that goes on") {
        Signal gone;  // outlives the upstream, whose threads set it
        AskWorld w;
        answer_and_wait(w, "line 1\nline 2\nline", gone);
        std::vector<std::string> argv{"sh", "-c", R"({ "$0" "$@"; echo "exit $?" >&2; } | head -n 1)",
                                      gateway_binary()};
        argv.insert(argv.end(), question.begin(), question.end());
        ChildProcess child(argv, w.world.home.environment());
        CHECK(child.wait() == 0);
        CHECK(gone.wait());
        CHECK(child.out() == "line 1\n");
        CHECK(child.err() == "exit 0\n");
        const auto rows = w.rows(1);
        REQUIRE(rows.size() == 1);
        CHECK(text(rows[0], "ending") == "cancelled");
        CHECK_FALSE(is_null(rows[0], "cost_nano"));

        w.world.upstream.handle(canned::answer);
        std::vector<std::string> full{"sh", "-c", R"("$0" "$@" >/dev/full)", gateway_binary()};
        full.insert(full.end(), question.begin(), question.end());
        ChildProcess unwritable(full, w.world.home.environment());
        CHECK(unwritable.wait() == 1);
        CHECK(says(unwritable.err(), "cannot write standard output: No space left on device"));
    }

    TEST_CASE("ask: on a terminal Markdown is rendered, and nothing in the answer is obeyed") {
        AskWorld w;
        const std::string answer = "# Title\n\nSome **bold** and `code`.\n- item\n\x1b]0;evil\x07\x1b[2Jend";
        w.answer_with(answer);
        OnTerminal rendered(w.world.home, question);
        CHECK(rendered.wait() == 0);
        CHECK(rendered.out() ==
              "\x1b[1;35mTitle\x1b[0m\n\nSome \x1b[1mbold\x1b[0m and \x1b[36mcode\x1b[0m.\n\x1b[2m• \x1b[0mitem\n"
              "\xef\xbf\xbd]0;evil\xef\xbf\xbd\xef\xbf\xbd[2Jend\n");
        auto arguments = question;
        arguments.emplace_back("--plain");
        const std::string raw =
            "# Title\n\nSome **bold** and `code`.\n- item\n\xef\xbf\xbd]0;evil\xef\xbf\xbd\xef\xbf\xbd[2Jend\n";
        OnTerminal plain(w.world.home, arguments);
        CHECK(plain.wait() == 0);
        CHECK(plain.out() == raw);
        OnTerminal no_color(w.world.home, question, {{"NO_COLOR", "1"}});
        CHECK(no_color.wait() == 0);
        CHECK(no_color.out() == raw);
        // Into a pipe or a file goes what the model said, byte for byte.
        CHECK(w.ask({"hi"}).out == answer + "\n");
    }

    TEST_CASE("ask: on a terminal the answer shows while it comes; Ctrl-C there") {
        Signal gone;  // outlives the upstream, whose threads set it
        AskWorld w;
        answer_and_wait(w, "First words **bold** and more", gone);
        OnTerminal terminal(w.world.home, question);
        CHECK(terminal.read_until("and more"));
        CHECK_FALSE(gone.is_set());
        terminal.type("\x03");
        CHECK(terminal.wait() == 130);
        CHECK(gone.wait());
        CHECK(says(terminal.out(), "interrupted; what was spent is in the log"));
        OnTerminal nothing(w.world.home, {"ask", "--feature", "f", "-m", "claude-haiku-4-5"});
        CHECK(nothing.wait() == 2);
        CHECK(says(nothing.out(), "nothing to ask"));
    }
}
