// Streams pass byte for byte and at once.
#include <memory>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("streams");

TEST_CASE("T8: a stream is the provider's bytes, however they are cut") {
    World world;
    for (const auto& wire : canned::wires()) {
        const auto whole = canned::joined(wire.events);
        for (const std::size_t size : {1U, 2U, 3U, 7U, 64U, 100000U}) {
            CAPTURE(name_of(wire));
            CAPTURE(size);
            world.upstream.handle([whole, size](const RecordedRequest&, UpstreamConnection& connection) {
                connection.start_sse();
                for (std::size_t at = 0; at < whole.size(); at += size) {
                    connection.chunk(whole.substr(at, size));
                }
                connection.finish();
            });
            const auto response = world.ask(wire, true);
            CHECK(response.status == 200);
            CHECK(response.whole);
            CHECK(response.body == whole);
            const auto row = world.gateway().call_row(response);
            REQUIRE_FALSE(row.empty());
            CHECK(text(row, ending_column) == "done");
            CHECK(text(row, "output_tokens") == std::to_string(canned::output_tokens));
        }
    }
}

TEST_CASE("T8: one byte per write on the wire, and an end told by closing") {
    World world;
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto whole = canned::joined(wire.events);
        world.upstream.handle([whole](const RecordedRequest&, UpstreamConnection& connection) {
            connection.start_until_close(200, {{"content-type", "text/event-stream"}});
            connection.send_trickled(whole);
        });
        const auto response = world.ask(wire, true);
        CHECK(response.body == whole);
        CHECK(response.whole);
    }
}

TEST_CASE("T8: comments, padding and unknown events pass unchanged") {
    World world;
    const auto& wire = canned::wire(DialectId::openai_chat);
    std::string whole = "\xEF\xBB\xBF: OPENROUTER PROCESSING\n\n" + wire.events[0] + ": keep-alive\r\n\r\n" +
                        "event: made-up\nid: 7\nretry: 100\ndata: {\"x\":1}   \n\n";
    for (std::size_t i = 1; i < wire.events.size(); ++i) {
        whole += wire.events[i];
    }
    world.upstream.handle([whole](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk(whole);
        connection.finish();
    });
    const auto response = world.ask(wire, true);
    CHECK(response.body == whole);
}

TEST_CASE("T8: each event is passed on before the next one comes") {
    World world;
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        // The provider goes on only when the client has seen the event: buffering would stop it for ever.
        auto seen = std::make_shared<std::vector<Signal>>(wire.events.size());
        world.upstream.handle([&wire, seen](const RecordedRequest&, UpstreamConnection& connection) {
            connection.start_sse();
            for (std::size_t i = 0; i < wire.events.size(); ++i) {
                connection.chunk(wire.events[i]);
                if (!(*seen)[i].wait()) { return connection.reset(); }
            }
            connection.finish();
        });
        RawClient client(world.gateway().port());
        client.send(world.gateway().authorized({.target = wire.stream_target,
                                                .headers = {{"x-llmgw-feature", "e2e"}},
                                                .body = wire.stream_body,
                                                .host = ""}));
        auto response = client.read_head();
        CHECK(response.status == 200);
        std::string expected;
        for (std::size_t i = 0; i < wire.events.size(); ++i) {
            expected += wire.events[i];
            // The terminal event may be held until the call is in the log.
            const bool last = i + 1 == wire.events.size();
            if (!last) { CHECK(client.read_until(response, expected)); }
            (*seen)[i].set();
        }
        client.read_rest(response);
        CHECK(response.whole);
        CHECK(response.body == expected);
    }
}

TEST_CASE("T8c: streams say that nobody may hold them back") {
    World world;
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto response = world.ask(wire, true);
        CHECK(response.header("x-accel-buffering") == "no");
        CHECK(response.header("cache-control").find("no-cache") != std::string::npos);
        CHECK(response.header("content-type").starts_with("text/event-stream"));
    }
}

TEST_CASE("T8b: a silent stream is given its dialect's ping") {
    World world({.server = "", .timeouts = "ping_s = 1", .more = ""});
    for (const auto& wire : canned::wires()) {
        if (wire.dialect == DialectId::gemini) { continue; }  // has no harmless bytes
        CAPTURE(name_of(wire));
        const auto go_on = std::make_shared<Signal>();
        world.upstream.handle([&wire, go_on](const RecordedRequest&, UpstreamConnection& connection) {
            connection.start_sse();
            connection.chunk(wire.events[0]);
            go_on->wait();
            for (std::size_t i = 1; i < wire.events.size(); ++i) {
                connection.chunk(wire.events[i]);
            }
            connection.finish();
        });
        RawClient client(world.gateway().port());
        client.send(world.gateway().authorized({.target = wire.stream_target,
                                                .headers = {{"x-llmgw-feature", "e2e"}},
                                                .body = wire.stream_body,
                                                .host = ""}));
        auto response = client.read_head();
        const std::string ping = wire.dialect == DialectId::anthropic ? "event: ping\n" : ":";
        CHECK(client.read_until(response, wire.events[0] + ping));
        go_on->set();
        client.read_rest(response);
        CHECK(response.whole);
        // Without the pings it is what the provider sent.
        std::string rest = response.body;
        const auto extra = rest.substr(wire.events[0].size(), rest.size() - canned::joined(wire.events).size());
        rest.erase(wire.events[0].size(), extra.size());
        CHECK(rest == canned::joined(wire.events));
        for (const auto& event : stream_events(extra)) {
            CHECK(event.name == "ping");
        }
    }
}

TEST_CASE("T8: a silent Gemini stream is left silent") {
    World world({.server = "", .timeouts = "ping_s = 1", .more = ""});
    const auto& wire = canned::wire(DialectId::gemini);
    world.upstream.handle([&wire](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk(wire.events[0]);
        // Silence of known length, from the provider's side; the client itself does not wait.
        connection.wait_peer_closed(Millis{2500});
        connection.chunk(wire.events[1]);
        connection.finish();
    });
    CHECK(world.ask(wire, true).body == canned::joined(wire.events));
}

TEST_CASE("Gemini without alt=sse streams a JSON array, byte for byte") {
    World world;
    const std::string array = "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n,\r\n" +
                              canned::wire(DialectId::gemini).answer + "]";
    world.upstream.handle([array](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start(200, {{"content-type", "application/json; charset=UTF-8"}});
        for (std::size_t at = 0; at < array.size(); at += 5) {
            connection.chunk(array.substr(at, 5));
        }
        connection.finish();
    });
    const auto response = world.gateway().post("/v1beta/models/gemini-2.5-flash:streamGenerateContent",
                                               canned::wire(DialectId::gemini).body);
    CHECK(response.body == array);
    CHECK(response.header("content-type") == "application/json; charset=UTF-8");
    const auto row = world.gateway().call_row(response);
    REQUIRE_FALSE(row.empty());
    CHECK(text(row, "output_tokens") == std::to_string(canned::output_tokens));
    CHECK(text(row, ending_column) == "done");
}

TEST_CASE("200 idle streams and a call beside them") {
    World world;
    const auto& wire = canned::wires()[0];
    const auto go_on = std::make_shared<Signal>();
    world.upstream.handle([&wire, go_on](const RecordedRequest& request, UpstreamConnection& connection) {
        if (request.body == wire.body) { return canned::answer(request, connection); }
        connection.start_sse();
        connection.chunk(wire.events[0]);
        go_on->wait();
        for (std::size_t i = 1; i < wire.events.size(); ++i) {
            connection.chunk(wire.events[i]);
        }
        connection.finish();
    });
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 200; ++i) {
        clients.push_back(std::make_unique<RawClient>(world.gateway().port()));
        clients.back()->send(world.gateway().authorized({.target = wire.stream_target,
                                                         .headers = {{"x-llmgw-feature", "e2e"}},
                                                         .body = wire.stream_body,
                                                         .host = ""}));
    }
    CHECK(world.upstream.wait_requests(200));
    CHECK(world.gateway().get("/healthz").status == 200);
    CHECK(world.ask(wire).status == 200);
    go_on->set();
    int whole = 0;
    for (auto& client : clients) {
        whole += client->read_response().body == canned::joined(wire.events) ? 1 : 0;
    }
    CHECK(whole == 200);
}

TEST_SUITE_END();
