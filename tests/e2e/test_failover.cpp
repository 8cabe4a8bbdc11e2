// Retries and failover: what is tried again, where, how often, and what the client and the log see of it.
#include <chrono>
#include <csignal>
#include <memory>

#include <doctest/doctest.h>

#include "tests/e2e/failover_world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("failover");

namespace {

const canned::Wire& claude = canned::wire(DialectId::anthropic);

// The model of a request's body or path.
bool asked_for(const RecordedRequest& request, const std::string& model) {
    return request.body.contains(model) || request.target.contains(model);
}

}  // namespace

TEST_CASE("Three targets with two down: the third one answers, unseen") {
    FailoverWorld world({.upstreams = 3});
    for (const auto& wire : canned::wires()) {
        for (const bool stream : {false, true}) {
            CAPTURE(name_of(wire));
            CAPTURE(stream);
            for (std::size_t i = 0; i < 3; ++i) {
                world.up(i).clear();
            }
            world.up(0).handle(act::reset());
            world.up(1).handle(act::error(wire, 503));
            const auto response = world.ask(wire, stream);
            CHECK(response.status == 200);
            CHECK(response.body == (stream ? canned::joined(wire.events) : wire.answer));
            CHECK(response.header("x-llmgw-attempts") == "3");
            CHECK(response.header("x-llmgw-provider") == FailoverWorld::kind_of(wire.dialect) + "-2");
            CHECK(response.header("x-llmgw-model") == "model-2");
            for (std::size_t i = 0; i < 3; ++i) {
                REQUIRE(world.asked(i) == 1);
                CHECK(asked_for(*world.up(i).last(), "model-" + std::to_string(i)));
            }
            const auto row = world.gateway().call_row(response);
            REQUIRE_FALSE(row.empty());
            CHECK(text(row, "ending") == "done");
            CHECK(text(row, "provider") == FailoverWorld::kind_of(wire.dialect) + "-2");
            CHECK(text(row, "output_tokens") == std::to_string(canned::output_tokens));
            const auto attempts = world.attempts(response);
            REQUIRE(attempts.size() == 3);
            CHECK(text(attempts[0], "error_class") == "truncated");
            CHECK(text(attempts[0], "ending") == "failed");
            CHECK(text(attempts[1], "error_class") == "overloaded");
            CHECK(text(attempts[1], "http_status") == "503");
            CHECK(text(attempts[1], "error_message") == "asked to fail");
            CHECK(text(attempts[2], "ending") == "done");
            CHECK(text(attempts[2], "error_class") == "");
        }
    }
}

TEST_CASE("A target nobody listens at, and one without a key, are passed over") {
    FailoverWorld world({.more = "[providers.gone]\ntype = \"anthropic\"\nbase_url = \"http://127.0.0.1:1\"\n"
                                 "api_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n"
                                 "[providers.keyless]\ntype = \"anthropic\"\nbase_url = \"http://127.0.0.1:1\"\n"
                                 "api_key = \"env:NOT_SET_ANYWHERE\"\n"
                                 "[routes.trouble]\ntargets = [\"keyless/m\", \"gone/m\", \"anthropic-1/m\"]\n"});
    const auto response = world.ask(claude, false, {}, "trouble");
    CHECK(response.status == 200);
    CHECK(response.header("x-llmgw-provider") == "anthropic-1");
    // What could not be sent was no attempt.
    CHECK(response.header("x-llmgw-attempts") == "2");
    const auto attempts = world.attempts(response);
    REQUIRE(attempts.size() == 2);
    CHECK(text(attempts[0], "error_class") == "connect");
    CHECK(text(attempts[0], "provider") == "gone");
}

TEST_CASE("The client's own mistakes are told at once, byte for byte") {
    FailoverWorld world;
    for (const int status : {400, 404, 413, 422}) {
        CAPTURE(status);
        world.up(0).clear();
        world.up(0).handle(act::error(claude, status));
        const auto response = world.ask(claude, false);
        CHECK(response.status == status);
        CHECK(response.body == canned::error_body(claude.dialect, status, "asked to fail"));
        CHECK(response.header("x-llmgw-attempts") == "1");
        CHECK(world.asked(0) == 1);
        CHECK(world.asked(1) == 0);
    }
}

TEST_CASE("What may pass is asked again: the same target when it is the only one") {
    FailoverWorld world;
    for (const int status : {408, 409, 429, 500, 502, 503, 529}) {
        CAPTURE(status);
        world.up(0).clear();
        world.up(0).handle([&, status](const RecordedRequest& request, UpstreamConnection& connection) {
            if (world.asked(0) < 3) { return act::error(claude, status)(request, connection); }
            canned::answer(request, connection);
        });
        const auto response = world.ask(claude, false, {}, "anthropic-0/m");
        CHECK(response.status == 200);
        CHECK(response.body == claude.answer);
        CHECK(response.header("x-llmgw-attempts") == "3");
        CHECK(world.asked(0) == 3);
    }
}

TEST_CASE("T20: retries and failovers are one count") {
    FailoverWorld world({.upstreams = 3, .retries = "max = 1\nbackoff_ms = 1\n"});
    for (std::size_t i = 0; i < 3; ++i) {
        world.up(i).handle(act::error(claude, 500));
    }
    CHECK(world.ask(claude, false).status == 500);
    CHECK(world.asked_all() == 2);
    CHECK(world.ask(claude, false, {}, "anthropic-2/m").header("x-llmgw-attempts") == "2");
    CHECK(world.asked(2) == 2);
}

TEST_CASE("T20: a client that retries by itself is not retried for, but failed over for") {
    const std::vector<Headers> clients{{{"user-agent", "claude-cli/2.1 (external)"}},
                                       {{"x-stainless-retry-count", "0"}},
                                       {{"user-agent", "ai-sdk/anthropic/2.0"}}};
    FailoverWorld world;
    for (const auto& client : clients) {
        world.up(0).clear();
        world.up(1).clear();
        world.up(0).handle(act::error(claude, 529));
        CHECK(world.ask(claude, false, client, "anthropic-0/m").status == 529);
        CHECK(world.asked(0) == 1);
        CHECK(world.ask(claude, false, client).status == 200);
        CHECK(world.asked(1) == 1);
    }
}

TEST_CASE("T20: Retry-After is waited for; one that is too long goes to the client as it is") {
    FailoverWorld world;
    world.up(0).handle([&](const RecordedRequest& request, UpstreamConnection& connection) {
        if (world.asked(0) < 2) {
            return act::error(claude, 429, {{"retry-after", "9"}, {"retry-after-ms", "60"}})(request, connection);
        }
        canned::answer(request, connection);
    });
    CHECK(world.ask(claude, false, {}, "anthropic-0/m").status == 200);
    const auto requests = world.up(0).requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[1]->received - requests[0]->received >= std::chrono::milliseconds(60));

    for (const std::string after : {"3600", "Fri, 01 Jan 2100 00:00:00 GMT"}) {
        CAPTURE(after);
        world.up(0).clear();
        world.up(0).handle(act::error(claude, 429, {{"Retry-After", after}}));
        const auto response = world.ask(claude, false, {}, "anthropic-0/m");
        CHECK(response.status == 429);
        CHECK(response.header("retry-after") == after);
        CHECK(response.body == canned::error_body(claude.dialect, 429, "asked to fail"));
        CHECK(world.asked(0) == 1);
    }
}

TEST_CASE("A limited target is not waited for when there is another, and rests") {
    FailoverWorld world;
    for (const std::string after : {"2", "Fri, 01 Jan 2100 00:00:00 GMT"}) {
        world.up(0).handle(act::error(claude, 429, {{"Retry-After", after}}));
        CHECK(world.ask(claude, false).header("x-llmgw-attempts") == "2");
        // The longer rest holds for this one.
        if (after != "2") { CHECK(world.ask(claude, false).header("x-llmgw-attempts") == "1"); }
        world.up(0).clear();
        if (after == "2") {
            // Its only client has time.
            world.up(0).handle(canned::answer);
            CHECK(world.ask(claude, false, {}, "anthropic-0/model-0").status == 200);
        }
    }
    CHECK(world.asked(0) == 0);
}

TEST_CASE("A limit of the client's own credential closes the target to nobody else") {
    FailoverWorld world({.breaker = "failures = 1\n",
                         .more = "[providers.own]\ntype = \"anthropic\"\nbase_url = \"PLACE\"\n"
                                 "api_key = \"passthrough\"\n[routes.own-first]\ntargets = [\"own/m\", "
                                 "\"anthropic-1/m\"]\n"});
    world.up(0).handle(act::error(claude, 429, {{"retry-after", "3600"}}));
    for (std::size_t calls = 1; calls <= 3; ++calls) {
        auto request = FailoverWorld::request_of(claude, false, {}, "own-first");
        request.headers = {{"x-llmgw-key", world.gateway().client_key()},
                           {"x-llmgw-feature", "e2e"},
                           {"authorization", "Bearer of-user-" + std::to_string(calls)}};
        const auto response = world.gateway().call(request);
        CHECK(response.status == 200);
        CHECK(response.header("x-llmgw-provider") == "anthropic-1");
        CHECK(world.asked(0) == calls);
    }
}

TEST_CASE("x-should-retry is the provider's word about itself") {
    FailoverWorld world;
    world.up(0).handle(act::error(claude, 529, {{"x-should-retry", "false"}}));
    const auto told = world.ask(claude, false, {}, "anthropic-0/m");
    CHECK(told.status == 529);
    CHECK(told.header("x-should-retry") == "false");
    CHECK(world.asked(0) == 1);
    CHECK(world.ask(claude, false).status == 200);  // another one may do better
    CHECK(world.asked(1) == 1);
    world.up(0).clear();
    world.up(0).handle(act::error(claude, 400, {{"x-should-retry", "true"}}));
    CHECK(world.ask(claude, false, {}, "anthropic-0/m").status == 400);
    CHECK(world.asked(0) == 3);
}

TEST_CASE("A refused key fails over, and is a 403 when there is nowhere to go") {
    FailoverWorld world;
    for (const int status : {401, 402, 403}) {
        CAPTURE(status);
        world.up(0).handle(act::error(claude, status));
        CHECK(world.ask(claude, false).header("x-llmgw-provider") == "anthropic-1");
        world.up(0).clear();
        CHECK(world.ask(claude, false, {}, "anthropic-0/m").status == (status == 401 ? 403 : status));
        CHECK(world.asked(0) == 1);
    }
}

TEST_CASE("With several keys a limited or refused one is followed by another at once") {
    FailoverWorld world({.more =
                             "[providers.two]\ntype = \"anthropic\"\nbase_url = \"PLACE\"\n"
                             "api_keys = [\"env:LLMGW_TEST_PROVIDER_KEY\", \"cmd:printf second-key-for-the-test\"]\n"
                             "[routes.keys]\ntargets = [\"two/m\", \"anthropic-1/m\"]\n"});
    for (const int status : {429, 401}) {
        CAPTURE(status);
        world.up(0).handle([&, status](const RecordedRequest& request, UpstreamConnection& connection) {
            if (find_header(request.headers, "x-api-key") == provider_key) {
                return act::error(claude, status, {{"retry-after", "1"}})(request, connection);
            }
            canned::answer(request, connection);
        });
        const auto response = world.ask(claude, false, {{"x-stainless-retry-count", "0"}}, "keys");
        CHECK(response.status == 200);
        CHECK(response.header("x-llmgw-provider") == "two");
        // Nor does it take a route: the other key is the same provider's.
        CHECK(world.ask(claude, false, {{"x-stainless-retry-count", "0"}}, "two/m").status == 200);
    }
    CHECK(world.asked(1) == 0);
    CHECK(world.asked(0) >= 3);
}

TEST_CASE("When all fail the client gets the error of most use, byte for byte") {
    FailoverWorld world({.more = "[providers.gone]\ntype = \"anthropic\"\nbase_url = \"http://127.0.0.1:1\"\n"
                                 "api_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n"
                                 "[routes.last-gone]\ntargets = [\"anthropic-0/m\", \"gone/m\"]\n"});
    const std::string body = "{\"type\":\"error\",  \"error\":{\"type\":\"overloaded_error\",\"message\":\"zu viel\"}}";
    world.up(0).handle(act::status(529, body, {{"retry-after", "7"}}));
    const auto last_gone = world.ask(claude, false, {{"x-stainless-retry-count", "0"}}, "last-gone");
    CHECK(last_gone.status == 529);
    CHECK(last_gone.body == body);
    CHECK(last_gone.header("retry-after") == "7");
    CHECK(last_gone.header("x-llmgw-attempts") == "2");
    CHECK(last_gone.header("x-llmgw-provider") == "anthropic-0");
    const auto row = world.gateway().call_row(last_gone);
    REQUIRE_FALSE(row.empty());
    CHECK(text(row, "ending") == "failed");
    CHECK(text(row, "provider") == "anthropic-0");
    CHECK(text(row, "error_class") == "overloaded");
    const auto attempts = world.attempts(last_gone);
    REQUIRE(attempts.size() == 2);
    CHECK(text(attempts[0], "error_class") == "overloaded");
    CHECK(text(attempts[1], "error_class") == "connect");
    CHECK(text(attempts[1], "first_byte_ms").empty());

    // That a second provider's key is bad says less than that the first one is busy.
    world.up(1).handle(act::error(claude, 401));
    CHECK(world.ask(claude, false, {{"x-stainless-retry-count", "0"}}).body == body);
    // The last one's error otherwise.
    world.up(1).handle(act::error(claude, 500));
    CHECK(world.ask(claude, true, {{"x-stainless-retry-count", "0"}}).status == 500);
}

TEST_CASE("An idempotency key goes with every attempt, and the client's credential with none") {
    FailoverWorld world;
    world.up(0).handle(act::error(claude, 500));
    CHECK(world.ask(claude, false, {{"Idempotency-Key", "once-7"}}).status == 200);
    for (std::size_t i = 0; i < 2; ++i) {
        REQUIRE(world.up(i).last());
        CHECK(find_header(world.up(i).last()->headers, "idempotency-key") == "once-7");
    }
}

TEST_CASE("Each attempt speaks its target's dialect") {
    FailoverWorld world({.more = "[routes.mixed]\ntargets = [\"openai-0/gpt\", \"gemini-1/g\", \"anthropic-1/c\"]\n"});
    const auto& chat = canned::wire(DialectId::openai_chat);
    const auto& gemini = canned::wire(DialectId::gemini);
    world.up(0).handle(act::error(chat, 500));
    for (const bool stream : {false, true}) {
        CAPTURE(stream);
        world.up(1).clear();
        world.up(1).handle([&](const RecordedRequest& request, UpstreamConnection& connection) {
            if (request.target.contains("/models/g:")) { return act::error(gemini, 503)(request, connection); }
            canned::answer(request, connection);
        });
        const auto response = world.ask(claude, stream, {}, "mixed");
        CHECK(response.status == 200);
        CHECK(response.body == (stream ? canned::joined(claude.events) : claude.answer));
        CHECK(response.header("x-llmgw-attempts") == "3");
        CHECK_FALSE(response.has("x-llmgw-dropped"));
        // The other way about: what was answered is translated.
        world.up(0).handle(canned::answer);
        const auto translated = world.ask(claude, stream, {}, "mixed");
        CHECK(translated.status == 200);
        CHECK(translated.body.contains("Hello"));
        CHECK(translated.header("x-llmgw-provider") == "openai-0");
        world.up(0).handle(act::error(chat, 500));
    }
}

TEST_CASE("A client that leaves while llmgw waits ends the call") {
    FailoverWorld world;
    world.up(0).handle(act::error(claude, 429, {{"retry-after", "15"}}));
    RawClient client(world.gateway().port());
    auto request = FailoverWorld::request_of(claude, false, {{"x-llmgw-feature", "e2e"}}, "anthropic-0/m");
    client.send(world.gateway().authorized(request));
    REQUIRE(world.gateway().process().wait_err("trying again"));
    const auto left = std::chrono::steady_clock::now();
    client.close();
    const auto rows = db_wait(world.world().home.database(), "SELECT * FROM calls WHERE ending = 'cancelled'", {}, 1);
    REQUIRE(rows.size() == 1);
    CHECK(std::chrono::steady_clock::now() - left < std::chrono::seconds(12));
    CHECK(world.asked(0) == 1);
    const auto attempts = world.gateway().attempt_rows(text(rows[0], "call_id"));
    REQUIRE(attempts.size() == 1);
    CHECK(text(attempts[0], "error_class") == "rate_limit");
}

TEST_CASE("A gateway that stops does not wait to retry") {
    FailoverWorld world;
    world.up(0).handle(act::error(claude, 429, {{"retry-after", "20"}}));
    RawClient client(world.gateway().port());
    auto request = FailoverWorld::request_of(claude, false, {{"x-llmgw-feature", "e2e"}}, "anthropic-0/m");
    client.send(world.gateway().authorized(request));
    REQUIRE(world.gateway().process().wait_err("trying again"));
    // The second one ends what the first would let finish.
    world.gateway().process().signal(SIGTERM);
    world.gateway().process().signal(SIGTERM);
    const auto response = client.read_response();
    CHECK(response.status == 503);
    CHECK(world.asked(0) == 1);
}

TEST_CASE("The whole call has a limit, whatever its attempts do") {
    FailoverWorld world({.timeouts = "total_s = 1", .retries = "same_target = \"never\""});
    SUBCASE("an upstream that says nothing") {
        world.up(0).handle(act::silence());
        const auto response = world.ask(claude, false, {}, "anthropic-0/m");
        CHECK(response.status == 504);
        CHECK(error_message(response.body).contains("total_s"));
    }
    SUBCASE("a stream that does not end") {
        world.up(0).handle(act::stream_and_stall(claude.events[0]));
        const auto response = world.ask(claude, true, {}, "anthropic-0/m");
        CHECK(response.status == 200);
        REQUIRE_FALSE(stream_events(response.body).empty());
        CHECK(is_stream_error_of(claude.dialect, stream_events(response.body).back()));
        const auto row = world.gateway().call_row(response);
        REQUIRE_FALSE(row.empty());
        CHECK(text(row, "ending") == "truncated");
        CHECK(text(row, "error_class") == "timeout");
    }
    CHECK(world.asked(0) == 1);
}
