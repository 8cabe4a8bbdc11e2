#include <cstdio>

#include <CLI/CLI.hpp>

#include "cli/commands/all.hpp"
#include "cli/commands/usage.hpp"
#include "cli/demo/demo_client.hpp"
#include "cli/demo/simulated_provider.hpp"
#include "cli/demo/temporary_directory.hpp"
#include "cli/keys/presence.hpp"
#include "cli/runtime.hpp"
#include "cli/service.hpp"
#include "core/secrets/client_key.hpp"
#include "core/secrets/keychain_child.hpp"
#include "core/telemetry/log.hpp"
#include "core/util/file.hpp"
#include "core/util/sha256.hpp"

namespace llmgw {
namespace {

// Events that the client has when it goes away: some words into the answer.
constexpr std::size_t leave_after = 11;

std::vector<DemoCall> calls() {
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
        {"The route \"careful\": its first provider is overloaded, the second one answers", DialectId::anthropic,
         "/v1/messages", "find-bug",
         R"({"model":"careful","max_tokens":200,"stream":true,)"
         R"("messages":[{"role":"user","content":"And on a bad day?"}]})"},
        {"A stream that is cut and read on ([streams] resume)", DialectId::anthropic, "/v1/messages", "write-docs",
         R"({"model":"claude-haiku-4-5","max_tokens":200,"stream":true,)"
         R"("messages":[{"role":"user","content":"What if my laptop sleeps?"}]})",
         leave_after},
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
        const auto client_key = make_client_key();
        auto snapshot = runtime.make_snapshot(configuration(*provider_port, key_file),
                                              {AllowedKey{"demo", sha256_hex(client_key), ""}});
        if (!snapshot) { return report_error(snapshot.error()); }
        runtime.keep_streams();
        runtime.start(*snapshot);
        Service service(runtime.gateway(), ServerOptions{});
        const auto port = service.start();
        if (!port) { return report_error(port.error()); }

        std::printf("A gateway on http://127.0.0.1:%d, a simulated provider behind it. No key, no network.\n", *port);
        const DemoClient client(*port, client_key);
        int number = 0;
        for (const auto& call : calls()) {
            std::printf("\n%s\n", strong(std::to_string(++number) + ". " + call.title).c_str());
            if (auto done = client.show(call); !done) { return report_error(done.error()); }
        }
        service.stop(std::chrono::seconds(2));
        runtime.end_streams();
        runtime.ledger().flush(std::chrono::seconds(5));

        std::printf("\n%s\n", strong("What it cost: llmgw usage --by feature").c_str());
        const auto report = run_usage(UsageArguments{}, inside, SystemClock());
        if (!report) { return report_error(report.error()); }
        std::fputs(report->out.c_str(), stdout);
        std::fputs(report->err.c_str(), stdout);
        std::printf(
            "\nNothing was written outside a temporary directory, which is gone now.\n"
            "Next: %s, then llmgw serve, then eval \"$(llmgw env claude)\".\n",
            first_key_remedy(native_keychain_obstacle().empty()).c_str());
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
        ProviderConfig overloaded = config.providers.front();
        overloaded.name = "overloaded";
        overloaded.type = "anthropic";
        overloaded.base_url = base + std::string(overloaded_path);
        config.providers.push_back(std::move(overloaded));
        RouteConfig careful;
        careful.name = "careful";
        careful.targets = {"overloaded/claude-haiku-4-5", "anthropic/claude-haiku-4-5"};
        config.routes.push_back(std::move(careful));
        config.streams.resume = true;
        return config;
    }

    std::string strong(const std::string& text) const { return env_.color ? "\033[1m" + text + "\033[0m" : text; }

    const Environment& env_;
    TemporaryDirectory directory_;
};

}  // namespace

std::function<int()> define_demo(CLI::App&, const Environment& env) {
    return [&env] { return Demo(env).run(); };
}

}  // namespace llmgw
