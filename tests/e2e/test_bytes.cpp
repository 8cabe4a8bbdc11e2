// What goes through unchanged, in both directions: bodies, headers, queries, errors.
#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("bytes");

namespace {

// Everything a parser and printer would change: spaces, number forms, escapes, key order, duplicate keys, a
// "model" that is not the model, text outside ASCII, a newline at the end.
std::string odd_body(std::string_view model) {
    return "{ \"metadata\" : {\"model\":\"not-this-one\",\"user_id\":\"{\\\"a\\\":1}\"} , \"temperature\": 1e2, "
           "\"top_p\":0.10,\r\n\t\"seed\": 123456789012345678901234567890, \"x\":-0.0, \"y\":1E+2, "
           "\"max_tokens\":64 , \"zeta\":1,\"alpha\":2, \"dup\":1,\"dup\":2, \"made_up_field\":[true,null], "
           "\"messages\" : [ {\"role\":\"user\",\"content\":\"\\u0041\\/ \\ud83d\\ude00 \xC3\xA9 \\\"model\\\":\"} ], "
           "\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}], \"input\":\"hi\",\n  \"model\" : " +
           std::string(model) + " , \"tail\":0.1e-7}\n";
}

std::string in_quotes(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

}  // namespace

TEST_CASE("T3a: a body reaches the provider byte for byte") {
    World world;
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        const auto body = odd_body(in_quotes(wire.model));
        const auto response = world.gateway().post(wire.target, body);
        CHECK(response.status == 200);
        CHECK(response.body == wire.answer);
        REQUIRE(world.upstream.last() != nullptr);
        CHECK(world.upstream.last()->body == body);
        CHECK(find_header(world.upstream.last()->headers, "content-type") == "application/json");
    }
}

TEST_CASE("T3a: a provider prefix is cut from the model and nothing else changes") {
    World world;
    for (const auto& wire : canned::wires()) {
        if (wire.dialect == DialectId::gemini) { continue; }
        CAPTURE(name_of(wire));
        const std::string provider = wire.dialect == DialectId::anthropic ? "anthropic" : "openai";
        for (const auto& slash : {"/", "\\/", "\\u002f"}) {
            CAPTURE(slash);
            const auto response = world.gateway().post(wire.target, odd_body(in_quotes(provider + slash + wire.model)));
            CHECK(response.status == 200);
            REQUIRE(world.upstream.last() != nullptr);
            CHECK(world.upstream.last()->body == odd_body(in_quotes(wire.model)));
            CHECK(response.header("x-llmgw-provider") == provider);
            CHECK(response.header("x-llmgw-model") == wire.model);
        }
    }
}

TEST_CASE("T3a: an escaped name without a prefix is left as it is written") {
    World world;
    const auto body = odd_body(R"("claude\u002dhaiku-4-5")");
    CHECK(world.gateway().post("/v1/messages", body).status == 200);
    CHECK(world.upstream.last()->body == body);
}

TEST_CASE("T6a: unknown headers and queries pass, connection headers do not") {
    World world;
    const Headers odd{{"anthropic-version", "2026-10-21"},
                      {"anthropic-beta", "made-up-2031-01-01,other-2032-02-02"},
                      {"anthropic-made-up", "1"},
                      {"X-Claude-Code-Session-Id", "session-1"},
                      {"X-Stainless-Lang", "js"},
                      {"User-Agent", "claude-cli/2.1.329 (external, sdk-cli)"},
                      {"x-entirely-unknown", "kept, as%20is, 100 % \xc3\xa9"},
                      {"Connection", "keep-alive, x-hop"},
                      {"x-hop", "dropped"},
                      {"Cookie", "a=b"},
                      {"TE", "trailers"},
                      {"x-llmgw-user", "someone"},
                      {"x-llmgw-metadata", R"({"team":"blue"})"}};
    const auto response =
        world.gateway().post("/v1/messages?beta=true&made%20up=%2F&empty", canned::wires()[0].body, odd);
    CHECK(response.status == 200);
    const auto request = world.upstream.last();
    REQUIRE(request != nullptr);
    CHECK(request->target == "/v1/messages?beta=true&made%20up=%2F&empty");
    for (std::size_t i = 0; i < 7; ++i) {
        CAPTURE(odd[i].first);
        CHECK(find_header(request->headers, odd[i].first) == odd[i].second);
    }
    for (const char* gone :
         {"x-hop", "cookie", "te", "x-llmgw-user", "x-llmgw-metadata", "x-llmgw-feature", "expect"}) {
        CAPTURE(gone);
        CHECK(find_header(request->headers, gone).empty());
    }
    CHECK(find_header(request->headers, "host") == "127.0.0.1:" + std::to_string(world.upstream.port()));
}

TEST_CASE("T6c: upstream errors reach the client byte for byte") {
    World world;
    struct Trouble {
        int status;
        std::string type;
        std::string body;
    };
    for (const auto& wire : canned::wires()) {
        const auto json = [&](int status) {
            return "  " + canned::error_body(wire.dialect, status, "é \\/ 1.0") + "\n";
        };
        const std::vector<Trouble> troubles{{400, "application/json", json(400)},
                                            {403, "application/json", json(403)},
                                            {404, "application/json", json(404)},
                                            {413, "application/json", json(413)},
                                            {429, "application/json", json(429)},
                                            {500, "application/json", json(500)},
                                            {502, "text/html", "<html><body>bad gateway</body></html>"},
                                            {503, "application/json", "\"just text\""},
                                            {529, "application/json", json(529)},
                                            {500, "text/plain", ""}};
        for (const auto& trouble : troubles) {
            for (const bool stream : {false, true}) {
                CAPTURE(name_of(wire));
                CAPTURE(trouble.status);
                CAPTURE(stream);
                world.upstream.handle([trouble](const RecordedRequest&, UpstreamConnection& connection) {
                    connection.reply(trouble.status,
                                     {{"content-type", trouble.type},
                                      {"request-id", "req_trouble"},
                                      {"x-request-id", "xreq_trouble"},
                                      {"retry-after", "17"},
                                      {"x-should-retry", "false"}},
                                     trouble.body);
                });
                const auto response = world.ask(wire, stream);
                CHECK(response.status == trouble.status);
                CHECK(response.body == trouble.body);
                CHECK(response.header("content-type") == trouble.type);
                CHECK(response.header("request-id") == "req_trouble");
                CHECK(response.header("x-request-id") == "xreq_trouble");
                CHECK(response.header("retry-after") == "17");
                CHECK_FALSE(response.header("x-llmgw-call-id").empty());
            }
        }
    }
}

TEST_CASE("A refused provider key is no 401 of the client's") {
    // Agents take a 401 for a bad client key: they retry for minutes or ask the user for another key.
    World world;
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        world.upstream.handle([&wire](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply_json(401, canned::error_body(wire.dialect, 401, "invalid key"));
        });
        const auto response = world.ask(wire);
        CHECK(response.status != 401);
        CHECK(response.status >= 400);
        CHECK(is_error_of(wire.dialect, response.body));
        const auto row = world.gateway().call_row(response);
        REQUIRE_FALSE(row.empty());
        CHECK(text(row, "error_class") == "authentication");
    }
}

TEST_CASE("Answers carry llmgw's own headers") {
    World world;
    for (const auto& wire : canned::wires()) {
        for (const bool stream : {false, true}) {
            CAPTURE(name_of(wire));
            CAPTURE(stream);
            const auto response = world.ask(wire, stream);
            CHECK(response.status == 200);
            CHECK(response.header("x-llmgw-call-id").size() == 36);
            CHECK_FALSE(response.header("x-llmgw-provider").empty());
            CHECK(response.header("x-llmgw-model") == wire.model);
            CHECK(response.header("x-llmgw-attempts") == "1");
        }
    }
}

TEST_CASE("The provider's connection is kept for the next call") {
    World world;
    for (int i = 0; i < 5; ++i) {
        for (const auto& wire : canned::wires()) {
            CHECK(world.ask(wire, i % 2 == 1).status == 200);
        }
    }
    CHECK(world.upstream.request_count() == 20);
    CHECK(world.upstream.connection_count() <= 2);
}

TEST_CASE("A client's connection is kept for the next call, answers of errors included") {
    World world;
    RawClient client(world.gateway().port());
    const auto& wire = canned::wires()[0];
    for (int i = 0; i < 150; ++i) {
        Request request{.target = wire.target, .headers = {{"x-llmgw-feature", "e2e"}}, .body = wire.body, .host = ""};
        if (i % 3 != 1) { request = world.gateway().authorized(request); }
        REQUIRE(client.send(request));
        const auto response = client.read_response();
        REQUIRE(response.status == (i % 3 == 1 ? 401 : 200));
        REQUIRE(response.whole);
    }
}

TEST_CASE("A request in single bytes and one with two requests in a packet are served") {
    World world;
    const auto& wire = canned::wires()[1];
    const Request request = world.gateway().authorized(
        {.target = wire.target, .headers = {{"x-llmgw-feature", "e2e"}}, .body = wire.body, .host = ""});
    const auto bytes = request_bytes(request, world.gateway().port());
    RawClient client(world.gateway().port());
    for (const char byte : bytes) {
        REQUIRE(client.send(std::string(1, byte)));
    }
    CHECK(client.read_response().body == wire.answer);
    client.send(bytes + bytes);
    CHECK(client.read_response().body == wire.answer);
    CHECK(client.read_response().body == wire.answer);
    CHECK(world.upstream.last()->body == wire.body);
}

TEST_SUITE_END();
