// `llmgw doctor` as a user types it: in a fresh home, beside a gateway, and where something is wrong.
#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/e2e/failover_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using nlohmann::json;

TEST_SUITE_BEGIN("doctor");

namespace {

struct Diagnosis {
    CliResult result;
    json tree;

    // The first check of that name; null when there is none.
    json of(const std::string& what) const {
        for (const auto& check : tree.at("checks")) {
            if (check.at("what") == what) { return check; }
        }
        return nullptr;
    }
    std::string status(const std::string& what) const {
        const auto check = of(what);
        return check.is_null() ? "" : check.at("status").get<std::string>();
    }
    std::string found(const std::string& what) const {
        const auto check = of(what);
        return check.is_null() ? "" : check.at("found").get<std::string>();
    }
    std::string remedy(const std::string& what) const {
        const auto check = of(what);
        return check.is_null() || check.at("remedy").is_null() ? "" : check.at("remedy").get<std::string>();
    }
};

Diagnosis diagnose(const TestHome& home, const Variables& more = {}, std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), {"doctor", "--json"});
    auto result = run_cli(home, std::move(arguments), {}, more);
    CHECK_FALSE(result.out.contains(provider_key));
    CHECK_FALSE(result.err.contains(provider_key));
    auto tree = json::parse(result.out, nullptr, false);
    REQUIRE_MESSAGE(tree.is_object(), result.out << result.err);
    CHECK(result.exit == (tree.at("problems") == 0 ? 0 : 1));
    return {std::move(result), std::move(tree)};
}

std::string listen_line(int port) {
    return "[server]\nlisten = \"127.0.0.1:" + std::to_string(port) + "\"\n";
}

// A configuration that says where the gateway listens, which got its port from the system.
std::string config_beside(World& world, const std::string& rest) {
    const auto path = world.home.path() + "/doctor.toml";
    std::ofstream(path) << listen_line(world.gateway().port()) << rest;
    return path;
}

// A port that nobody listens on.
int closed_port() {
    return FakeUpstream().port();
}

}  // namespace

TEST_CASE("a fresh home: what is missing, what to do first, and nothing is written") {
    const TestHome home;
    home.write_config(listen_line(closed_port()));
    std::filesystem::remove_all(home.data_dir());
    const auto result = run_cli(home, {"doctor"});
    CAPTURE(result.out);
    CHECK(result.exit == 1);
    CHECK(result.err.empty());
    CHECK(result.out.contains("\n1 problem.\nNext: export ANTHROPIC_API_KEY=...\n"));
    CHECK(result.out.contains("→ llmgw serve\n"));
    CHECK(result.out.contains("→ eval \"$(llmgw env claude)\"\n"));
    CHECK(result.out.contains("no calls are logged yet\n"));
    CHECK_FALSE(result.out.contains('\x1b'));
    CHECK_FALSE(std::filesystem::exists(home.data_dir()));

    // What does not depend on the machine is in the README as it is here.
    const auto readme = read_file(LLMGW_SOURCE_DIR "/README.md");
    for (const char* what : {"llmgw's own key", "usage log", "  agents  ", "eval"}) {
        const auto at = result.out.find(what);
        REQUIRE(at != std::string::npos);
        const auto begin = result.out.rfind('\n', at);
        CHECK(readme.contains(result.out.substr(begin, result.out.find('\n', at) + 1 - begin)));
    }

    const auto with_key = diagnose(home, {{"OPENAI_API_KEY", provider_key}});
    CHECK(with_key.tree["problems"] == 0);
    CHECK(with_key.status("openai") == "ok");
    CHECK(with_key.found("openai").ends_with(" from env OPENAI_API_KEY"));
    CHECK(with_key.status("anthropic, gemini") == "note");
}

TEST_CASE("a bad configuration is said with its line, and everything else is looked at all the same") {
    const TestHome home;
    home.write_config("[server]\nlisten_on = \"127.0.0.1:1\"\n");
    const auto bad = diagnose(home);
    CHECK(bad.result.exit == 1);
    CHECK(bad.status("config file") == "problem");
    CHECK(bad.found("config file").contains("config.toml:2:1: unknown key"));
    CHECK(bad.remedy("config file").contains("llmgw config check"));
    CHECK(bad.status("data directory") == "ok");
    CHECK(bad.status("keychain") == "note");

    home.write_config("[providers.openai]\napi_key = \"" + std::string(provider_key) + "\"\n");
    ::chmod(home.config_file().c_str(), 0644);
    const auto open = diagnose(home);
    CHECK(open.status("its permissions") == "problem");
    CHECK(open.remedy("its permissions").contains("chmod 600"));
    std::filesystem::remove(home.config_file());
}

TEST_CASE("keys: each configured provider's, routes whose targets have none, and how to explain them") {
    const TestHome home;
    home.write_config(listen_line(closed_port()) +
                      "[providers.work]\ntype = \"openai\"\nbase_url = \"https://work.example/v1\"\napi_key = "
                      "\"env:WORK_KEY\"\n[providers.home]\ntype = \"openai\"\nbase_url = \"https://home.example/v1\"\n"
                      "api_key = \"env:HOME_KEY\"\n[routes]\nboth = [\"work/m\", \"home/m\"]\nlost = [\"home/m\"]\n");
    const auto one = diagnose(home, {{"WORK_KEY", provider_key}});
    CHECK(one.status("work") == "ok");
    CHECK(one.status("home") == "problem");
    CHECK(one.remedy("home") == "export HOME_KEY=...");
    CHECK(one.status("route both") == "warning");
    CHECK(one.found("route both") == "no key for home/m");
    CHECK(one.status("route lost") == "problem");
    const auto both = diagnose(home, {{"WORK_KEY", provider_key}, {"HOME_KEY", provider_key}});
    CHECK(both.status("routes") == "ok");
    CHECK(both.tree["problems"] == 0);

    const auto explained = run_cli(home, {"routes", "explain", "both"}, {}, {{"WORK_KEY", provider_key}});
    CHECK(explained.exit == 0);
    CHECK(explained.out.contains("has no key: export HOME_KEY=...; number 2 of the route"));
    CHECK_FALSE(explained.out.contains("export WORK_KEY"));
    const auto tree = json::parse(
        run_cli(home, {"routes", "explain", "both", "--json"}, {}, {{"WORK_KEY", provider_key}}).out, nullptr, false);
    CHECK(tree["targets"][0]["has_key"] == true);
    CHECK(tree["targets"][0]["remedy"].is_null());
    CHECK(tree["targets"][1]["has_key"] == false);
    CHECK(tree["targets"][1]["remedy"] == "export HOME_KEY=...");
}

TEST_CASE("a running gateway: its version and process, variables that lead to it, proxies that would catch them") {
    World world;
    const auto config = config_beside(world, "");
    const auto& gateway = world.gateway();
    const auto address = "127.0.0.1:" + std::to_string(gateway.port());
    const Variables key{{"OPENAI_API_KEY", provider_key}};
    const auto with = [&](Variables more) {
        more.insert(more.end(), key.begin(), key.end());
        return diagnose(world.home, more, {"--config", config});
    };
    const auto plain = with({});
    CHECK(plain.status(address) == "ok");
    CHECK(plain.found(address).starts_with("runs as llmgw (pid "));
    CHECK(plain.found(address).ends_with("version " + plain.tree["version"].get<std::string>()));
    CHECK(plain.status("targets") == "ok");
    CHECK(plain.status("llmgw's own key") == "ok");
    CHECK(plain.status("agents") == "note");

    const auto url = "http://localhost:" + std::to_string(gateway.port()) + "/f/x";
    const auto led = with({{"ANTHROPIC_BASE_URL", url}, {"ANTHROPIC_AUTH_TOKEN", gateway.client_key()}});
    CHECK(led.status("ANTHROPIC_BASE_URL") == "ok");
    CHECK(led.result.exit == 0);
    CHECK_FALSE(led.result.out.contains(gateway.client_key()));
    const auto another = with({{"ANTHROPIC_BASE_URL", url}, {"ANTHROPIC_AUTH_TOKEN", provider_key}});
    CHECK(another.status("ANTHROPIC_BASE_URL") == "problem");
    CHECK(another.remedy("ANTHROPIC_BASE_URL") == "eval \"$(llmgw env claude)\"");
    CHECK(with({{"LLMGW_URL", url}}).status("LLMGW_URL") == "problem");
    CHECK(with({{"ANTHROPIC_BASE_URL", url}, {"ANTHROPIC_CUSTOM_HEADERS", "x-llmgw-key: k"}})
              .status("ANTHROPIC_BASE_URL") == "ok");
    CHECK(with({{"OPENAI_BASE_URL", "http://127.0.0.1:1/v1"}}).status("OPENAI_BASE_URL") == "warning");
    CHECK(with({{"OPENAI_BASE_URL", "https://user:pass@api.example/v1"}}).found("OPENAI_BASE_URL").find("pass") ==
          std::string::npos);

    const auto versioned = with({{"ANTHROPIC_BASE_URL", url + "/v1"}, {"ANTHROPIC_AUTH_TOKEN", gateway.client_key()}});
    CHECK(versioned.status("ANTHROPIC_BASE_URL") == "problem");
    CHECK(versioned.found("ANTHROPIC_BASE_URL").contains("with /v1 at its end"));
    CHECK(with({{"OPENAI_BASE_URL", url}}).status("OPENAI_BASE_URL") == "problem");
    CHECK(with({{"LLMGW_URL", "https://" + address}}).found("LLMGW_URL").contains("plain http"));

    const auto proxied = with({{"HTTP_PROXY", "http://user:secret@proxy.example:3128"}});
    CHECK(proxied.status("HTTP_PROXY") == "warning");
    CHECK_FALSE(proxied.result.out.contains("secret"));
    CHECK(proxied.status(address) == "ok");
    CHECK(with({{"HTTP_PROXY", "http://p:1"}, {"NO_PROXY", "x.example, 127.0.0.1"}}).of("HTTP_PROXY").is_null());
    CHECK(with({{"SSL_CERT_FILE", "/nowhere"}}).status("SSL_CERT_FILE") == "problem");

    // To another home it is a stranger, before that one has a key and after.
    const TestHome elsewhere;
    for (int i = 0; i < 2; ++i) {
        const auto strange = diagnose(elsewhere, key, {"--config", config});
        CHECK(strange.status(address) == "problem");
        CHECK(strange.found(address).contains("does not take this client key"));
        CHECK(run_cli(elsewhere, {"env", "curl"}).exit == 0);
    }

    REQUIRE(world.stop(SIGTERM).has_value());
    const auto stopped = with({{"ANTHROPIC_BASE_URL", url}});
    CHECK(stopped.status(address) == "note");
    CHECK(stopped.remedy(address) == "llmgw serve");
    CHECK(stopped.status("ANTHROPIC_BASE_URL") == "problem");
}

TEST_CASE("somebody else at the gateway's address") {
    FakeUpstream other;
    other.handle([](const RecordedRequest&, UpstreamConnection& connection) { connection.reply_json(200, "{}"); });
    const TestHome home;
    home.write_config(listen_line(other.port()));
    const auto found = diagnose(home);
    const auto address = "127.0.0.1:" + std::to_string(other.port());
    CHECK(found.status(address) == "problem");
    CHECK(found.found(address).starts_with("is in use by "));
}

TEST_CASE("a target that is left alone: since when, and when it is tried again") {
    FailoverWorld world({.upstreams = 2, .breaker = "failures = 2\nopen_s = 600\n"});
    const auto& claude = canned::wire(DialectId::anthropic);
    world.up(0).handle(act::error(claude, 529));
    for (int i = 0; i < 2; ++i) {
        CHECK(world.ask(claude, false).status == 200);
    }
    const auto ready = json::parse(world.gateway().get("/readyz").body, nullptr, false);
    REQUIRE(ready["breakers"].size() == 1);
    const auto since = ready["breakers"][0]["open_since_ms"].get<std::int64_t>();
    CHECK(since > 1'600'000'000'000);
    const auto config = config_beside(world.world(), "");
    const auto found = diagnose(world.world().home, {{"OPENAI_API_KEY", provider_key}}, {"--config", config});
    CHECK(found.status("anthropic-0/model-0") == "warning");
    CHECK(found.found("anthropic-0/model-0").starts_with("left alone since 20"));
    CHECK(found.found("anthropic-0/model-0").contains("; one call tries it in "));
    CHECK(found.remedy("anthropic-0/model-0") == "llmgw logs --where provider=anthropic-0");
    CHECK(found.result.exit == 0);
}

TEST_CASE("the usage log: calls counted, a damaged and a newer one told, calls of a killed gateway") {
    World world;
    const auto& claude = canned::wire(DialectId::anthropic);
    world.gateway().call_row(world.ask(claude));
    const auto config = config_beside(world, "");
    const auto look = [&] { return diagnose(world.home, {{"OPENAI_API_KEY", provider_key}}, {"--config", config}); };
    CHECK(look().status("usage log") == "ok");
    CHECK(look().found("usage log").starts_with("1 call, the last on 20"));
    REQUIRE(world.stop(SIGTERM).has_value());

    std::filesystem::create_directories(world.home.data_dir() + "/journal");
    std::ofstream(world.home.data_dir() + "/journal/01a00000-0000-7000-8000-000000000000.log") << "one\ntwo\n";
    CHECK(look().status("journal") == "warning");
    CHECK(look().found("journal").starts_with("2 calls of a gateway that ended early"));
    CHECK(look().result.exit == 0);

    REQUIRE(db_execute(world.home.database(), "PRAGMA user_version = 99"));
    CHECK(look().status("usage log") == "problem");
    CHECK(look().remedy("usage log").contains("install the llmgw that made it"));

    std::ofstream(world.home.database(), std::ios::trunc) << std::string(8192, 'x');
    const auto damaged = look();
    CHECK(damaged.status("usage log") == "problem");
    CHECK(damaged.result.exit == 1);
    CHECK(damaged.status("data directory") == "ok");
}

TEST_CASE("online: keys are shown to their providers, and a clock that is wrong is noticed") {
    FakeUpstream provider;
    const auto date = [](std::time_t time) {
        char text[64];
        std::tm parts{};
        ::gmtime_r(&time, &parts);
        std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        return std::string(text);
    };
    const auto answer_at = [&](std::time_t ahead) {
        provider.handle([=](const RecordedRequest& request, UpstreamConnection& connection) {
            const bool good = request.head.contains(provider_key) || request.target.starts_with("/open/");
            connection.reply(good ? 200 : 401,
                             {{"content-type", "application/json"}, {"date", date(std::time(nullptr) + ahead)}},
                             good ? R"({"data":[]})" : R"({"error":{"message":"no such key","type":"x"}})");
        });
    };
    answer_at(0);
    const TestHome home;
    const auto tables = listen_line(closed_port()) + "[providers.work]\ntype = \"openai\"\nbase_url = \"" +
                        provider.url() + "/v1\"\napi_key = \"env:WORK_KEY\"\n";
    const auto open_at = [&](const std::string& path) {
        return "[providers.open]\ntype = \"openai\"\nbase_url = \"" + provider.url() + path + "\"\n";
    };
    home.write_config(tables + open_at("/open/v1") + "api_key = \"none\"\n");
    CHECK(diagnose(home, {{"WORK_KEY", provider_key}}).result.exit == 0);
    CHECK(provider.request_count() == 0);
    const auto good = diagnose(home, {{"WORK_KEY", provider_key}}, {"--online"});
    CHECK(good.result.exit == 0);
    CHECK(good.result.out.contains("takes key …77f3, "));
    CHECK(good.result.out.contains(" answers (200), "));
    CHECK(good.status("clock") == "ok");
    const auto bad = diagnose(home, {{"WORK_KEY", "sk-another-canary-key-0001"}}, {"--online"});
    CHECK(bad.result.exit == 1);
    CHECK(bad.result.out.contains("put another into WORK_KEY"));
    CHECK_FALSE(bad.result.out.contains("sk-another-canary-key-0001"));
    answer_at(-7200);
    const auto late = diagnose(home, {{"WORK_KEY", provider_key}}, {"--online"});
    CHECK(late.status("clock") == "problem");
    CHECK(late.found("clock").contains(" ahead of work's"));

    // Without a key where one is wanted; and where clients bring it, which says nothing here.
    answer_at(0);
    home.write_config(tables + open_at("/v1") + "api_key = \"none\"\n");
    const auto wanted = diagnose(home, {{"WORK_KEY", provider_key}}, {"--online"});
    CHECK(wanted.result.exit == 1);
    CHECK(wanted.result.out.contains(": it wants a key"));
    home.write_config(tables + open_at("/v1") + "api_key = \"passthrough\"\n");
    CHECK(diagnose(home, {{"WORK_KEY", provider_key}}, {"--online"}).result.exit == 0);
}

TEST_CASE("with a bad configuration the gateway is looked for where it listens, or not at all") {
    World world;
    const auto& gateway = world.gateway();
    const auto address = "127.0.0.1:" + std::to_string(gateway.port());
    const auto look = [&](const std::string& rest) {
        return diagnose(world.home,
                        {{"ANTHROPIC_BASE_URL", "http://" + address}, {"ANTHROPIC_AUTH_TOKEN", gateway.client_key()}},
                        {"--config", config_beside(world, rest)});
    };
    // Wrong for the parser, and right for it but not for what is made of it.
    for (const auto* wrong : {"[log]\nlevl = 1\n", "[providers.x]\ntype = \"opnai\"\n"}) {
        CAPTURE(wrong);
        const auto found = look(wrong);
        CHECK(found.status("config file") == "problem");
        CHECK(found.status(address) == "ok");
        CHECK(found.status("ANTHROPIC_BASE_URL") == "ok");
    }
    const auto broken = look("[log\n");
    CHECK(broken.status("config file") == "problem");
    CHECK(broken.status("gateway") == "note");
    CHECK(broken.found("gateway") == "not looked for: the config file does not say where");
    CHECK(broken.status("ANTHROPIC_BASE_URL") == "note");
    CHECK(broken.of("127.0.0.1:4117").is_null());
    CHECK_FALSE(broken.result.out.contains("llmgw serve"));
}

TEST_SUITE_END();
