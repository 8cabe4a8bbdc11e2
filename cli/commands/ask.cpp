#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/answer_text.hpp"
#include "cli/ask_request.hpp"
#include "cli/commands/all.hpp"
#include "cli/runtime.hpp"
#include "core/net/drive_stream.hpp"
#include "core/route/resolve.hpp"
#include "core/telemetry/log.hpp"
#include "core/util/file.hpp"
#include "core/util/sse.hpp"

namespace llmgw {
namespace {

struct Options {
    std::vector<std::string> words;
    std::string feature;
    std::string model;
    std::string system;
    std::string user;
    std::int64_t max_tokens = 0;
    bool no_stream = false;
};

// Ctrl-C closes this pair's far end; to the gateway that is a client going away, so what was spent is recorded.
int interrupt_fd = -1;
volatile std::sig_atomic_t interrupted = 0;

void on_interrupt(int) {
    interrupted = 1;
    ::shutdown(interrupt_fd, SHUT_RDWR);
}

// Standard output as the gateway's client.
class Terminal final : public ClientStream {
public:
    Terminal(DialectId dialect, bool events, int watch_fd) : dialect_(dialect), events_(events), fd_(watch_fd) {}

    bool write(std::string_view bytes) override {
        if (!events_) {
            body_.append(bytes);
            return true;
        }
        for (const auto& event : framer_.feed(bytes)) {
            if (!event.data.empty() && !say(event_text(dialect_, event.data))) { return false; }
            if (event.name == "error" || event.data.starts_with("{\"error\"")) { error_ = error_text(event.data); }
            if (event.name == "response.failed") { error_ = std::string(event.data); }
        }
        return true;
    }
    bool flush() override { return std::fflush(stdout) == 0; }
    bool try_flush() override { return flush(); }
    int fd() const override { return fd_; }

    bool say(const std::string& text) {
        if (text.empty()) { return true; }
        last_ = text.back();
        if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) { return true; }
        broken_pipe_ = errno == EPIPE;
        return false;
    }
    void end_line() {
        if (last_ != '\n' && last_ != '\0') { std::fputc('\n', stdout); }
        std::fflush(stdout);
    }
    const std::string& body() const { return body_; }
    const std::string& error() const { return error_; }
    bool broken_pipe() const { return broken_pipe_; }

private:
    DialectId dialect_;
    bool events_;
    int fd_;
    SseFramer framer_;
    std::string body_;
    std::string error_;
    char last_ = '\0';
    bool broken_pipe_ = false;
};

std::string read_stdin() {
    std::string text;
    std::array<char, 8192> buffer{};
    while (const auto n = std::fread(buffer.data(), 1, buffer.size(), stdin)) {
        text.append(buffer.data(), n);
    }
    return text;
}

Result<std::string> prompt_of(const Options& options) {
    std::string prompt;
    for (const auto& word : options.words) {
        prompt += (prompt.empty() ? "" : " ") + word;
    }
    if (::isatty(STDIN_FILENO) == 0) {
        auto piped = read_stdin();
        while (!piped.empty() && piped.back() == '\n') {
            piped.pop_back();
        }
        if (!piped.empty()) { prompt += (prompt.empty() ? "" : "\n\n") + piped; }
    }
    if (prompt.empty()) {
        return fail(ErrorKind::usage, "nothing to ask: give a prompt as arguments or on standard input");
    }
    return prompt;
}

int answer_failed(int status, const std::string& message) {
    std::fprintf(stderr, "llmgw: %s\n", message.c_str());
    if (interrupted != 0) { return exit_code::interrupted; }
    return status == 401 || status == 403 ? exit_code::credential : exit_code::upstream;
}

int run(const Options& options, const Environment& env) {
    auto config = load_config(env.config_path, false);
    if (!config) { return report_error(config.error()); }
    auto prompt = prompt_of(options);
    if (!prompt) { return report_error(prompt.error()); }
    if (auto made = ensure_private_dir(env.data_dir); !made) { return report_error(made.error()); }
    config->server.require_key = false;  // nobody else can reach a gateway inside this process
    set_log_level(LogLevel::error);
    Runtime runtime(env.self, env.data_dir, config->log);
    auto snapshot = runtime.make_snapshot(std::move(*config), {});
    if (!snapshot) { return report_error(snapshot.error()); }

    const auto dialect = dialect_for(options.model, (*snapshot)->providers);
    const auto target = resolve_model(options.model, dialect, (*snapshot)->providers);
    if (!target) { return report_error({ErrorKind::usage, target.error().message}); }
    if (auto key = (*snapshot)->keys->key_of(*target->provider); !key) { return report_error(key.error()); }

    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) { return exit_code::failed; }
    interrupt_fd = pair[1];
    std::signal(SIGINT, &on_interrupt);

    const auto request =
        ask_request(dialect, {options.model, options.system, *prompt, options.max_tokens, !options.no_stream});
    HttpRequest head;
    head.method = "POST";
    head.target = request.path;
    head.headers = {{"host", "localhost"},
                    {"content-type", "application/json"},
                    {"user-agent", "llmgw-ask"},
                    {"x-llmgw-feature", options.feature}};
    if (!options.user.empty()) { head.headers.emplace_back("x-llmgw-user", options.user); }
    // The version this request is written for; providers refuse Messages calls without one.
    if (dialect == DialectId::anthropic) { head.headers.emplace_back("anthropic-version", "2023-06-01"); }

    runtime.start(*snapshot);
    auto reply = runtime.gateway().handle(
        head, [&] { return Result<std::string>(request.body); }, Watch{pair[0], -1});
    const auto type = find_header(reply.headers, "content-type");
    Terminal terminal(dialect, type.starts_with("text/event-stream"), pair[0]);
    bool whole = true;
    if (reply.stream) {
        whole = drive_stream(*reply.stream, terminal, Watch{pair[0], -1});
    } else if (reply.pump) {
        whole = reply.pump(terminal);
    } else {
        terminal.write(reply.body);
    }
    if (reply.status >= 300) { return answer_failed(reply.status, error_text(terminal.body())); }
    if (!terminal.body().empty()) { terminal.say(answer_text(dialect, terminal.body())); }
    terminal.end_line();
    if (terminal.broken_pipe()) { return exit_code::done; }
    if (interrupted != 0) { return exit_code::interrupted; }
    if (!terminal.error().empty()) { return answer_failed(500, terminal.error()); }
    if (!whole) { return answer_failed(500, "the answer ended early"); }
    return exit_code::done;
}

}  // namespace

std::function<int()> define_ask(CLI::App& app, const Environment& env) {
    auto options = std::make_shared<Options>();
    app.add_option("PROMPT", options->words, "The prompt; standard input is appended");
    app.add_option("--feature", options->feature, "What the money is spent for")->envname("LLMGW_FEATURE")->required();
    app.add_option("-m,--model", options->model, "provider/model, or a model's name")
        ->envname("LLMGW_MODEL")
        ->required();
    app.add_option("--system", options->system, "System prompt");
    app.add_option("--user", options->user, "Who asks, for the log");
    app.add_option("--max-tokens", options->max_tokens, "Longest answer, in tokens")->check(CLI::PositiveNumber);
    app.add_flag("--no-stream", options->no_stream, "Ask for the whole answer at once");
    return [options, &env] { return run(*options, env); };
}

}  // namespace llmgw
