#include <cstdio>
#include <fstream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/ask/answer_text.hpp"
#include "cli/commands/all.hpp"
#include "cli/commands/usage.hpp"
#include "cli/demo/simulated_provider.hpp"
#include "cli/demo/temporary_directory.hpp"
#include "cli/runtime.hpp"
#include "cli/service.hpp"
#include "core/net/http_transport.hpp"
#include "core/secrets/client_key.hpp"
#include "core/telemetry/log.hpp"
#include "core/util/file.hpp"
#include "core/util/sha256.hpp"
#include "core/util/sse.hpp"

namespace llmgw {
namespace {

struct Call {
    std::string title;
    DialectId dialect;
    std::string path;
    std::string feature;
    std::string body;
};

std::vector<Call> calls() {
    return {
        {"Anthropic Messages, streamed", DialectId::anthropic, "/v1/messages", "write-docs",
         R"({"model":"claude-haiku-4-5","max_tokens":200,"stream":true,)"
         R"("messages":[{"role":"user","content":"What is a gateway for?"}]})"},
        {"OpenAI Chat, with a tool", DialectId::openai_chat, "/v1/chat/completions", "find-bug",
         R"({"model":"gpt-5-mini","messages":[{"role":"user","content":"Why does checkout fail?"}],)"
         R"("tools":[{"type":"function","function":{"name":"search_logs","parameters":{"type":"object"}}}]})"},
        {"Gemini generateContent, refused by the provider", DialectId::gemini,
         "/v1beta/models/gemini-2.5-flash:generateContent", "summaries",
         R"({"contents":[{"role":"user","parts":[{"text":"Summarise."}]}]})"},
    };
}

class Demo {
public:
    explicit Demo(const Environment& env) : env_(env) {}

    int run() {
        if (directory_.path().empty()) { return report_error({ErrorKind::io, "cannot make a temporary directory"}); }
        set_log_level(LogLevel::error);
        SimulatedProvider provider(std::chrono::milliseconds(env_.stdout_is_tty ? 40 : 2));
        const auto provider_port = provider.start();
        if (!provider_port) { return report_error(provider_port.error()); }

        Environment inside = env_;
        inside.data_dir = directory_.path() + "/data";
        if (auto made = ensure_private_dir(inside.data_dir); !made) { return report_error(made.error()); }
        const auto key_file = inside.data_dir + "/provider_key";
        if (auto written = write_private_file(key_file, "demo-provider-key-0000"); !written) {
            return report_error(written.error());
        }
        Runtime runtime(env_.self, inside.data_dir, LogConfig{});
        client_key_ = make_client_key();
        auto snapshot = runtime.make_snapshot(configuration(*provider_port, key_file),
                                              {AllowedKey{"demo", sha256_hex(client_key_), ""}});
        if (!snapshot) { return report_error(snapshot.error()); }
        runtime.start(*snapshot);
        Service service(runtime.gateway(), ServerOptions{});
        const auto port = service.start();
        if (!port) { return report_error(port.error()); }

        std::printf("A gateway on http://127.0.0.1:%d, a simulated provider behind it. No key, no network.\n", *port);
        auto transport = make_http_transport();
        int number = 0;
        for (const auto& call : calls()) {
            std::printf("\n%s\n", strong(std::to_string(++number) + ". " + call.title).c_str());
            if (auto done = show(*transport, *port, call); !done) { return report_error(done.error()); }
        }
        service.stop(std::chrono::seconds(2));
        runtime.ledger().flush(std::chrono::seconds(5));

        std::printf("\n%s\n", strong("What it cost: llmgw usage --by feature").c_str());
        const auto report = run_usage(UsageArguments{}, inside, SystemClock());
        if (!report) { return report_error(report.error()); }
        std::fputs(report->out.c_str(), stdout);
        std::fputs(report->err.c_str(), stdout);
        std::printf(
            "\nNothing was written outside a temporary directory, which is gone now.\n"
            "Next: llmgw keys set anthropic, then llmgw serve, then eval \"$(llmgw env claude)\".\n");
        return exit_code::done;
    }

private:
    static Config configuration(int provider_port, const std::string& key_file) {
        Config config;
        const std::string base = "http://127.0.0.1:" + std::to_string(provider_port);
        for (const std::string name : {"anthropic", "openai", "gemini"}) {
            ProviderConfig provider;
            provider.name = name;
            provider.base_url = base + (name == "openai" ? "/v1" : "");
            provider.api_key = "file:" + key_file;
            config.providers.push_back(std::move(provider));
        }
        return config;
    }

    Result<> show(Transport& transport, int port, const Call& call) const {
        UpstreamRequest request;
        request.url = "http://127.0.0.1:" + std::to_string(port) + call.path;
        request.headers = {{"Content-Type", "application/json"},
                           {"x-llmgw-key", client_key_},
                           {"x-llmgw-feature", call.feature},
                           {"anthropic-version", "2023-06-01"}};
        request.body = call.body;
        std::printf("   POST %s   x-llmgw-feature: %s\n", call.path.c_str(), call.feature.c_str());
        auto response = transport.open(request, Watch{});
        if (!response) { return std::unexpected(response.error()); }
        const bool events = find_header((*response)->headers(), "content-type").starts_with("text/event-stream");
        std::printf("   %d  ", (*response)->status());
        std::string body;
        SseFramer framer;
        for (;;) {
            const auto chunk = (*response)->read(Watch{}, std::chrono::seconds(10));
            if (!chunk) { return std::unexpected(chunk.error()); }
            if (events) {
                for (const auto& event : framer.feed(chunk->bytes)) {
                    std::fputs(event_text(call.dialect, event.data).text.c_str(), stdout);
                    std::fflush(stdout);
                }
            } else {
                body.append(chunk->bytes);
            }
            if (chunk->end) { break; }
        }
        if (!events) { std::fputs(summary(call, (*response)->status(), body).c_str(), stdout); }
        std::printf("\n");
        return {};
    }

    static std::string summary(const Call& call, int status, const std::string& body) {
        if (status >= 300) { return error_text(body); }
        const auto answer = nlohmann::json::parse(body, nullptr, false);
        const auto pointer = nlohmann::json::json_pointer("/choices/0/message/tool_calls/0/function");
        if (answer.is_object() && answer.contains(pointer)) {
            const auto& function = answer[pointer];
            return "calls " + function.value("name", "") + "(" + function.value("arguments", "") + ")";
        }
        return answer_text(call.dialect, body).text;
    }

    std::string strong(const std::string& text) const { return env_.color ? "\033[1m" + text + "\033[0m" : text; }

    const Environment& env_;
    TemporaryDirectory directory_;
    std::string client_key_;
};

}  // namespace

std::function<int()> define_demo(CLI::App&, const Environment& env) {
    return [&env] { return Demo(env).run(); };
}

}  // namespace llmgw
