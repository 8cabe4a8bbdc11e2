// A provider that dies and comes back under load: no call fails, the breaker opens and closes.
#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include "tests/e2e/failover_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("failover");

namespace {

// A line of /metrics, without its name and labels; "" when there is none.
std::string metric(FailoverWorld& world, const std::string& sample) {
    const auto response =
        world.gateway().call({.method = "GET", .target = "/metrics", .headers = {}, .body = "", .host = ""});
    CHECK(response.status == 200);
    CHECK(response.header("content-type").starts_with("text/plain; version=0.0.4"));
    const auto at = response.body.find("\n" + sample + " ");
    if (at == std::string::npos) { return ""; }
    const auto value = at + sample.size() + 2;
    return response.body.substr(value, response.body.find('\n', value) - value);
}

nlohmann::json breakers(FailoverWorld& world) {
    const auto response = world.gateway().get("/readyz");
    CHECK(response.status == 200);
    return nlohmann::json::parse(response.body, nullptr, false).value("breakers", nlohmann::json::array());
}

}  // namespace

TEST_CASE("200 concurrent calls while one of two providers dies and comes back") {
    FailoverWorld world({.upstreams = 2, .breaker = "open_s = 1"});
    const auto& claude = canned::wire(DialectId::anthropic);
    world.up(0).record(false);
    world.up(1).record(false);
    const auto dead = std::make_shared<std::atomic<bool>>(false);
    const auto go_on = std::make_shared<Signal>();
    // All calls are at the first provider when it dies.
    world.up(0).handle([dead, go_on](const RecordedRequest& request, UpstreamConnection& connection) {
        if (!dead->load()) { go_on->wait(); }
        if (dead->load()) { return connection.reset(); }
        canned::answer(request, connection);
    });
    constexpr std::size_t count = 200;
    std::vector<RawClient> clients;
    clients.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const bool stream = i % 2 == 0;
        clients.emplace_back(world.gateway().port());
        const auto request = FailoverWorld::request_of(claude, stream, {{"x-llmgw-feature", "e2e"}});
        REQUIRE(clients.back().send(world.gateway().authorized(request)));
    }
    REQUIRE(world.up(0).wait_requests(count));
    dead->store(true);
    go_on->set();
    std::size_t good = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto response = clients[i].read_response();
        const bool right = response.body == (i % 2 == 0 ? canned::joined(claude.events) : claude.answer);
        good += response.status == 200 && right && response.header("x-llmgw-attempts") == "2" ? 1 : 0;
    }
    CHECK(good == count);
    CHECK(world.asked(0) == count);
    CHECK(world.asked(1) == count);

    const auto open = breakers(world);
    REQUIRE(open.size() == 1);
    CHECK(open[0].value("provider", "") == "anthropic-0");
    CHECK(open[0].value("model", "") == "model-0");

    // While it is down it is asked by a probe now and then, and no call fails. A reload changes nothing about that.
    for (int i = 0; i < 20; ++i) {
        const auto response = world.ask(claude, i % 2 == 0);
        CHECK(response.status == 200);
        CHECK(response.header("x-llmgw-provider") == "anthropic-1");
    }
    CHECK(world.asked(0) < count + 10);

    dead->store(false);
    const auto until = std::chrono::steady_clock::now() + patience;
    std::string provider;
    while (provider != "anthropic-0" && std::chrono::steady_clock::now() < until) {
        const auto response = world.ask(claude, false);
        CHECK(response.status == 200);
        provider = response.header("x-llmgw-provider");
    }
    CHECK(provider == "anthropic-0");
    CHECK(breakers(world).empty());
    CHECK(world.ask(claude, true).header("x-llmgw-provider") == "anthropic-0");
}

TEST_CASE("With nothing else to ask an open breaker stops nobody") {
    FailoverWorld world({.upstreams = 1, .retries = "max = 0", .breaker = "failures = 1\nopen_s = 3600"});
    const auto& claude = canned::wire(DialectId::anthropic);
    world.up(0).handle(act::error(claude, 500));
    CHECK(world.ask(claude, false).status == 500);
    REQUIRE(breakers(world).size() == 1);
    CHECK(breakers(world)[0].value("state", "") == "open");
    const std::string target = "{provider=\"anthropic-0\",model=\"model-0\"}";
    CHECK(metric(world, "llmgw_breaker_state" + target) == "2");
    world.up(0).handle(canned::answer);
    CHECK(world.ask(claude, false).status == 200);
    CHECK(breakers(world).empty());
    CHECK(metric(world, "llmgw_breaker_state" + target) == "0");
    CHECK(metric(world, "llmgw_target_failures_total" + target) == "1");
    CHECK(metric(world, "llmgw_target_answers_total" + target) == "1");
}

TEST_CASE("A breaker's state survives a reload") {
    FailoverWorld world({.retries = "max = 1", .breaker = "failures = 1\nopen_s = 3600"});
    const auto& claude = canned::wire(DialectId::anthropic);
    world.up(0).handle(act::error(claude, 500));
    CHECK(world.ask(claude, false).header("x-llmgw-attempts") == "2");
    auto& process = world.gateway().process();
    process.signal(SIGHUP);
    REQUIRE(process.wait_err("reloaded"));
    CHECK(breakers(world).size() == 1);
    CHECK(world.ask(claude, false).header("x-llmgw-attempts") == "1");
    CHECK(world.asked(0) == 1);
}

TEST_CASE("A model's name that is no UTF-8 leaves the metrics readable") {
    FailoverWorld world({.upstreams = 1, .breaker = ""});
    world.gateway().post("/v1beta/models/gemini-0%2F%FFx:generateContent",
                         R"({"contents":[{"parts":[{"text":"hi"}]}]})");
    const auto response =
        world.gateway().call({.method = "GET", .target = "/metrics", .headers = {}, .body = "", .host = ""});
    CHECK_FALSE(response.body.contains('\xff'));
    CHECK(response.body.contains("model=\"\xef\xbf\xbdx\""));
}
