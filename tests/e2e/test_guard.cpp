// S3 to S13: what an attacker on the same machine, in a browser or in the provider's place tries.
#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("guard");

namespace {

struct Route {
    std::string method;
    std::string target;
};

// Every kind of route there is.
const std::vector<Route> routes{{"POST", "/v1/messages"},
                                {"POST", "/v1/chat/completions"},
                                {"POST", "/v1beta/models/gemini-2.5-flash:generateContent"},
                                {"GET", "/v1/models"},
                                {"GET", "/v1/files"},
                                {"GET", "/healthz"},
                                {"GET", "/readyz"},
                                {"GET", "/metrics"},
                                {"GET", "/llmgw/v1/calls/01890000-0000-7000-8000-000000000000/stream"},
                                {"HEAD", "/api/hello"},
                                {"GET", "/no/such/path"},
                                {"POST", "/f/x/v1/messages"}};

Request authorized(World& world, const Route& route, const std::string& host, const Headers& more = {}) {
    Request request{.method = route.method, .target = route.target, .headers = more, .body = "", .host = host};
    if (route.method == "POST") { request.body = canned::wires()[0].body; }
    request.headers.emplace_back("x-llmgw-feature", "e2e");
    return world.gateway().authorized(request);
}

}  // namespace

TEST_CASE("S10: only names of this machine are served, whatever the key") {
    World world({.server = "allowed_hosts = [\"tunnel.example\"]", .timeouts = "", .more = ""});
    const auto port = std::to_string(world.gateway().port());
    for (const auto& route : routes) {
        CAPTURE(route.target);
        for (const auto& host :
             std::vector<std::string>{"evil.example", "evil.example:" + port, std::string("127.0.0.1.evil.example"),
                                      std::string("localhost.evil.example"), std::string("0.0.0.0"),
                                      std::string("169.254.169.254"), std::string("tunnel.example.evil")}) {
            CAPTURE(host);
            CHECK(world.gateway().call(authorized(world, route, host)).status == 403);
        }
        CHECK(world.gateway().call(authorized(world, route, "-")).status == 400);
        for (const std::string host : {"127.0.0.1?x", "127.0.0.1#x", "evil.example@127.0.0.1", "127.0.0.1@evil.example",
                                       "127.0.0.1/x", "127.0.0.1 x", "127.0.0.1\\x"}) {
            CAPTURE(host);
            CHECK(world.gateway().call(authorized(world, route, host)).status == 400);
        }
    }
    CHECK(world.upstream.request_count() == 0);
    for (const auto& host : std::vector<std::string>{"127.0.0.1", "localhost", "LOCALHOST:" + port, "[::1]:" + port,
                                                     "tunnel.example", "127.0.0.1:" + port}) {
        CAPTURE(host);
        CHECK(world.gateway().call(authorized(world, routes[0], host)).status == 200);
    }
}

TEST_CASE("S10: two Host headers are refused") {
    World world;
    auto request = authorized(world, routes[0], "127.0.0.1");
    request.headers.emplace_back("Host", "evil.example");
    const auto status = world.gateway().call(request).status;
    CHECK((status == 400 || status == 403));
    CHECK(world.upstream.request_count() == 0);
}

TEST_CASE("S9: a browser's page is not served") {
    World world({.server = "allowed_origins = [\"http://good.example\"]", .timeouts = "", .more = ""});
    for (const auto& route : routes) {
        CAPTURE(route.target);
        for (const std::string origin : {"http://evil.example", "null", "http://localhost:3000",
                                         "http://good.example.evil", "https://good.example"}) {
            CAPTURE(origin);
            const auto response = world.gateway().call(authorized(world, route, "", {{"Origin", origin}}));
            CHECK(response.status == 403);
            CHECK_FALSE(response.has("access-control-allow-origin"));
            const auto preflight =
                world.gateway().call({.method = "OPTIONS",
                                      .target = route.target,
                                      .headers = {{"Origin", origin},
                                                  {"Access-Control-Request-Method", "POST"},
                                                  {"Access-Control-Request-Headers", "authorization,content-type"}},
                                      .body = "",
                                      .host = ""});
            CHECK(preflight.status >= 400);
            CHECK_FALSE(preflight.has("access-control-allow-origin"));
            CHECK_FALSE(preflight.has("access-control-allow-headers"));
        }
        const auto plain = world.gateway().call(authorized(world, route, ""));
        CHECK_FALSE(plain.has("access-control-allow-origin"));
    }
    const auto allowed = world.gateway().call(authorized(world, routes[0], "", {{"Origin", "http://good.example"}}));
    CHECK(allowed.status == 200);
    // The provider is called by llmgw, not by a page.
    CHECK(find_header(world.upstream.last()->headers, "origin").empty());
}

TEST_CASE("S5: no header, body or path of a request names an upstream") {
    World world;
    FakeUpstream elsewhere;
    elsewhere.handle(canned::answer);
    const auto url = elsewhere.url();
    const auto host = "127.0.0.1:" + std::to_string(elsewhere.port());
    const Headers tricks{{"x-portkey-custom-host", url}, {"x-portkey-provider", "openai"}, {"x-llmgw-base-url", url},
                         {"x-llmgw-provider", url},      {"x-forwarded-host", host},       {"x-original-url", url},
                         {"forwarded", "host=" + host}};
    for (const auto& wire : canned::wires()) {
        CAPTURE(name_of(wire));
        auto body = wire.body;
        body.insert(1, "\"base_url\":\"" + url + "\",\"api_base\":\"" + url + "\",");
        CHECK(world.gateway().post(wire.target, body, tricks).status == 200);
        CHECK(world.upstream.last()->body == body);
    }
    // An absolute target, as sent to a forward proxy, names no upstream either.
    for (const auto& target : std::vector<std::string>{url + "/v1/messages", "//" + host + "/v1/messages",
                                                       "/v1/../../messages", "/v1/%2e%2e/x", "/v1/messages/../../x"}) {
        CAPTURE(target);
        const auto status = world.gateway().post(target, canned::wires()[0].body).status;
        CHECK(status >= 400);
        CHECK(status < 500);
    }
    RawClient proxy(world.gateway().port());
    proxy.send("CONNECT " + host + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " +
               world.gateway().client_key() + "\r\n\r\n");
    CHECK(proxy.read_head().status >= 400);
    CHECK(elsewhere.connection_count() == 0);
}

TEST_CASE("S6, S7: a provider's redirect is not followed, least of all with the key") {
    World world;
    FakeUpstream elsewhere;
    elsewhere.handle(canned::answer);
    for (const int status : {301, 302, 303, 307, 308}) {
        for (const auto& wire : canned::wires()) {
            CAPTURE(status);
            CAPTURE(name_of(wire));
            world.upstream.handle([&, status](const RecordedRequest&, UpstreamConnection& connection) {
                connection.reply(status,
                                 {{"location", elsewhere.url() + "/v1/messages?k=" + provider_key},
                                  {"x-goog-api-key", provider_key}},
                                 "");
            });
            const auto response = world.ask(wire);
            CHECK(response.status >= 300);
            CHECK_FALSE(response.has("location"));
            CHECK(response.head.find(provider_key) == std::string::npos);
        }
    }
    CHECK(elsewhere.connection_count() == 0);
}

TEST_CASE("S7: headers of the provider that hold the key, set cookies or are not known are dropped") {
    World world;
    for (const auto& wire : canned::wires()) {
        for (const bool stream : {false, true}) {
            CAPTURE(name_of(wire));
            world.upstream.handle([=](const RecordedRequest&, UpstreamConnection& connection) {
                const Headers headers{{"content-type", stream ? "text/event-stream" : "application/json"},
                                      {"request-id", std::string("echo ") + provider_key},
                                      {"x-goog-api-key", provider_key},
                                      {"x-request-id", "req_kept"},
                                      {"set-cookie", "session=1"},
                                      {"Set-Cookie2", "session=2"},
                                      {"access-control-allow-origin", "*"},
                                      {"strict-transport-security", "max-age=1"},
                                      {"x-llmgw-call-id", "forged"},
                                      {"anthropic-ratelimit-requests-remaining", "7"},
                                      {"x-ratelimit-remaining-tokens", "8"}};
                connection.reply(200, headers, stream ? canned::joined(wire.events) : wire.answer);
            });
            const auto response = world.ask(wire, stream);
            CHECK(response.status == 200);
            CHECK(response.body == (stream ? canned::joined(wire.events) : wire.answer));
            CHECK(response.head.find(provider_key) == std::string::npos);
            for (const char* gone : {"set-cookie", "set-cookie2", "access-control-allow-origin", "x-goog-api-key",
                                     "strict-transport-security", "request-id"}) {
                CAPTURE(gone);
                CHECK_FALSE(response.has(gone));
            }
            CHECK(response.header("x-llmgw-call-id") != "forged");
            CHECK(response.header("x-request-id") == "req_kept");
            CHECK(response.header("anthropic-ratelimit-requests-remaining") == "7");
            CHECK(response.header("x-ratelimit-remaining-tokens") == "8");
        }
    }
}

TEST_CASE("S12: a key the provider echoes in an error does not get into the log") {
    World world;
    const auto& wire = canned::wire(DialectId::openai_chat);
    world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
        // As OpenAI does: not the whole key, but its beginning and end. The whole one, to be sure.
        connection.reply_json(403, std::string(R"({"error":{"message":"Incorrect API key provided: )") + provider_key +
                                       R"(","type":"invalid_request_error","code":"x","param":null}})");
    });
    const auto response = world.ask(wire);
    CHECK(response.status == 403);
    // World's scan at the end looks into the database, the log and the answers.
    CHECK_FALSE(world.gateway().call_row(response).empty());
    CHECK(response.body.find(provider_key) == std::string::npos);
}

TEST_CASE("Nothing can be configured, started or read over HTTP") {
    World world;
    for (const auto& route : std::vector<Route>{{"POST", "/config"},
                                                {"POST", "/config/update"},
                                                {"POST", "/llmgw/v1/config"},
                                                {"GET", "/llmgw/v1/keys"},
                                                {"POST", "/shutdown"},
                                                {"GET", "/etc/passwd"},
                                                {"GET", "/../../etc/passwd"},
                                                {"GET", "/%2e%2e/%2e%2e/etc/passwd"},
                                                {"TRACE", "/v1/messages"}}) {
        CAPTURE(route.target);
        const auto response = world.gateway().call(authorized(world, route, ""));
        CHECK(response.status >= 400);
        CHECK(response.status < 500);
    }
    CHECK(world.gateway().get("/healthz").status == 200);
}

TEST_CASE("Broken HTTP is answered or cut, and the gateway lives on") {
    World world;
    const std::string key = world.gateway().client_key();
    const std::string head = "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + key +
                             "\r\nx-llmgw-feature: e2e\r\n";
    for (const auto& bytes : std::vector<std::string>{
             std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), std::string("GET\r\n\r\n"),
             std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), std::string("GET / HTTP/9.9\r\n\r\n"),
             std::string(200'000, 'A') + "\r\n\r\n",
             "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
             head + "X: " + std::string(300'000, 'b') + "\r\n\r\n", head + "Content-Length: -5\r\n\r\n",
             head + "Content-Length: 99999999999999999999\r\n\r\n",
             head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
             head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
             head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
             head + "Bad Header: x\r\nContent-Length: 2\r\n\r\n{}", std::string("\0\0\0\0\r\n\r\n", 8)}) {
        CAPTURE(bytes.substr(0, 80));
        RawClient client(world.gateway().port());
        client.send(bytes);
        ::llmgw::testing::Response response;
        // Half of these never end their request: the client ends it.
        client.finish_sending();
        response = client.read_head();
        CHECK_FALSE(response.timed_out);
        CHECK((response.status == 0 || response.status >= 400));
    }
    CHECK(world.upstream.request_count() == 0);
    CHECK(world.ask(canned::wires()[0]).status == 200);
}

TEST_CASE("The body of a refused call is stepped over, unless it was never told to come") {
    World world;
    const std::string refused = "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n";
    const std::string next = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    RawClient client(world.gateway().port());
    client.send(refused + "\r\nhello" + next);
    CHECK(client.read_response().status == 401);
    CHECK(client.read_response().status == 200);

    RawClient careful(world.gateway().port());
    careful.send(refused + "Expect: 100-continue\r\n\r\n");
    const auto response = careful.read_response();
    CHECK(response.status == 401);
    CHECK(response.header("connection") == "close");
    CHECK(careful.wait_closed());
}

TEST_CASE("A client that waits for a 100 gets it when its body is wanted") {
    World world;
    const auto& wire = canned::wires()[0];
    RawClient client(world.gateway().port());
    client.send("POST " + wire.target +
                " HTTP/1.1\r\nHost: 127.0.0.1\r\nx-llmgw-feature: e2e\r\nx-llmgw-key: " + world.gateway().client_key() +
                "\r\nExpect: 100-continue\r\nContent-Length: " + std::to_string(wire.body.size()) + "\r\n\r\n");
    CHECK(client.read_head().status == 100);
    client.send(wire.body);
    CHECK(client.read_response().status == 200);
    REQUIRE(world.upstream.last() != nullptr);
    CHECK(world.upstream.last()->body == wire.body);
}

TEST_SUITE_END();
