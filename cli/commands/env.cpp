#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands/all.hpp"
#include "core/config/config.hpp"
#include "core/config/listen.hpp"
#include "core/secrets/client_key.hpp"
#include "core/util/url.hpp"

namespace llmgw {
namespace {

struct Options {
    std::string agent;
    std::string shell = "sh";
    std::string feature;
    std::string listen;
    std::string config;
    bool passthrough = false;
};

struct Variable {
    std::string name;
    std::string value;
};

struct Setup {
    std::vector<Variable> variables;
    std::string file;     // what goes into a configuration file, with its name in the first line; "" for none
    std::string comment;  // one line for people
};

struct Facts {
    std::string base;  // http://host:port or http://host:port/f/NAME
    std::string key;
    std::string feature;
    bool passthrough;
};

Setup claude(const Facts& f) {
    if (f.passthrough) {
        return {{{"ANTHROPIC_BASE_URL", f.base}, {"ANTHROPIC_CUSTOM_HEADERS", "x-llmgw-key: " + f.key}},
                "",
                "Claude Code keeps its own login; [providers.anthropic] needs api_key = \"passthrough\"."};
    }
    return {{{"ANTHROPIC_BASE_URL", f.base}, {"ANTHROPIC_AUTH_TOKEN", f.key}}, "", "Then run: claude"};
}

Setup codex(const Facts& f) {
    std::string file =
        "# ~/.codex/config.toml\n"
        "model_provider = \"llmgw\"\n"
        "\n"
        "[model_providers.llmgw]\n"
        "name = \"llmgw\"\n"
        "base_url = \"" +
        f.base +
        "/v1\"\n"
        "wire_api = \"responses\"\n";
    if (f.passthrough) {
        file += "requires_openai_auth = true\nenv_http_headers = { \"x-llmgw-key\" = \"LLMGW_KEY\" }\n";
    } else {
        file += "env_key = \"LLMGW_KEY\"\n";
    }
    return {{{"LLMGW_KEY", f.key}}, file, "Codex reads its provider from a file; the key stays in the environment."};
}

Setup gemini(const Facts& f) {
    if (f.passthrough) {
        return {{{"GOOGLE_GEMINI_BASE_URL", f.base}, {"GEMINI_CLI_CUSTOM_HEADERS", "x-llmgw-key: " + f.key}},
                "",
                "Gemini CLI keeps its own key; [providers.gemini] needs api_key = \"passthrough\"."};
    }
    return {{{"GOOGLE_GEMINI_BASE_URL", f.base}, {"GEMINI_API_KEY", f.key}},
            "",
            "In ~/.gemini/settings.json, security.auth.selectedType is \"gemini-api-key\"."};
}

Setup opencode(const Facts& f) {
    const std::string file =
        "// opencode.json, in the project or in ~/.config/opencode\n"
        "{\n"
        "  \"$schema\": \"https://opencode.ai/config.json\",\n"
        "  \"provider\": {\n"
        "    \"anthropic\": { \"options\": { \"baseURL\": \"" +
        f.base +
        "/v1\", \"apiKey\": \"{env:LLMGW_KEY}\" } },\n"
        "    \"openai\": { \"options\": { \"baseURL\": \"" +
        f.base +
        "/v1\", \"apiKey\": \"{env:LLMGW_KEY}\" } },\n"
        "    \"google\": { \"options\": { \"baseURL\": \"" +
        f.base +
        "/v1beta\", \"apiKey\": \"{env:LLMGW_KEY}\" } }\n"
        "  }\n"
        "}\n";
    return {
        {{"LLMGW_KEY", f.key}}, file, "opencode reads its providers from a file; the key stays in the environment."};
}

Setup curl(const Facts& f) {
    return {{{"LLMGW_URL", f.base}, {"LLMGW_KEY", f.key}},
            "",
            "Try: curl \"$LLMGW_URL/v1/models\" -H \"Authorization: Bearer $LLMGW_KEY\""};
}

Setup cursor(const Facts& f) {
    const auto path = f.feature.empty() ? std::string("/f/cursor") : f.base.substr(f.base.find("/f/"));
    return {{{"LLMGW_KEY", f.key}},
            "# Cursor, Settings > Models\n"
            "Override OpenAI Base URL:  https://TUNNEL" +
                path +
                "/v1\n"
                "OpenAI API Key:            the value of LLMGW_KEY\n",
            "Cursor's own servers make the calls: TUNNEL is the name of a public https tunnel to this gateway, which "
            "[server] allowed_hosts has to have too."};
}

struct Agent {
    std::string_view name;
    Setup (*setup)(const Facts&);
    bool has_own_key = true;  // can send a credential of its own beside llmgw's key
};
constexpr std::array<Agent, 6> agents{{{"claude", &claude},
                                       {"codex", &codex},
                                       {"gemini", &gemini},
                                       {"opencode", &opencode},
                                       {"cursor", &cursor, false},
                                       {"curl", &curl}}};

// A single-quoted word of the shell.
std::string quoted(const std::string& text, const std::string& shell) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') {
            out += shell == "powershell" ? "''" : "'\\''";
        } else if (c == '\\' && shell == "fish") {
            out += "\\\\";
        } else {
            out += c;
        }
    }
    return out + "'";
}

std::string assignment(const Variable& variable, const std::string& shell) {
    const auto value = quoted(variable.value, shell);
    if (shell == "fish") { return "set -gx " + variable.name + " " + value; }
    if (shell == "powershell") { return "$env:" + variable.name + " = " + value; }
    return "export " + variable.name + "=" + value;
}

// The address clients use: a server that listens everywhere is reached on loopback from here.
Result<std::string> base_url(const Options& options, const Config& config) {
    auto listen = parse_listen(options.listen.empty() ? config.server.listen : options.listen);
    if (!listen) { return std::unexpected(listen.error()); }
    if (!options.listen.empty() && listen->port == 0) {
        return fail(ErrorKind::usage, "port 0 is no address for a client");
    }
    if (listen->host == "0.0.0.0" || listen->host == "::") { listen->host = "127.0.0.1"; }
    return "http://" + to_string(*listen);
}

int run(const Options& options, const Environment& env) {
    const auto& agent = *std::ranges::find(agents, options.agent, &Agent::name);
    if (options.passthrough && !agent.has_own_key) {
        return report_error(
            {ErrorKind::usage, options.agent + " sends one key only: --passthrough does not go with it"});
    }
    auto config = load_config(options.config.empty() ? env.config_path : options.config, !options.config.empty());
    if (!config) { return report_error(config.error()); }
    auto base = base_url(options, *config);
    if (!base && !options.listen.empty()) {
        return report_error({ErrorKind::usage, "--listen: " + base.error().message});
    }
    if (!base) { return report_error(base.error()); }
    auto keychain = make_system_keychain(env.self, std::chrono::seconds(5));
    auto key = read_client_key(env.data_dir, keychain.get());
    if (!key && key.error().kind == ErrorKind::not_found) {
        // Whichever comes first, `env` or `serve`, makes the key.
        if (auto made = ensure_client_key(env.data_dir, keychain.get()); !made) { return report_error(made.error()); }
        key = read_client_key(env.data_dir, keychain.get());
    }
    if (!key) { return report_error(key.error()); }
    Facts facts{*base, *key, options.feature, options.passthrough};
    if (!options.feature.empty()) { facts.base += "/f/" + percent_encode(options.feature); }
    const auto setup = agent.setup(facts);
    for (const auto& variable : setup.variables) {
        std::printf("%s\n", assignment(variable, options.shell).c_str());
    }
    // A file is for the eye, not for the shell that evaluates this output.
    if (!setup.file.empty()) { std::fprintf(stderr, "\n%s\n", setup.file.c_str()); }
    std::fprintf(stderr, "# %s\n", setup.comment.c_str());
    return exit_code::done;
}

}  // namespace

std::function<int()> define_env(CLI::App& app, const Environment& env) {
    auto options = std::make_shared<Options>();
    std::vector<std::string> names;
    for (const auto& agent : agents) {
        names.emplace_back(agent.name);
    }
    app.add_option("AGENT", options->agent, "Which client to set up")->required()->check(CLI::IsMember(names));
    app.add_option("--shell", options->shell, "Whose syntax to print")
        ->check(CLI::IsMember({"sh", "bash", "zsh", "fish", "powershell"}))
        ->capture_default_str();
    app.add_option("--feature", options->feature, "Name the feature in the base URL (/f/NAME)");
    app.add_option("--listen", options->listen,
                   "Where the gateway was told to listen, HOST:PORT, as with `serve --listen`");
    app.add_option("--config", options->config, "Another configuration file, as with `serve --config`");
    app.add_flag("--passthrough", options->passthrough, "The client keeps its own provider credential");
    return [options, &env] { return run(*options, env); };
}

}  // namespace llmgw
