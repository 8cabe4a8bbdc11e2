// Every way a provider can end badly, in every dialect: the client is told in its own dialect, and so is the log.
#include <chrono>
#include <memory>

#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("endings");

namespace {

// What a client that got this stream makes of it: all of it parses, and the last event is its dialect's error.
void check_ends_with_error(const canned::Wire& wire, const Response& response) {
    CHECK(response.status == 200);
    CHECK_FALSE(response.timed_out);
    const auto events = stream_events(response.body);
    REQUIRE_FALSE(events.empty());
    for (const auto& event : events) {
        CAPTURE(event.data);
        CHECK(event.json.is_object());
    }
    CAPTURE(response.body);
    CHECK(is_stream_error_of(wire.dialect, events.back()));
    CHECK(response.body.find("[DONE]") == std::string::npos);
    CHECK((response.body.ends_with("\n\n") || response.body.ends_with("\r\n\r\n")));
    if (wire.dialect == DialectId::openai_responses) {
        // Clients count on dense numbers: the error's follows the last one that came.
        std::int64_t expected = 0;
        for (const auto& event : events) {
            CHECK(event.json.value("sequence_number", -1) == expected++);
        }
    }
}

}  // namespace

TEST_CASE("T9: the provider's connection ends in mid-stream") {
    World world;
    enum class Cut { fin_in_event, fin_between_events, rst_in_event, rst_between_events, clean_without_terminal };
    for (const auto& wire : canned::wires()) {
        for (const auto cut : {Cut::fin_in_event, Cut::fin_between_events, Cut::rst_in_event, Cut::rst_between_events,
                               Cut::clean_without_terminal}) {
            CAPTURE(name_of(wire));
            CAPTURE(static_cast<int>(cut));
            const auto begin = canned::without_last(wire.events, wire.events.size() > 4 ? 3 : 1);
            const auto half = wire.events.back().substr(0, wire.events.back().size() / 2);
            world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
                connection.start_sse();
                connection.chunk(begin);
                if (cut == Cut::fin_in_event || cut == Cut::rst_in_event) { connection.chunk(half); }
                if (cut == Cut::clean_without_terminal) { connection.finish(); }
                if (cut == Cut::rst_in_event || cut == Cut::rst_between_events) { return connection.reset(); }
                connection.close_after();
            });
            const auto asked = std::chrono::steady_clock::now();
            const auto response = world.ask(wire, true);
            // At once, that is; far below the next ping, and with room for a sanitizer on a busy machine.
            CHECK(std::chrono::steady_clock::now() - asked < std::chrono::seconds(10));
            check_ends_with_error(wire, response);
            // A reset may overtake bytes on their way; what did come is the provider's.
            if (cut != Cut::rst_in_event && cut != Cut::rst_between_events) { CHECK(response.body.starts_with(begin)); }
            const auto row = world.gateway().call_row(response);
            REQUIRE_FALSE(row.empty());
            CHECK(text(row, ending_column) == "truncated");
            CHECK_FALSE(text(row, "error_class").empty());
            const auto attempts = world.gateway().attempt_rows(response.header("x-llmgw-call-id"));
            REQUIRE(attempts.size() == 1);
            CHECK(text(attempts[0], ending_column) == "truncated");
        }
    }
}

TEST_CASE("T9: an error event inside a 200 passes as it is and is the last") {
    World world;
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto sent = canned::without_last(wire.events, wire.events.size() > 5 ? 5 : 1) +
                          canned::stream_error(wire.dialect, "overloaded, sorry");
        world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
            connection.start_sse();
            connection.chunk(sent);
            connection.finish();
        });
        const auto response = world.ask(wire, true);
        CHECK(response.body == sent);
        const auto row = world.gateway().call_row(response);
        REQUIRE_FALSE(row.empty());
        CHECK((text(row, ending_column) == "failed" || text(row, ending_column) == "truncated"));
        CHECK_FALSE(text(row, "error_class").empty());
    }
}

TEST_CASE("T9: a provider silent for too long ends the stream with an error") {
    World world({.server = "", .timeouts = "idle_s = 1", .more = ""});
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto gone = std::make_shared<Signal>();
        world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
            connection.start_sse();
            connection.chunk(canned::without_last(wire.events, 1));
            connection.stall();
            gone->set();
        });
        const auto start = std::chrono::steady_clock::now();
        const auto response = world.ask(wire, true);
        // The limit is a second; what comes later is another clock's doing.
        CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(8));
        check_ends_with_error(wire, response);
        CHECK(gone->wait());
        const auto row = world.gateway().call_row(response);
        REQUIRE_FALSE(row.empty());
        CHECK(text(row, ending_column) == "truncated");
        CHECK(text(row, "error_class") == "timeout");
    }
}

TEST_CASE("T8d: a provider that accepts and never answers is a 504 in the client's dialect") {
    World world({.server = "", .timeouts = "first_byte_s = 1", .more = ""});
    world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) { connection.stall(); });
    // Each takes a second, so streamed and whole are not both asked for in every dialect.
    bool stream = false;
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto response = world.ask(wire, stream);
        stream = !stream;
        CHECK(response.status == 504);
        CHECK(is_error_of(wire.dialect, response.body));
        const auto row = world.gateway().call_row(response);
        REQUIRE_FALSE(row.empty());
        CHECK(text(row, ending_column) == "failed");
        CHECK(text(row, "error_class") == "timeout");
    }
}

TEST_CASE("A provider that is not there is a 502 in the client's dialect") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    int closed_port = 0;
    {
        const auto listener = listen_loopback();
        closed_port = listener.port;
    }
    const auto url = "http://127.0.0.1:" + std::to_string(closed_port);
    Gateway gateway(
        world.home,
        {.config = "[providers.anthropic]\nbase_url = \"" + url +
                   "\"\napi_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n[providers.openai]\nbase_url = \"" + url +
                   "/v1\"\napi_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n[providers.gemini]\nbase_url = \"" + url +
                   "\"\napi_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n",
         .environment = {},
         .wrapper = {}});
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto response = gateway.post(wire.target, wire.body);
        CHECK(response.status == 502);
        CHECK(is_error_of(wire.dialect, response.body));
        const auto row = gateway.call_row(response);
        REQUIRE_FALSE(row.empty());
        CHECK(text(row, "error_class") == "connect");
        CHECK(is_null(row, "cost_nano") == (text(row, "cost_basis") != "none" && text(row, "cost_nano").empty()));
    }
}

TEST_CASE("A provider that answers with no HTTP, half a head or nothing is a 502") {
    World world;
    for (const std::string garbage : {"", "\x16\x03\x01garbage\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-ty"}) {
        for (const auto& wire : canned::wires()) {
            CAPTURE(name_of(wire));
            CAPTURE(garbage);
            world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
                connection.send(garbage);
                connection.close_after();
            });
            const auto response = world.ask(wire);
            CHECK(response.status == 502);
            CHECK(is_error_of(wire.dialect, response.body));
            CHECK(text(world.gateway().call_row(response), ending_column) == "failed");
        }
    }
}

TEST_CASE("A whole answer that is cut cannot be taken for a whole one") {
    World world;
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
            connection.send(response_head(
                200, {{"content-type", "application/json"}, {"content-length", std::to_string(wire.answer.size())}}));
            connection.send(wire.answer.substr(0, wire.answer.size() / 2));
            connection.close_after();
        });
        const auto response = world.ask(wire);
        // Either llmgw had not begun to answer and says so, or its own answer breaks off as well.
        CHECK((response.status == 502 ? is_error_of(wire.dialect, response.body) : !response.whole));
    }
}

TEST_CASE("Malformed events pass, and the stream goes on") {
    World world;
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        auto events = wire.events;
        events.insert(events.begin() + 1, "data: {\"broken\n\n");
        world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
            connection.start_sse();
            connection.chunk(canned::joined(events));
            connection.finish();
        });
        const auto response = world.ask(wire, true);
        CHECK(response.body == canned::joined(events));
        CHECK(text(world.gateway().call_row(response), ending_column) == "done");
    }
}

TEST_CASE("A keep-alive connection the provider closed meanwhile costs no error") {
    World world;
    const auto& wire = canned::wires()[0];
    for (int i = 0; i < 10; ++i) {
        world.upstream.handle([](const RecordedRequest& request, UpstreamConnection& connection) {
            canned::answer(request, connection);
            connection.close_after();  // without having said so
        });
        CHECK(world.ask(wire).status == 200);
        CHECK(world.upstream.wait_open_connections(0));
    }
    CHECK(world.upstream.request_count() == 10);
}

TEST_CASE("T10: with WebSocket switched off an upgrade is refused with 426 at once") {
    World world({.server = "websocket = false", .timeouts = "", .more = "", .start = true});
    const Headers upgrade{{"Connection", "Upgrade"},
                          {"Upgrade", "websocket"},
                          {"Sec-WebSocket-Version", "13"},
                          {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                          {"Sec-WebSocket-Extensions", "permessage-deflate"},
                          {"openai-beta", "responses_websockets=2026-02-06"},
                          {"User-Agent", "codex_exec/0.169.0 (Debian 12)"}};
    auto asks = world.gateway().authorized(
        {.method = "GET", .target = "/v1/responses", .headers = upgrade, .body = "", .host = ""});
    // Answered at once and to the end: a client must not have to wait for the connection to be closed.
    const auto response = http_call(world.gateway().port(), asks, Millis{8000});
    CHECK(response.status == 426);
    CHECK(response.whole);
    CHECK_FALSE(response.timed_out);
    CHECK(world.upstream.request_count() == 0);
    // Codex then posts; it opens a new connection for that.
    const auto& wire = canned::wire(DialectId::openai_responses);
    CHECK(world.ask(wire, true).status == 200);
}

TEST_SUITE_END();
