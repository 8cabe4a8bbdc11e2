// Streams that fail before they have said anything fail over unseen; afterwards never.
#include <memory>

#include <doctest/doctest.h>

#include "tests/e2e/failover_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("failover");

namespace {

// How many events a dialect's canned stream has before its first content.
std::size_t start_up_events(const canned::Wire& wire) {
    return wire.dialect == DialectId::anthropic ? 2 : wire.dialect == DialectId::openai_responses ? 2 : 0;
}

std::string begin_of(const canned::Wire& wire, std::size_t events) {
    return canned::without_last(wire.events, wire.events.size() - events);
}

void check_second_answered(FailoverWorld& world, const canned::Wire& wire, const Response& response) {
    CHECK(response.status == 200);
    CHECK(response.whole);
    // One message_start, one id: every byte is the second one's.
    CHECK(response.body == canned::joined(wire.events));
    CHECK(response.header("x-llmgw-attempts") == "2");
    CHECK(response.header("x-llmgw-model") == "model-1");
    CHECK(world.asked(0) == 1);
    CHECK(world.asked(1) == 1);
    const auto row = world.gateway().call_row(response);
    REQUIRE_FALSE(row.empty());
    CHECK(text(row, "ending") == "done");
    CHECK_FALSE(is_null(row, "first_token_ms"));
    world.up(0).clear();
    world.up(1).clear();
}

}  // namespace

TEST_CASE("T11: an error event before the first content fails over unseen") {
    FailoverWorld world;
    for (const auto& wire : canned::wires()) {
        for (const std::size_t before : {std::size_t{0}, start_up_events(wire)}) {
            CAPTURE(name_of(wire));
            CAPTURE(before);
            world.up(0).handle(
                act::stream(begin_of(wire, before) + canned::stream_error(wire.dialect, "no room today")));
            const auto response = world.ask(wire, true);
            const auto attempts = world.attempts(response);
            REQUIRE(attempts.size() == 2);
            CHECK(text(attempts[0], "error_message") == "no room today");
            CHECK(text(attempts[0], "http_status") == "200");
            CHECK(text(attempts[0], "ending") == "failed");
            check_second_answered(world, wire, response);
        }
    }
}

TEST_CASE("T11: a stream that ends, breaks or is empty before the first content fails over unseen") {
    FailoverWorld world;
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        for (const auto& handler : {act::stream(""), act::stream_and_cut(begin_of(wire, start_up_events(wire))),
                                    act::stream_and_cut("data: {\"ha")}) {
            world.up(0).handle(handler);
            const auto response = world.ask(wire, true);
            const auto attempts = world.attempts(response);
            REQUIRE(attempts.size() == 2);
            CHECK(text(attempts[0], "error_class") == "truncated");
            check_second_answered(world, wire, response);
        }
    }
}

TEST_CASE("A whole answer that breaks off, or holds an error, fails over") {
    FailoverWorld world;
    const auto& chat = canned::wire(DialectId::openai_chat);
    world.up(0).handle([&](const RecordedRequest&, UpstreamConnection& connection) {
        connection.send(response_head(200, {{"content-type", "application/json"}, {"content-length", "100000"}}));
        connection.send(chat.answer);
        connection.close_after();
    });
    auto response = world.ask(chat, false);
    CHECK(response.body == chat.answer);
    CHECK(response.header("x-llmgw-attempts") == "2");
    auto attempts = world.attempts(response);
    REQUIRE(attempts.size() == 2);
    CHECK(text(attempts[0], "ending") == "truncated");

    world.up(0).handle(act::status(200, R"({"error":{"message":"Provider returned error","code":502}})"));
    response = world.ask(chat, false);
    CHECK(response.body == chat.answer);
    attempts = world.attempts(response);
    REQUIRE(attempts.size() == 2);
    CHECK(text(attempts[0], "error_message") == "Provider returned error");
}

TEST_CASE("T8d: an upstream that accepts and stays silent is failed over, before and behind its head") {
    FailoverWorld world({.timeouts = "failover_s = 1"});
    for (const auto& handler : {act::silence(), act::stream_and_stall("")}) {
        for (const auto dialect : {DialectId::anthropic, DialectId::openai_chat}) {
            const auto& wire = canned::wire(dialect);
            CAPTURE(name_of(wire));
            world.up(0).handle(handler);
            const auto response = world.ask(wire, true);
            const auto attempts = world.attempts(response);
            REQUIRE(attempts.size() == 2);
            CHECK(text(attempts[0], "error_class") == "timeout");
            // It had the request: nobody knows that it did nothing.
            CHECK(text(attempts[0], "cost_basis") == "estimated");
            check_second_answered(world, wire, response);
            CHECK(world.up(0).wait_open_connections(0));
        }
    }
}

TEST_CASE("The beginning is held for so long and so much only") {
    const auto& claude = canned::wire(DialectId::anthropic);
    SUBCASE("time") {
        FailoverWorld world({.retries = "hold_s = 1"});
        world.up(0).handle(act::stream_and_stall(claude.events[0]));
        RawClient client(world.gateway().port());
        const auto request = FailoverWorld::request_of(claude, true, {{"x-llmgw-feature", "e2e"}});
        client.send(world.gateway().authorized(request));
        auto response = client.read_head();
        CHECK(response.status == 200);
        CHECK(client.read_until(response, claude.events[0]));
        CHECK(world.asked(1) == 0);
    }
    SUBCASE("bytes") {
        FailoverWorld world({.retries = "hold_kb = 1\nhold_s = 600"});
        const auto padding = ": " + std::string(4096, '.') + "\n\n";
        world.up(0).handle(act::stream_and_stall(padding + claude.events[0]));
        RawClient client(world.gateway().port());
        const auto request = FailoverWorld::request_of(claude, true, {{"x-llmgw-feature", "e2e"}});
        client.send(world.gateway().authorized(request));
        auto response = client.read_head();
        CHECK(client.read_until(response, padding + claude.events[0]));
        CHECK(world.asked(1) == 0);
    }
}

TEST_CASE("T11: after content there is no second attempt; the stream ends in the dialect's way") {
    FailoverWorld world;
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto content = begin_of(wire, wire.events.size() - 1);
        for (const auto& handler : {act::stream_and_cut(content), act::stream_and_cut(content + "data: {\"type\":"),
                                    act::stream(content + canned::stream_error(wire.dialect, "no room today"))}) {
            world.up(0).handle(handler);
            const auto response = world.ask(wire, true);
            CHECK(response.status == 200);
            CHECK(response.body.starts_with(content));
            const auto events = stream_events(response.body);
            REQUIRE_FALSE(events.empty());
            CHECK(is_stream_error_of(wire.dialect, events.back()));
            CHECK(response.header("x-llmgw-attempts") == "1");
            CHECK(world.asked(1) == 0);
        }
    }
}

TEST_CASE("T11: cut in the middle of a tool call") {
    FailoverWorld world;
    const auto& claude = canned::wire(DialectId::anthropic);
    const std::string begun =
        claude.events[0] +
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":"
        "\"tool_use\",\"id\":\"toolu_1\",\"name\":\"read\",\"input\":{}}}\n\n"
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
        "\"input_json_delta\",\"partial_json\":\"{\\\"path\\\":\"}}\n\n";
    world.up(0).handle(act::stream_and_cut(begun));
    const auto response = world.ask(claude, true);
    CHECK(response.body.starts_with(begun));
    CHECK(is_stream_error_of(claude.dialect, stream_events(response.body).back()));
    CHECK(world.asked(1) == 0);
    const auto row = world.gateway().call_row(response);
    REQUIRE_FALSE(row.empty());
    CHECK(text(row, "ending") == "truncated");
}

TEST_CASE("What a failed attempt used is its own, and in the call's sum") {
    FailoverWorld world;
    const auto& claude = canned::wire(DialectId::anthropic);
    world.up(0).handle(act::stream(claude.events[0] + canned::stream_error(claude.dialect, "no room today")));
    const auto response = world.ask(claude, true);
    const auto row = world.gateway().call_row(response);
    REQUIRE_FALSE(row.empty());
    const auto attempts = world.attempts(response);
    REQUIRE(attempts.size() == 2);
    const auto number = [](const DbRow& one, const char* column) { return std::stoll(text(one, column)); };
    CHECK(number(attempts[0], "input_tokens") > 0);
    CHECK(number(row, "input_tokens") == number(attempts[0], "input_tokens") + number(attempts[1], "input_tokens"));
    CHECK(number(attempts[1], "output_tokens") == canned::output_tokens);
    const auto shown = world.world().cli({"logs", "--call", response.header("x-llmgw-call-id")});
    CHECK(shown.exit == 0);
    CHECK(shown.out.contains("attempt 1"));
    CHECK(shown.out.contains("no room today"));
    CHECK(shown.out.contains("attempt 2"));
}

TEST_CASE("With one target a stream's events leave at once, also when it may be asked again") {
    FailoverWorld world;
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto seen = std::make_shared<Signal>();
        world.up(0).handle([&wire, seen](const RecordedRequest&, UpstreamConnection& connection) {
            connection.start_sse();
            connection.chunk(wire.events[0]);
            if (!seen->wait()) { return connection.reset(); }
            connection.chunk(canned::joined(wire.events).substr(wire.events[0].size()));
            connection.finish();
        });
        const auto kind = FailoverWorld::kind_of(wire.dialect);
        const auto request = FailoverWorld::request_of(wire, true, {{"x-llmgw-feature", "e2e"}}, kind + "-0/m");
        RawClient client(world.gateway().port());
        client.send(world.gateway().authorized(request));
        auto response = client.read_head();
        CHECK(client.read_until(response, wire.events[0]));
        seen->set();
        client.read_rest(response);
        CHECK(response.body == canned::joined(wire.events));
    }
}

TEST_CASE("same_target = always: a stream's beginning is looked at for one target as well") {
    FailoverWorld world({.upstreams = 1, .retries = "same_target = \"always\"\nbackoff_ms = 1\n"});
    const auto& claude = canned::wire(DialectId::anthropic);
    world.up(0).handle([&](const RecordedRequest& request, UpstreamConnection& connection) {
        if (world.asked(0) > 1) { return canned::answer(request, connection); }
        act::stream(canned::stream_error(claude.dialect, "no room today"))(request, connection);
    });
    const auto response = world.ask(claude, true, {{"user-agent", "claude-cli/2.1"}}, "anthropic-0/m");
    CHECK(response.body == canned::joined(claude.events));
    CHECK(world.asked(0) == 2);
}
