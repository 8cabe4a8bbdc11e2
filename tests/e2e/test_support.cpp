// The tools of these tests are tested first: without a gateway between them.
#include <memory>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("support");

TEST_CASE("Fake provider: records a request as it came and keeps the connection") {
    FakeUpstream upstream;
    upstream.handle([](const RecordedRequest& request, UpstreamConnection& connection) {
        connection.reply(201, {{"X-Seen", request.method}}, "answer to " + request.body);
    });
    RawClient client(upstream.port());
    for (int i = 1; i <= 2; ++i) {
        // In pieces that split a header name and the body.
        client.send("POST /a%2Fb?q=1 HTTP/1.1\r\nHost: x\r\nX-OD");
        client.send("d:  Value \r\nContent-Length: 4\r\n\r\nbo");
        client.send("dy");
        const auto response = client.read_response();
        CHECK(response.status == 201);
        CHECK(response.whole);
        CHECK(response.body == "answer to body");
        CHECK(response.header("x-seen") == "POST");
    }
    CHECK(upstream.request_count() == 2);
    CHECK(upstream.connection_count() == 1);
    const auto request = upstream.last();
    CHECK(request->target == "/a%2Fb?q=1");
    CHECK(request->headers == Headers{{"Host", "x"}, {"X-ODd", "Value"}, {"Content-Length", "4"}});
    client.close();
    CHECK(upstream.wait_open_connections(0));
}

TEST_CASE("Fake provider: undoes chunked request bodies") {
    FakeUpstream upstream;
    upstream.handle(canned::answer);
    RawClient client(upstream.port());
    client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1");
    client.send("0\r\n0123456789abcdef\r\n0\r\n\r\n");
    client.read_response();
    CHECK(upstream.last()->body == "abc0123456789abcdef");
}

TEST_CASE("Fake provider: streams one event at a time, as the test says") {
    FakeUpstream upstream;
    const auto go_on = std::make_shared<Signal>();
    upstream.handle([go_on](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk("data: one\n\n");
        go_on->wait();
        connection.send_trickled("b\r\ndata: two\n\n\r\n");
        connection.finish();
    });
    RawClient client(upstream.port());
    client.send({.target = "/", .headers = {}, .body = "{}", .host = ""});
    auto response = client.read_head();
    CHECK(client.read_until(response, "one\n\n"));
    CHECK(response.body == "data: one\n\n");
    go_on->set();
    client.read_rest(response);
    CHECK(response.whole);
    CHECK(response.body == "data: one\n\ndata: two\n\n");
}

TEST_CASE("Fake provider: cuts, resets and stalls") {
    FakeUpstream upstream;
    const auto gone = std::make_shared<Signal>();
    upstream.handle([gone](const RecordedRequest& request, UpstreamConnection& connection) {
        connection.start_sse();
        connection.chunk("data: part");
        if (request.target == "/cut") { return connection.close_after(); }
        if (request.target == "/rst") { return connection.reset(); }
        connection.wait_peer_closed();
        gone->set();
    });
    for (const char* target : {"/cut", "/rst"}) {
        RawClient client(upstream.port());
        client.send({.target = target, .headers = {}, .body = "{}", .host = ""});
        const auto response = client.read_response();
        CHECK(response.status == 200);
        CHECK_FALSE(response.whole);
        CHECK_FALSE(response.timed_out);
    }
    for (const bool reset : {false, true}) {
        RawClient client(upstream.port());
        client.send({.target = "/stall", .headers = {}, .body = "{}", .host = ""});
        auto response = client.read_head();
        CHECK(client.read_until(response, "part"));
        reset ? client.reset() : client.close();
        CHECK(gone->wait());
    }
}

TEST_CASE("Fake provider: ends while requests stall") {
    RawClient* client = nullptr;
    {
        FakeUpstream upstream;
        upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) { connection.stall(); });
        client = new RawClient(upstream.port());
        client->send({.target = "/", .headers = {}, .body = "{}", .host = ""});
        CHECK(upstream.wait_requests(1));
    }
    CHECK(client->read_response().status == 0);
    delete client;
}

TEST_CASE("Canned answers: whole and streamed say the same in every dialect") {
    FakeUpstream upstream;
    upstream.handle(canned::answer);
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto whole =
            http_call(upstream.port(), {.target = wire.target, .headers = {}, .body = wire.body, .host = ""});
        CHECK(whole.status == 200);
        CHECK(whole.body == wire.answer);
        CHECK(nlohmann::json::accept(whole.body));
        const auto streamed = http_call(
            upstream.port(), {.target = wire.stream_target, .headers = {}, .body = wire.stream_body, .host = ""});
        CHECK(streamed.body == canned::joined(wire.events));
        const auto events = stream_events(streamed.body);
        CHECK(events.size() == wire.events.size());
        for (const auto& event : events) {
            CHECK((event.data == "[DONE]" || event.json.is_object()));
        }
        CHECK(wire.events.back().find(wire.terminal) != std::string::npos);
        CHECK(is_error_of(wire.dialect, canned::error_body(wire.dialect, 429, "slow down")));
        CHECK(is_stream_error_of(wire.dialect, stream_events(canned::stream_error(wire.dialect, "oh")).at(0)));
        CHECK_FALSE(is_stream_error_of(wire.dialect, events.front()));
    }
}

TEST_CASE("Child process: output, input, exit code and signals") {
    ChildProcess echo({"/bin/sh", "-c", "cat; echo $NAME >&2; exit 7"}, {{"NAME", "from env"}}, "from stdin");
    CHECK(echo.wait() == 7);
    CHECK(echo.out() == "from stdin");
    CHECK(echo.err() == "from env\n");
    ChildProcess sleeper({"/bin/sleep", "1000"}, {});
    CHECK(sleeper.running());
    sleeper.signal(15);
    CHECK(sleeper.wait() == 128 + 15);
}

TEST_SUITE_END();
