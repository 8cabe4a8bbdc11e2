// Starting, reloading, stopping.
#include <csignal>
#include <filesystem>
#include <memory>
#include <thread>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("life");

namespace {

Request stream_request(World& world, const canned::Wire& wire) {
    return world.gateway().authorized(
        {.target = wire.stream_target, .headers = {{"x-llmgw-feature", "e2e"}}, .body = wire.stream_body, .host = ""});
}

// First event at once, the others when `go_on` is set.
UpstreamHandler in_two_parts(const canned::Wire& wire, const std::shared_ptr<Signal>& go_on) {
    return [=](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk(wire.events[0]);
        go_on->wait();
        for (std::size_t i = 1; i < wire.events.size(); ++i) {
            connection.chunk(wire.events[i]);
        }
        connection.finish();
    };
}

bool runs(const std::vector<std::string>& command) {
    ChildProcess child(command, {{"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}});
    return child.wait() == 0;
}

}  // namespace

TEST_CASE("SIGTERM: running streams end whole, new calls are not taken, the exit is clean") {
    for (const int signal : {SIGTERM, SIGINT}) {
        World world;
        const auto& wire = canned::wires()[0];
        const auto go_on = std::make_shared<Signal>();
        world.upstream.handle(in_two_parts(wire, go_on));
        RawClient client(world.gateway().port());
        client.send(stream_request(world, wire));
        auto response = client.read_head();
        CHECK(client.read_until(response, wire.events[0]));
        RawClient idle(world.gateway().port());
        idle.send({.method = "GET", .target = "/healthz", .headers = {}, .body = "", .host = ""});
        CHECK(idle.read_response().status == 200);

        world.gateway().process().signal(signal);
        // An idle connection is closed at once; with that the signal is known to have been seen.
        CHECK(idle.wait_closed());
        const auto refused = http_call(world.gateway().port(), stream_request(world, wire));
        CHECK((refused.status == 0 || refused.status == 503));
        go_on->set();
        client.read_rest(response);
        CHECK(response.whole);
        CHECK(response.body == canned::joined(wire.events));
        CHECK(world.gateway().process().wait() == 0);
        CHECK(text(world.gateway().call_row(response), ending_column) == "done");
    }
}

TEST_CASE("SIGTERM: a stream that does not end is cut after the grace time, and logged") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    auto config = world.config();
    config.replace(config.find("shutdown_grace_s = 5"), 20, "shutdown_grace_s = 1");
    Gateway gateway(world.home, {.config = config, .environment = {}, .wrapper = {}});
    const auto& wire = canned::wires()[0];
    world.upstream.handle([&wire](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk(canned::without_last(wire.events, 1));
        connection.stall();
    });
    RawClient client(gateway.port());
    client.send(gateway.authorized(
        {.target = wire.stream_target, .headers = {{"x-llmgw-feature", "e2e"}}, .body = wire.stream_body, .host = ""}));
    auto response = client.read_head();
    CHECK(client.read_until(response, wire.events[0]));
    gateway.process().signal(SIGTERM);
    client.read_rest(response);
    CHECK(gateway.process().wait().has_value());
    const auto events = stream_events(response.body);
    REQUIRE_FALSE(events.empty());
    CHECK(is_stream_error_of(wire.dialect, events.back()));
    const auto row = gateway.call_row(response);
    REQUIRE_FALSE(row.empty());
    CHECK(text(row, ending_column) == "truncated");
    CHECK(text(row, "error_class") == "cancelled");  // by llmgw, not by the provider
    CHECK(text(row, "input_tokens") == std::to_string(canned::input_tokens));
}

TEST_CASE("SIGTERM: a call whose answer is waited for is cancelled by llmgw, and no failure of its provider's") {
    for (const bool head_sent : {false, true}) {
        CAPTURE(head_sent);
        World world({.server = "", .timeouts = "", .more = "", .start = false});
        auto config = world.config();
        config.replace(config.find("shutdown_grace_s = 5"), 20, "shutdown_grace_s = 0");
        world.start_with(config);
        const auto& wire = canned::wires()[0];
        const auto asked = std::make_shared<Signal>();
        world.upstream.handle([=, &wire](const RecordedRequest&, UpstreamConnection& connection) {
            if (head_sent) {
                connection.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                                std::to_string(wire.answer.size()) + "\r\n\r\n" + wire.answer.substr(0, 5));
            }
            asked->set();
            connection.stall();
        });
        RawClient client(world.gateway().port());
        client.send(world.gateway().authorized(
            {.target = wire.target, .headers = {{"x-llmgw-feature", "e2e"}}, .body = wire.body, .host = ""}));
        REQUIRE(asked->wait());
        world.gateway().process().signal(SIGTERM);
        const auto response = client.read_response();
        // Clients come back for this one.
        CHECK(response.status == 503);
        CHECK_FALSE(response.header("retry-after").empty());
        CHECK(world.gateway().process().wait().has_value());
        const auto row = world.gateway().call_row(response);
        REQUIRE_FALSE(row.empty());
        CHECK(text(row, ending_column) == "cancelled");
        CHECK(text(row, "error_class") == "cancelled");
        CHECK(text(row, "http_status") == "503");
        const auto attempts = world.gateway().attempt_rows(text(row, "call_id"));
        REQUIRE(attempts.size() == 1);
        CHECK(text(attempts[0], "error_class") == "cancelled");
        const auto report = world.cli({"usage", "--by", "provider,error", "--json"});
        CHECK(report.out.find("overloaded") == std::string::npos);
    }
}

TEST_CASE("SIGHUP: a good file is taken, running streams go on; a bad one changes nothing and is named") {
    World world;
    const auto& wire = canned::wires()[0];
    const auto go_on = std::make_shared<Signal>();
    world.upstream.handle(in_two_parts(wire, go_on));
    RawClient client(world.gateway().port());
    client.send(stream_request(world, wire));
    auto response = client.read_head();
    CHECK(client.read_until(response, wire.events[0]));

    const auto untagged = [&] {
        return world.gateway()
            .call(world.gateway().authorized(
                {.target = "/v1/chat/completions", .headers = {}, .body = canned::wires()[1].body, .host = ""}))
            .status;
    };
    CHECK(untagged() == 400);
    world.home.write_config(world.config() + "[features]\non_missing = \"untagged\"\n");
    world.upstream.handle(canned::answer);
    world.gateway().process().signal(SIGHUP);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (untagged() != 200 && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(Millis{10});
    }
    CHECK(untagged() == 200);

    const auto said = world.gateway().process().err().size();
    const std::string bad = world.config() + "[features]\non_mising = \"reject\"\n";
    world.home.write_config(bad);
    world.gateway().process().signal(SIGHUP);
    CHECK(world.gateway().process().wait_err("on_mising", said));
    CHECK(untagged() == 200);
    CHECK(read_file(world.home.config_file()) == bad);

    go_on->set();
    client.read_rest(response);
    CHECK(response.body == canned::joined(wire.events));
}

TEST_CASE("T23: a port in use is said with the port and its owner") {
    World world;
    const auto port = std::to_string(world.gateway().port());
    const auto second = world.cli({"serve", "--listen", "127.0.0.1:" + port});
    CHECK(second.exit == 1);
    CHECK(second.err.find(port) != std::string::npos);
    CHECK(second.err.find("in use") != std::string::npos);
    CHECK(second.err.find(std::to_string(world.gateway().process().pid())) != std::string::npos);
    CHECK(world.ask(canned::wires()[0]).status == 200);
}

TEST_CASE("T23: a bad configuration is exit 3 with place, expectation and nearest name, and stays as it is") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    struct Bad {
        std::string toml;
        std::string place;
        std::string says;
    };
    for (const auto& bad : std::vector<Bad>{{"[server]\nlistn = \"127.0.0.1:1\"\n", ":2:1", "listen"},
                                            {"[server]\n\nmax_body_mb = \"many\"\n", ":3:", "max_body_mb"},
                                            {"[server]\nmax_body_mb = 1\nmax_body_mb = 2\n", ":3:", "max_body_mb"},
                                            {"[server\n", ":1:", ""},
                                            {"[providers.x]\ntype = \"opnai\"\n", ":", "openai"}}) {
        CAPTURE(bad.toml);
        world.home.write_config(bad.toml);
        const auto result = world.cli({"serve", "--listen", "127.0.0.1:0"});
        CHECK(result.exit == 3);
        CHECK(result.err.find("config.toml" + bad.place) != std::string::npos);
        CHECK(result.err.find(bad.says) != std::string::npos);
        CHECK(result.out.empty());
        CHECK(read_file(world.home.config_file()) == bad.toml);
    }
    const auto missing = world.cli({"serve", "--listen", "127.0.0.1:0", "--config", world.home.path() + "/none.toml"});
    CHECK(missing.exit == 3);
}

TEST_CASE("T23: a byte order mark and CRLF are fine") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    auto config = "\xEF\xBB\xBF" + world.config();
    for (std::size_t at = 0; (at = config.find('\n', at)) != std::string::npos; at += 2) {
        config.insert(at, "\r");
    }
    Gateway gateway(world.home, {.config = config, .environment = {}, .wrapper = {}});
    CHECK(gateway.post("/v1/messages", canned::wires()[0].body).status == 200);
}

TEST_CASE("Serve works with no configuration at all") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    Gateway gateway(world.home, {.config = "", .environment = {}, .wrapper = {}});
    std::filesystem::remove(world.home.config_file());
    CHECK(gateway.get("/healthz").status == 200);
    gateway.process().signal(SIGTERM);
    CHECK(gateway.process().wait() == 0);
}

TEST_CASE("A data directory that cannot be made is said at start") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    world.home.write_config(world.config());
    // A file in its place stops even root.
    std::filesystem::remove_all(world.home.data_dir());
    ChildProcess touch({"/usr/bin/touch", world.home.data_dir()}, {});
    REQUIRE(touch.wait() == 0);
    const auto result = world.cli({"serve", "--listen", "127.0.0.1:0"});
    CHECK(result.exit == 1);
    CHECK(result.err.find(world.home.data_dir()) != std::string::npos);
    std::filesystem::remove(world.home.data_dir());
}

TEST_CASE("T25: starts and ends with no network, and connects nowhere until a request needs it") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    if (runs({"unshare", "-rn", "true"})) {
        // Only loopback, and not even that is up until it is set so.
        Gateway gateway(world.home,
                        {.config = world.config(),
                         .environment = {},
                         .wrapper = {"unshare", "-rn", "sh", "-c", "ip link set lo up; exec \"$@\"", "sh"}});
        CHECK(gateway.process().running());
        gateway.process().signal(SIGTERM);
        CHECK(gateway.process().wait() == 0);
        CHECK(run_cli(world.home, {"--help"}).exit == 0);
    } else {
        MESSAGE("unshare -rn is not permitted here: only the system calls are checked");
    }
    const auto trace = world.home.path() + "/connects";
    if (!runs({"strace", "-o", "/dev/null", "true"})) {
        MESSAGE("strace is not usable here: connections at start are not checked");
        return;
    }
    Gateway gateway(world.home, {.config = world.config(),
                                 .environment = {},
                                 .wrapper = {"strace", "-D", "-f", "-o", trace, "-e", "trace=connect,sendto,sendmsg"}});
    CHECK(gateway.get("/healthz").status == 200);
    CHECK(gateway.post("/v1/messages", "{}").status == 400);
    const auto calls = read_file(trace);
    CHECK(calls.find("connect(") == std::string::npos);
    CHECK(gateway.post("/v1/messages", canned::wires()[0].body).status == 200);
    CHECK(read_file(trace).find("connect(") != std::string::npos);
    // With -D the gateway is the child and strace runs beside it.
    gateway.process().signal(SIGTERM);
    CHECK(gateway.process().wait().has_value());
}

TEST_SUITE_END();
