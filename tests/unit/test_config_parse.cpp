#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "core/config/config.hpp"
#include "core/config/load_server.hpp"
#include "core/config/settings.hpp"
#include "tests/unit/secrets_test_help.hpp"

using namespace llmgw;

namespace {

std::string complaint(const std::string& toml) {
    const auto config = parse_config(toml, "c.toml");
    if (config) { return "(no complaint)"; }
    CHECK(config.error().kind == ErrorKind::config);
    return config.error().message;
}

}  // namespace

TEST_CASE("config: every bad line has its place, what is wrong and what was expected") {
    const std::pair<std::string, std::string> cases[] = {
        // unknown
        {"[server]\nlisen = 1\n", R"(c.toml:2:1: unknown key "lisen" in [server]; did you mean "listen"?)"},
        {"[server]\nzzz = 1\n",
         "c.toml:2:1: unknown key \"zzz\" in [server]; expected listen, require_key, allowed_hosts, allowed_origins, "
         "max_body_mb, max_connections, shutdown_grace_s, v1_provider or websocket"},
        {"[sever]\n", R"(c.toml:1:2: unknown key "sever"; did you mean "server"?)"},
        {"[rooms.fast]\ntargets = []\n",
         "c.toml:1:2: unknown key \"rooms\"; expected server, features, timeouts, retries, breaker, log, prices, "
         "streams, "
         "responses, ask, "
         "routing, providers, routes or rules"},
        {"[providers.local]\n  base_uri = \"http://h/v1\"\n",
         R"(c.toml:2:3: unknown key "base_uri" in [providers.local]; did you mean "base_url"?)"},
        // types
        {"server = 1\n", "c.toml:1:1: server must be a table, not an integer"},
        {"[server]\nlisten = 4117\n", "c.toml:2:10: server.listen must be a string, not an integer"},
        {"[server]\nrequire_key = \"yes\"\n", "c.toml:2:15: server.require_key must be true or false, not a string"},
        {"[server]\nmax_body_mb = 6.4\n",
         "c.toml:2:15: server.max_body_mb must be an integer between 1 and 2047, not a number with a fraction"},
        {"[server]\nallowed_hosts = \"a\"\n",
         "c.toml:2:17: server.allowed_hosts must be a list of strings, not a string"},
        {"[server]\nallowed_hosts = [\"a\",\n  2]\n",
         "c.toml:3:3: server.allowed_hosts must be a list of strings, not an integer"},
        {"[providers]\nlocal = \"x\"\n", "c.toml:2:1: providers.local must be a table, not a string"},
        // bounds and words
        {"[server]\nmax_body_mb = 0\n", "c.toml:2:15: server.max_body_mb must be an integer between 1 and 2047, not 0"},
        {"[timeouts]\nidle_s = -5\n", "c.toml:2:10: timeouts.idle_s must be an integer between 1 and 86400, not -5"},
        {"[log]\nlevel = \"inof\"\n",
         R"(c.toml:2:9: log.level must be error, warn, info or debug; did you mean "info"?)"},
        {"[features]\non_missing = \"drop\"\n", "c.toml:2:14: features.on_missing must be reject or untagged"},
        {"[server]\nlisten = \"localhost\"\n",
         "c.toml:2:10: server.listen is no address to listen on: expected HOST:PORT, like 127.0.0.1:4117 or "
         "[::1]:4117"},
        {"[server]\nlisten = \"127.0.0.1:99999\"\n",
         "c.toml:2:10: server.listen is no address to listen on: expected a port between 0 and 65535 after the last "
         "colon"},
        {"[server]\nallowed_hosts = [\"https://a\"]\n",
         "c.toml:2:18: server.allowed_hosts must hold host names only, like \"llmgw.example\": no scheme, port, path "
         "or wildcard"},
        {"[server]\nallowed_hosts = [\"a\", \"a\"]\n", "c.toml:2:23: server.allowed_hosts has this value twice"},
        {"[server]\nallowed_origins = [\"*\"]\n",
         "c.toml:2:20: server.allowed_origins must hold origins like \"https://chat.example\" or "
         "\"http://localhost:3000\": no path, no wildcard"},
        {"[server]\nlisten = \"0.0.0.0:1\"\nrequire_key = false\n",
         "c.toml:3:15: server.listen and server.require_key: require_key = false is only allowed on a loopback address "
         "(127.0.0.1, ::1, localhost): anyone who reaches another one could spend your money"},
        {"[providers.Local]\n",
         "c.toml:1:12: providers.Local: what follows \"providers.\" must be a name of small letters, digits, \".\", "
         "\"_\" and \"-\""},
        {"[providers.local]\ndialects = [\"openai\"]\n",
         "c.toml:2:13: providers.local.dialects must hold anthropic, openai-chat, openai-responses or gemini"},
        {"[providers.local]\ndialects = [\"openai_chat\"]\n",
         "c.toml:2:13: providers.local.dialects must hold anthropic, openai-chat, openai-responses or gemini; did you "
         "mean \"openai-chat\"?"},
        {"[providers.local]\nmodels = [\"\"]\n",
         "c.toml:2:11: providers.local.models must hold model names: not empty, no spaces"},
        // duplicates and syntax
        {"[log]\nlevel = \"info\"\n  level = \"warn\"\n",
         "c.toml:3:3: duplicate: cannot redefine existing string 'level', which is set above"},
        {"[log]\n[log]\n", "c.toml:2:1: duplicate: cannot redefine existing table 'log', which is set above"},
        {"[log]\nlevel = \n", "c.toml:2:9: not valid TOML (key-value pair): expected value, saw '\\n'"},
        {"[log\n", "c.toml:1:5: not valid TOML (table header): expected ']', saw '\\n'"},
    };
    for (const auto& [toml, message] : cases) {
        CAPTURE(toml);
        CHECK(complaint(toml) == message);
    }
}

TEST_CASE("config: all findings are told, in the order of the file") {
    CHECK(complaint("[server]\nmax_body_mb = 0\nlisen = 1\n[log]\nlevel = 3\n") ==
          "c.toml:2:15: server.max_body_mb must be an integer between 1 and 2047, not 0\n"
          "c.toml:3:1: unknown key \"lisen\" in [server]; did you mean \"listen\"?\n"
          "c.toml:5:9: log.level must be a string, not an integer");
}

TEST_CASE("config: a base URL is checked and brought into its normal form") {
    const auto base_url = [](const std::string& url) {
        const auto config = parse_config("[providers.local]\nbase_url = \"" + url + "\"\n", "c.toml");
        return config ? config->providers.at(0).base_url : config.error().message;
    };
    CHECK(base_url("http://127.0.0.1:8080/v1/") == "http://127.0.0.1:8080/v1");
    CHECK(base_url("https://h.example/api/paas/v4") == "https://h.example/api/paas/v4");
    CHECK(base_url("http://[::1]:8080/v1") == "http://[::1]:8080/v1");
    CHECK(base_url("https://h.example//") == "https://h.example");
    for (const std::string bad : {"", "h.example/v1", "ftp://h/v1", "file:///etc/passwd", "https://", "https://:80/v1",
                                  "https://h:x/v1", "https://h:0/v1", "https://h:70000/v1", "https://h/v1?a=b",
                                  "https://h/v1#x", "https://h /v1", "https://user@h/v1", "https://h\\u0001/v1"}) {
        CAPTURE(bad);
        CHECK(base_url(bad).find("providers.local.base_url ") != std::string::npos);
    }
    // A password in a URL does not come out of the message.
    CHECK(base_url("https://user:hunter2pass@h/v1").find("hunter2pass") == std::string::npos);
}

TEST_CASE("config: a key in the file is refused and not repeated") {
    const auto api_key = [](const std::string& value) {
        return complaint("[providers.anthropic]\napi_key = \"" + value + "\"\n");
    };
    for (const std::string key : {"sk-ant-api03-verysecretverysecret", "1234567890abcdef", "hunter2hunter2",
                                  "Bearer abcdefghijkl", "opaque:value:with:colons"}) {
        CAPTURE(key);
        const auto message = api_key(key);
        CHECK(message ==
              "c.toml:2:11: providers.anthropic.api_key holds a key itself, and keys do not belong in this file; store "
              "it with \"llmgw keys set\" and write \"keychain:NAME\" here, or \"env:NAME\", \"file:PATH\" or "
              "\"cmd:COMMAND\"");
    }
    for (const std::string key : {"sk-...", "CHANGEME", "your-key", "YOUR_API_KEY", "<your key>", "sk-xxxxxxxxxxxx",
                                  "sk-ant-...", "${OPENAI_API_KEY}", "change-me"}) {
        CAPTURE(key);
        CHECK(api_key(key).starts_with("c.toml:2:11: providers.anthropic.api_key holds an example value, not a key; "));
    }
    CHECK(api_key("keychian:anthropic") ==
          "c.toml:2:11: providers.anthropic.api_key does not start with a known kind of reference; did you mean "
          "\"keychain:\"?");
    CHECK(api_key("env:NOT A NAME") ==
          "c.toml:2:11: providers.anthropic.api_key must name an environment variable after \"env:\"");
    CHECK(api_key("file:") == "c.toml:2:11: providers.anthropic.api_key has nothing after its \":\"");
    CHECK(api_key("").find("is empty") != std::string::npos);
    // Only the resolver may say auto: it would get round the binding of keys to origins.
    CHECK(api_key("auto:anthropic:ANTHROPIC_API_KEY").find("holds a key itself") != std::string::npos);
    for (const std::string good : {"keychain:anthropic", "env:ANTHROPIC_API_KEY", "file:~/.key",
                                   "cmd:op read op://a/b/c", "passthrough", "none"}) {
        CAPTURE(good);
        CHECK(api_key(good) == "(no complaint)");
    }
}

TEST_CASE("config: a key in any wrong place does not come out of a message") {
    const std::string key = "sk-ant-api03-verysecretverysecret";
    for (const std::string place :
         {"[providers.a]\ntype = \"%\"\n", "[providers.a]\nbase_url = \"%\"\n", "[providers.a]\ndialects = [\"%\"]\n",
          "[log]\nlevel = \"%\"\n", "[server]\nlisten = \"%\"\n", "[providers.%]\n", "[server]\n% = 1\n", "% = 1\n",
          "[providers.a]\napi_key = %\n", "[a]\nx = [%\n"}) {
        std::string toml = place;
        toml.replace(toml.find('%'), 1, key);
        CAPTURE(toml);
        const auto config = parse_config(toml, "c.toml");
        if (!config) { CHECK(config.error().message.find("verysecret") == std::string::npos); }
    }
}

TEST_CASE("config: byte order mark, CRLF and the empty file") {
    const auto config = parse_config(
        "\xef\xbb\xbf[server]\r\nlisten = \"127.0.0.1:1\"\r\n\r\n[providers.local]\r\ntype = \"openai\"\r\n", "c.toml");
    REQUIRE(config);
    CHECK(config->server.listen == "127.0.0.1:1");
    CHECK(config->providers.at(0).where == "c.toml:4:12");
    CHECK(complaint("\xef\xbb\xbf[server]\r\nlisen = 1\r\n").starts_with("c.toml:2:1: "));
    CHECK(complaint("\xef\xbb\xbfsever = 1").starts_with("c.toml:1:1: "));
    CHECK(parse_config("", "c.toml"));
    CHECK(parse_config("\xef\xbb\xbf", "c.toml"));
}

TEST_CASE("config: values arrive") {
    const auto config = parse_config(R"([server]
listen = "[::1]:9"
require_key = false
allowed_hosts = ["Tunnel.Example"]
allowed_origins = ["HTTPS://Chat.Example:443"]
max_body_mb = 7
[features]
on_missing = "untagged"
[timeouts]
ping_s = 3
[providers.local]
type = "openai"
base_url = "http://127.0.0.1:8080/v1"
api_key = "env:X"
dialects = ["openai-chat"]
models = ["a", "b/c"]
)",
                                     "c.toml");
    REQUIRE(config);
    CHECK(config->path == "c.toml");
    CHECK(config->server.listen == "[::1]:9");
    CHECK_FALSE(config->server.require_key);
    CHECK(config->server.allowed_hosts == std::vector<std::string>{"tunnel.example"});
    CHECK(config->server.allowed_origins == std::vector<std::string>{"https://chat.example"});
    CHECK(config->server.max_body_mb == 7);
    CHECK(config->features.on_missing == "untagged");
    CHECK(config->timeouts.ping_s == 3);
    REQUIRE(config->providers.size() == 1);
    const auto& provider = config->providers[0];
    CHECK(provider.name == "local");
    CHECK(provider.type == "openai");
    CHECK(provider.api_key == "env:X");
    CHECK(provider.models == std::vector<std::string>{"a", "b/c"});
    // What is shown reads back as the same.
    const auto again = parse_config(show_config(*config), "shown");
    REQUIRE(again);
    CHECK(show_config(*again) == show_config(*config));
}

TEST_CASE("config: [server] alone, of a file that is wrong elsewhere") {
    const test::TempDir dir;
    const auto listen_of = [&](const std::string& toml) {
        const std::string path = dir.path() + "/config.toml";
        std::ofstream(path, std::ios::binary) << toml;
        CHECK_FALSE(load_config(path, true));
        const auto server = load_server_config(path, true);
        return server ? server->listen : "error: " + server.error().message;
    };
    const std::string listen = "[server]\nlisten = \"127.0.0.1:4999\"\n";
    CHECK(listen_of(listen + "[log]\nlevl = 1\n") == "127.0.0.1:4999");
    CHECK(listen_of("nonsense = 1\n" + listen + "[providers.x]\ntype = 7\n") == "127.0.0.1:4999");
    CHECK(listen_of("[log]\nlevl = 1\n") == ServerConfig{}.listen);
    CHECK(listen_of(listen + "lisen = 1\n").contains("config.toml:3:1: unknown key"));
    CHECK(listen_of(listen + "[log\n").contains("not valid TOML"));
    CHECK(load_server_config(dir.path() + "/none", false)->listen == ServerConfig{}.listen);
    CHECK_FALSE(load_server_config(dir.path() + "/none", true));
}

TEST_CASE("config: the file is read, and never written") {
    const test::TempDir dir;
    const std::string path = dir.path() + "/config.toml";
    CHECK(load_config(path, false));
    CHECK(load_config(path, false)->path.empty());
    const auto missing = load_config(path, true);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::config);
    const std::string broken = "[server]\nlisen = 1 # kept\n";
    std::ofstream(path, std::ios::binary) << broken;
    CHECK_FALSE(load_config(path, false));
    std::ifstream file(path, std::ios::binary);
    CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == broken);
    CHECK_FALSE(load_config("/", false));
}
