// What a reload takes over at once, and what it leaves to the next start.
#include <csignal>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("life");

namespace {

// `before` in the configuration becomes `after`; returns when the running gateway has read it.
void reload_with(World& world, const std::string& before, const std::string& after) {
    auto config = read_file(world.home.config_file());
    const auto at = config.find(before);
    REQUIRE(at != std::string::npos);
    config.replace(at, before.size(), after);
    const auto said = world.gateway().process().err().size();
    world.home.write_config(config);
    REQUIRE(world.gateway().process().wait_err("configuration reloaded", said));
}

int status_without_key(World& world) {
    return world.gateway()
        .call({.method = "POST",
               .target = "/v1/messages",
               .headers = {{"x-llmgw-feature", "e2e"}, {"Content-Type", "application/json"}},
               .body = canned::wires()[0].body,
               .host = ""})
        .status;
}

}  // namespace

TEST_CASE("Reload: require_key = false lets nobody in before the next start, and is said") {
    World world({.server = "require_key = true", .timeouts = "", .more = ""});
    CHECK(status_without_key(world) == 401);
    reload_with(world, "require_key = true", "require_key = false\nmax_body_mb = 1");
    CHECK(status_without_key(world) == 401);
    const auto said = world.gateway().process().err();
    CHECK(said.find("change at the next start") != std::string::npos);
    CHECK(said.find("server.require_key, server.max_body_mb") != std::string::npos);
    // More than the new limit, less than the one that holds.
    CHECK(
        world.gateway().post("/v1/messages", std::string(std::size_t{2} << 20, ' ') + canned::wires()[0].body).status ==
        200);
}

TEST_CASE("Reload: require_key = true closes the door at the next start") {
    World world({.server = "require_key = false", .timeouts = "", .more = ""});
    CHECK(status_without_key(world) == 200);
    reload_with(world, "require_key = false", "require_key = true");
    CHECK(status_without_key(world) == 200);
    const auto config = read_file(world.home.config_file());
    CHECK(world.stop(SIGTERM) == 0);
    world.start_with(config);
    CHECK(status_without_key(world) == 401);
}

TEST_CASE("Reload: the grace of a stop is the one of the running configuration") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    auto config = world.config();
    config.replace(config.find("shutdown_grace_s = 5"), 20, "shutdown_grace_s = 600");
    world.start_with(config);
    const auto& wire = canned::wires()[0];
    world.upstream.handle([&wire](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk(wire.events[0]);
        connection.stall();
    });
    reload_with(world, "shutdown_grace_s = 600", "shutdown_grace_s = 0");
    RawClient client(world.gateway().port());
    client.send(world.gateway().authorized(
        {.target = wire.stream_target, .headers = {{"x-llmgw-feature", "e2e"}}, .body = wire.stream_body, .host = ""}));
    auto response = client.read_head();
    CHECK(client.read_until(response, wire.events[0]));
    CHECK(world.stop(SIGTERM).has_value());
    client.read_rest(response);
    const auto events = stream_events(response.body);
    REQUIRE_FALSE(events.empty());
    CHECK(is_stream_error_of(wire.dialect, events.back()));
}

TEST_SUITE_END();
