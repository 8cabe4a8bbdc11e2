// An identical request with the same Idempotency-Key attaches to the one that runs or was answered.
#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "tests/e2e/resume_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("resume");

namespace {

const Headers keyed{{"Idempotency-Key", "8c1f-retry"}};

}  // namespace

TEST_CASE("A client that vanished before the first byte finds its answer by its key") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    for (const auto& wire : canned::wires()) {
        for (const bool stream : {true, false}) {
            CAPTURE(name_of(wire));
            CAPTURE(stream);
            world.upstream.clear();
            const auto pass = std::make_shared<Signal>();
            world.upstream.handle([pass](const RecordedRequest& request, UpstreamConnection& connection) {
                pass->wait();
                canned::answer(request, connection);
            });
            auto request = stream_request(world, wire, {{"Idempotency-Key", stream ? "streamed" : "whole"}});
            if (!stream) {
                request.target = wire.target;
                request.body = wire.body;
            }
            {
                RawClient gone(world.gateway().port());
                REQUIRE(gone.send(request));
                REQUIRE(world.upstream.wait_requests(1));
                gone.reset();
            }
            CHECK(find_header(world.upstream.last()->headers, "idempotency-key") == (stream ? "streamed" : "whole"));
            RawClient again(world.gateway().port());
            REQUIRE(again.send(request));
            pass->set();
            const auto answer = again.read_response();
            CHECK(answer.status == 200);
            CHECK(answer.body == (stream ? canned::joined(wire.events) : wire.answer));
            CHECK(answer.whole);
            CHECK(answer.header("x-llmgw-replay") == "attached");
            // And again, now that it is finished.
            CHECK(http_call(world.gateway().port(), request).body == answer.body);
            CHECK(world.upstream.request_count() == 1);
            CHECK(text(world.gateway().call_row(answer), "ending") == "done");
        }
    }
    const auto rows = db_query(world.home.database(), "SELECT call_id FROM calls");
    CHECK(rows.size() == 2 * canned::wires().size());
}

TEST_CASE("Twenty at once are one") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    const auto& wire = canned::wire(DialectId::anthropic);
    const auto pass = std::make_shared<Signal>();
    world.upstream.handle(in_two_parts(wire, 0, pass));
    std::vector<Response> answers(20);
    std::vector<std::thread> clients;
    for (auto& answer : answers) {
        clients.emplace_back([&world, &wire, &answer] { answer = world.ask(wire, true, keyed); });
    }
    std::size_t waiting = 0;
    for (int i = 0; i < 19; ++i) {
        const std::string text = "waits for its answer";
        REQUIRE(world.gateway().process().wait_err(text, waiting));
        waiting = world.gateway().process().err().find(text, waiting) + text.size();
    }
    pass->set();
    for (auto& client : clients) {
        client.join();
    }
    CHECK(world.upstream.request_count() == 1);
    std::size_t attached = 0;
    for (const auto& answer : answers) {
        CHECK(answer.body == canned::joined(wire.events));
        CHECK(answer.header("x-llmgw-call-id") == answers[0].header("x-llmgw-call-id"));
        attached += answer.has("x-llmgw-replay") ? 1 : 0;
    }
    CHECK(attached == 19);
}

TEST_CASE("What failed is tried again, not told again") {
    World world({.server = "", .timeouts = "", .more = resume_on + "[retries]\nmax = 0\n"});
    const auto& wire = canned::wire(DialectId::openai_chat);
    // An error, a stream that breaks off, one that ends with an error of the provider's.
    for (const auto& bad : {act::error(wire, 500), act::stream_and_cut(wire.events[0]),
                            act::stream(wire.events[0] + canned::stream_error(wire.dialect, "no room"))}) {
        world.upstream.clear();
        world.upstream.handle(bad);
        const auto failed = world.ask(wire, true, keyed);
        CHECK(text(world.gateway().call_row(failed), "ending") != "done");
        const auto failed_again = world.ask(wire, true, keyed);
        CHECK_FALSE(failed_again.has("x-llmgw-replay"));
        CHECK(world.upstream.request_count() == 2);
    }
    world.upstream.handle(canned::answer);
    CHECK(world.ask(wire, true, keyed).body == canned::joined(wire.events));
}

TEST_CASE("Those that wait for one that fails try for themselves") {
    World world({.server = "", .timeouts = "", .more = resume_on + "[retries]\nmax = 0\n"});
    const auto& wire = canned::wire(DialectId::anthropic);
    const auto pass = std::make_shared<Signal>();
    world.upstream.handle([&wire, pass](const RecordedRequest&, UpstreamConnection& connection) {
        pass->wait();
        connection.reply_json(400, canned::error_body(wire.dialect, 400, "not like this"));
    });
    Response first;
    std::thread one([&] { first = world.ask(wire, true, keyed); });
    REQUIRE(world.upstream.wait_requests(1));
    Response second;
    std::thread two([&] { second = world.ask(wire, true, keyed); });
    REQUIRE(world.gateway().process().wait_err("waits for its answer"));
    pass->set();
    one.join();
    two.join();
    CHECK(first.status == 400);
    CHECK(second.status == 400);
    CHECK(world.upstream.request_count() == 2);
}

TEST_CASE("Another request under the same key, or the same without one, is a call of its own") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    world.upstream.handle(canned::answer);
    const auto& wire = canned::wire(DialectId::anthropic);
    world.ask(wire, true, keyed);
    auto other = wire.stream_body;
    other.insert(other.rfind('}'), ",\"temperature\":0.5");
    CHECK_FALSE(world.gateway().post(wire.stream_target, other, keyed).has("x-llmgw-replay"));
    CHECK_FALSE(world.gateway().post(wire.stream_target + "?beta=true", wire.stream_body, keyed).has("x-llmgw-replay"));
    CHECK_FALSE(world.ask(wire, true).has("x-llmgw-replay"));
    CHECK_FALSE(world.ask(wire, false, keyed).has("x-llmgw-replay"));
    // Headers that say what kind of answer is wanted, or what it is for.
    for (const auto& [name, value] : Headers{{"anthropic-beta", "context-1m"}, {"x-llmgw-feature", "another"}}) {
        auto headers = keyed;
        headers.emplace_back(name, value);
        CHECK_FALSE(world.ask(wire, true, headers).has("x-llmgw-replay"));
    }
    CHECK(world.upstream.request_count() == 7);
}

TEST_CASE("A long answer that is no stream is kept too") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    const auto& wire = canned::wire(DialectId::openai_chat);
    auto body = wire.answer;
    body.insert(body.rfind('}'), ",\"filler\":\"" + std::string(600'000, 'x') + "\"");
    for (const bool chunked : {false, true}) {
        world.upstream.clear();
        world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
            if (!chunked) {
                connection.reply_json(200, body);
                return;
            }
            connection.start(200, {{"content-type", "application/json"}});
            connection.chunk(body);
            connection.finish();
        });
        const Headers key{{"Idempotency-Key", chunked ? "chunked" : "long"}};
        const auto first = world.ask(wire, false, key);
        world.gateway().call_row(first);
        const auto second = world.ask(wire, false, key);
        CHECK((first.body == body));
        CHECK((second.body == body));
        CHECK(second.whole);
        CHECK(second.has("content-length") == !chunked);
        CHECK(world.upstream.request_count() == 1);
        // Not an event stream: there is nothing to count.
        const auto target = stream_of(first.header("x-llmgw-call-id"));
        CHECK((world.gateway().get(target).body == body));
        CHECK(world.gateway().get(target + "?after=1").status == 400);
    }
}
