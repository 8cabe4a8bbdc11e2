// Streams that survive their clients: cut anywhere and read on, to the same bytes, with one request to the provider.
#include <csignal>
#include <filesystem>
#include <memory>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/e2e/resume_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("resume");

TEST_CASE("Cut at every event and read on: the bytes are the whole's") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    for (const auto& wire : canned::wires()) {
        const auto whole = canned::joined(wire.events);
        for (std::size_t had = 0; had <= wire.events.size(); ++had) {
            CAPTURE(name_of(wire));
            CAPTURE(had);
            const auto pass = std::make_shared<Signal>();
            world.upstream.handle(in_two_parts(wire, had, pass));
            const auto cut = ask_and_cut(world, wire, canned::without_last(wire.events, wire.events.size() - had));
            REQUIRE(cut.status == 200);
            const auto id = cut.header("x-llmgw-call-id");
            CHECK(cut.header("x-llmgw-resume") == "/llmgw/v1/calls/" + id + "/stream");
            pass->set();

            const auto rest = world.gateway().get(stream_of(id) + "?after=" + std::to_string(had));
            CHECK(rest.status == 200);
            CHECK(rest.whole);
            CHECK(rest.header("x-llmgw-call-id") == id);
            CHECK(rest.header("x-llmgw-replay") == "resumed");
            CHECK(rest.header("content-type") == cut.header("content-type"));
            CHECK(cut.body + rest.body == whole);
            // From the start, and by the header that browsers send.
            CHECK(world.gateway().get(stream_of(id)).body == whole);
            CHECK(world.gateway().get(stream_of(id), {{"Last-Event-ID", std::to_string(had)}}).body == rest.body);
        }
        CHECK(world.upstream.request_count() == wire.events.size() + 1);
        world.upstream.clear();
    }
}

TEST_CASE("A call whose client is gone is read to its end and billed once") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        world.upstream.handle(canned::answer);
        const auto stayed = world.ask(wire, true);
        CHECK(stayed.body == canned::joined(wire.events));
        const auto expected = world.gateway().call_row(stayed);

        const auto pass = std::make_shared<Signal>();
        world.upstream.handle(in_two_parts(wire, 1, pass));
        const auto cut = ask_and_cut(world, wire, wire.events[0]);
        pass->set();
        const auto row = world.gateway().call_row(cut);
        REQUIRE_FALSE(row.empty());
        CHECK(text(row, "ending") == "done");
        for (const auto column : {"cost_nano", "output_tokens", "input_tokens", "http_status", "response_bytes"}) {
            CAPTURE(column);
            CHECK(text(row, column) == text(expected, column));
        }
        CHECK(world.gateway().attempt_rows(cut.header("x-llmgw-call-id")).size() == 1);
    }
}

TEST_CASE("A client that stays gets what it would have got") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    world.upstream.handle(canned::answer);
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto streamed = world.ask(wire, true);
        CHECK(streamed.body == canned::joined(wire.events));
        CHECK(streamed.whole);
        const auto whole = world.ask(wire, false);
        CHECK(whole.body == wire.answer);
        CHECK_FALSE(whole.has("x-llmgw-resume"));
    }
}

TEST_CASE("Two clients read one stream while it runs") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    const auto& wire = canned::wire(DialectId::anthropic);
    const auto pass = std::make_shared<Signal>();
    world.upstream.handle(in_two_parts(wire, 2, pass));
    RawClient first(world.gateway().port());
    REQUIRE(first.send(stream_request(world, wire)));
    auto one = first.read_head();
    REQUIRE(first.read_until(one, wire.events[0] + wire.events[1]));

    RawClient second(world.gateway().port());
    Request request;
    request.method = "GET";
    request.target = stream_of(one.header("x-llmgw-call-id")) + "?after=1";
    REQUIRE(second.send(world.gateway().authorized(request)));
    auto two = second.read_head();
    // It is given what is there before the provider goes on.
    REQUIRE(second.read_until(two, wire.events[1]));
    pass->set();
    first.read_rest(one);
    second.read_rest(two);
    CHECK(one.body == canned::joined(wire.events));
    CHECK(wire.events[0] + two.body == one.body);
    CHECK(world.upstream.request_count() == 1);
}

TEST_CASE("A finished stream outlives the gateway, also one that is killed") {
    for (const int signal : {SIGTERM, SIGKILL}) {
        World world({.server = "", .timeouts = "", .more = resume_on});
        world.upstream.handle(canned::answer);
        const auto& wire = canned::wire(DialectId::openai_chat);
        const auto answer = world.ask(wire, true, {{"Idempotency-Key", "kept"}});
        REQUIRE(answer.whole);
        world.stop(signal);
        world.start();
        const auto again = world.gateway().get(stream_of(answer.header("x-llmgw-call-id")) + "?after=2");
        CHECK(wire.events[0] + wire.events[1] + again.body == answer.body);
        CHECK(again.whole);
        // So does what it is asked for by.
        const auto attached = world.ask(wire, true, {{"Idempotency-Key", "kept"}});
        CHECK(attached.body == answer.body);
        CHECK(attached.header("x-llmgw-replay") == "attached");
        CHECK(world.upstream.request_count() == 1);
    }
}

TEST_CASE("A gateway told to stop lets a stream without a client end") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    const auto& wire = canned::wire(DialectId::anthropic);
    const auto pass = std::make_shared<Signal>();
    world.upstream.handle(in_two_parts(wire, 1, pass));
    const auto cut = ask_and_cut(world, wire, wire.events[0]);
    world.gateway().process().signal(SIGTERM);
    CHECK(world.gateway().process().wait_err("stopping"));
    pass->set();
    CHECK(world.gateway().process().wait() == 0);
    world.start();
    CHECK(text(world.gateway().call_row(cut), "ending") == "done");
    CHECK(world.gateway().get(stream_of(cut.header("x-llmgw-call-id"))).body == canned::joined(wire.events));
}

TEST_CASE("One that does not end in time is ended, and says so") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    const auto& wire = canned::wire(DialectId::anthropic);
    world.upstream.handle(act::stream_and_stall(wire.events[0]));
    const auto cut = ask_and_cut(world, wire, wire.events[0]);
    world.gateway().process().signal(SIGTERM);
    CHECK(world.gateway().process().wait_err("stopping"));
    CHECK(world.stop(SIGTERM) == 0);
    world.start();
    CHECK(text(world.gateway().call_row(cut), "ending") == "truncated");
    const auto rest = world.gateway().get(stream_of(cut.header("x-llmgw-call-id")) + "?after=1");
    const auto events = stream_events(rest.body);
    REQUIRE(events.size() == 1);
    CHECK(is_stream_error_of(wire.dialect, events[0]));
}

TEST_CASE("A client that stays is told that the gateway ends") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        world.upstream.handle(act::stream_and_stall(wire.events[0]));
        RawClient client(world.gateway().port());
        REQUIRE(client.send(stream_request(world, wire)));
        auto response = client.read_head();
        REQUIRE(client.read_until(response, wire.events[0]));
        world.gateway().process().signal(SIGTERM);
        CHECK(world.gateway().process().wait_err("stopping"));
        CHECK(world.stop(SIGTERM) == 0);
        client.read_rest(response);
        CHECK(response.whole);
        const auto events = stream_events(response.body.substr(wire.events[0].size()));
        REQUIRE_FALSE(events.empty());
        CHECK(is_stream_error_of(wire.dialect, events[0]));
        world.start();
        CHECK(text(world.gateway().call_row(response), "ending") == "truncated");
    }
}

TEST_CASE("With resume switched off again what was kept is still there") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    world.upstream.handle(canned::answer);
    const auto& wire = canned::wire(DialectId::anthropic);
    const auto answer = world.ask(wire, true);
    auto off = world.config();
    off.replace(off.find("resume = true"), 13, "resume = false");
    world.home.write_config(off);
    REQUIRE(world.gateway().process().wait_err("configuration reloaded"));
    CHECK_FALSE(world.ask(wire, true).has("x-llmgw-resume"));
    CHECK(world.gateway().get(stream_of(answer.header("x-llmgw-call-id"))).body == answer.body);
}

TEST_CASE("What a provider broke off is told to the one that comes back") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto pass = std::make_shared<Signal>();
        world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
            connection.start_sse();
            connection.chunk(wire.events[0]);
            pass->wait();
            connection.close_after();
        });
        const auto cut = ask_and_cut(world, wire, wire.events[0]);
        pass->set();
        CHECK(text(world.gateway().call_row(cut), "ending") == "truncated");
        const auto rest = world.gateway().get(stream_of(cut.header("x-llmgw-call-id")) + "?after=1");
        const auto events = stream_events(rest.body);
        REQUIRE_FALSE(events.empty());
        CHECK(is_stream_error_of(wire.dialect, events[0]));
    }
}

TEST_CASE("The pings of a silent provider are events of the stream") {
    World world({.server = "", .timeouts = "ping_s = 1", .more = resume_on});
    const auto& wire = canned::wire(DialectId::anthropic);
    const auto pass = std::make_shared<Signal>();
    world.upstream.handle(in_two_parts(wire, 1, pass));
    const std::string ping = "event: ping\n";
    auto cut = ask_and_cut(world, wire, wire.events[0] + ping);
    pass->set();
    world.gateway().call_row(cut);
    const auto whole = world.gateway().get(stream_of(cut.header("x-llmgw-call-id"))).body;
    CHECK(stream_events(whole)[1].name == "ping");
    const auto rest = world.gateway().get(stream_of(cut.header("x-llmgw-call-id")) + "?after=2").body;
    CHECK(whole.ends_with(rest));
    CHECK(stream_events(rest).size() + 2 == stream_events(whole).size());
}

TEST_CASE("A long stream lies in a private file, whoever reads it") {
    const std::string filler(3000, 'x');
    const auto& wire = canned::wire(DialectId::openai_chat);
    std::vector<std::string> events;
    for (int i = 0; i < 200; ++i) {
        events.push_back("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + std::to_string(i) + filler +
                         "\"}}]}\n\n");
    }
    events.insert(events.end(), wire.events.end() - 3, wire.events.end());
    const auto whole = canned::joined(events);
    World world({.server = "", .timeouts = "", .more = resume_on + "memory_kb = 16\n"});
    const auto pass = std::make_shared<Signal>();
    world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        for (std::size_t i = 0; i < events.size(); ++i) {
            if (i == 150) { pass->wait(); }
            connection.chunk(events[i]);
        }
        connection.finish();
    });
    const auto cut = ask_and_cut(world, wire, events[0]);
    const auto id = cut.header("x-llmgw-call-id");
    // While it runs most of it is in the file already.
    RawClient client(world.gateway().port());
    Request request;
    request.method = "GET";
    request.target = stream_of(id) + "?after=1";
    REQUIRE(client.send(world.gateway().authorized(request)));
    auto running = client.read_head();
    REQUIRE(client.read_until(running, events[149]));
    pass->set();
    client.read_rest(running);
    CHECK((events[0] + running.body == whole));
    world.gateway().call_row(cut);
    for (const std::size_t had : {std::size_t{0}, std::size_t{1}, std::size_t{100}, events.size() - 1, events.size()}) {
        const auto rest = world.gateway().get(stream_of(id) + "?after=" + std::to_string(had));
        CHECK((canned::without_last(events, events.size() - had) + rest.body == whole));
    }
    const auto directory = world.home.data_dir() + "/streams";
    struct stat info {};
    REQUIRE(::stat(directory.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0700);
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        ++files;
        REQUIRE(::stat(entry.path().c_str(), &info) == 0);
        CHECK((info.st_mode & 0777) == 0600);
    }
    CHECK(files == 1);
}

TEST_CASE("A stream that is too long reaches its client and is not kept") {
    const std::string filler(64 << 10, 'x');
    const auto& wire = canned::wire(DialectId::openai_chat);
    std::vector<std::string> events;
    for (int i = 0; i < 80; ++i) {
        events.push_back("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + filler + "\"}}]}\n\n");
    }
    events.insert(events.end(), wire.events.end() - 3, wire.events.end());
    World world({.server = "", .timeouts = "", .more = resume_on + "stream_mb = 1\n"});
    world.upstream.handle(act::stream(canned::joined(events)));
    const auto answer = world.ask(wire, true);
    CHECK(answer.whole);
    CHECK((answer.body == canned::joined(events)));
    CHECK(error_message(world.gateway().get(stream_of(answer.header("x-llmgw-call-id"))).body).find("stream_mb") !=
          std::string::npos);
    CHECK(text(world.gateway().call_row(answer), "ending") == "done");

    // Without a client it ends: nobody would ever see it.
    world.upstream.handle([&](const RecordedRequest&, UpstreamConnection& connection) {
        connection.start_sse();
        while (connection.chunk(events[0])) {}
    });
    const auto cut = ask_and_cut(world, wire, events[0]);
    CHECK(text(world.gateway().call_row(cut), "ending") == "cancelled");
}

TEST_CASE("Nobody else reads it, and a bad question is told what is wrong") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    world.upstream.handle(canned::answer);
    const auto& wire = canned::wire(DialectId::openai_responses);
    const auto answer = world.ask(wire, true);
    const auto target = stream_of(answer.header("x-llmgw-call-id"));
    Request bare;
    bare.method = "GET";
    bare.target = target;
    CHECK(world.gateway().call(bare).status == 401);
    bare.headers = {{"Authorization", "Bearer not-the-key"}};
    CHECK(world.gateway().call(bare).status == 401);
    bare = world.gateway().authorized(Request{"GET", target, {{"Host", "evil.example"}}, "", "-"});
    CHECK(world.gateway().call(bare).status == 403);
    for (const auto* after : {"?after=x", "?after=-1", "?after=1.5", "?after=99", "?after=99999999999999999999"}) {
        CAPTURE(after);
        CHECK(world.gateway().get(target + after).status == 400);
    }
    for (const auto* id : {"nothing", "01890000-0000-7000-8000-000000000000", "%2e%2e%2f%2e%2e%2fusage.db",
                           "0189000000007000800000000000000000/."}) {
        CAPTURE(id);
        const auto none = world.gateway().get(stream_of(id));
        CHECK((none.status == 404 || none.status == 400));
    }
    // None of this is a call.
    CHECK(text(world.gateway().call_row(answer), "ending") == "done");
    CHECK(world.upstream.request_count() == 1);
}

TEST_CASE("Off by default, and for the routes that say so") {
    World off;
    off.upstream.handle(canned::answer);
    const auto& wire = canned::wire(DialectId::anthropic);
    const auto answer = off.ask(wire, true, {{"Idempotency-Key", "one"}});
    CHECK_FALSE(answer.has("x-llmgw-resume"));
    CHECK(off.gateway().get(stream_of(answer.header("x-llmgw-call-id"))).status == 404);
    off.ask(wire, true, {{"Idempotency-Key", "one"}});
    CHECK(off.upstream.request_count() == 2);
    CHECK_FALSE(std::filesystem::exists(off.home.data_dir() + "/streams"));

    for (const bool everywhere : {true, false}) {
        const std::string other = everywhere ? "false" : "true";
        World world({.server = "",
                     .timeouts = "",
                     .more = std::string("[streams]\nresume = ") + (everywhere ? "true" : "false") +
                             "\n[routes.other]\ntargets = [\"anthropic/" + wire.model + "\"]\nresume = " + other +
                             "\n"});
        world.upstream.handle(canned::answer);
        auto named = wire.stream_body;
        named.replace(named.find(wire.model), wire.model.size(), "other");
        const auto by_route = world.gateway().post(wire.stream_target, named);
        REQUIRE(by_route.status == 200);
        CHECK(by_route.has("x-llmgw-resume") == !everywhere);
        CHECK(world.ask(wire, true).has("x-llmgw-resume") == everywhere);
    }
}

TEST_CASE("Over a WebSocket an answer that is no stream is told as one") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    const auto& wire = canned::wire(DialectId::openai_responses);
    world.upstream.handle(
        [&wire](const RecordedRequest&, UpstreamConnection& connection) { connection.reply_json(200, wire.answer); });
    WebSocketClient client(world.gateway().port());
    REQUIRE(create_response(world, client));
    std::string last;
    while (last.find("response.completed") == std::string::npos) {
        const auto message = client.read_text();
        REQUIRE(message);
        last = *message;
    }
}

TEST_CASE("Over a WebSocket a call survives its connection too") {
    World world({.server = "", .timeouts = "", .more = resume_on});
    const auto& wire = canned::wire(DialectId::openai_responses);
    const auto pass = std::make_shared<Signal>();
    world.upstream.handle(in_two_parts(wire, 1, pass));
    {
        WebSocketClient client(world.gateway().port());
        REQUIRE(create_response(world, client));
        REQUIRE(client.read_text());
    }
    pass->set();
    const auto rows = db_wait(world.home.database(), "SELECT * FROM calls", {}, 1);
    REQUIRE(rows.size() == 1);
    CHECK(text(rows[0], "ending") == "done");
}
