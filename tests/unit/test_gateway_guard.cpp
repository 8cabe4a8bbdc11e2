#include <doctest/doctest.h>

#include "core/gateway/header_rules.hpp"
#include "core/gateway/host_guard.hpp"

using namespace llmgw;

namespace {

int status_for(const Headers& headers, const ServerConfig& config = {}) {
    const auto refused = check_host_and_origin(headers, config);
    return refused ? refused->status : 200;
}

bool has(const Headers& headers, std::string_view name) {
    for (const auto& [key, value] : headers) {
        if (iequals(key, name)) { return true; }
    }
    return false;
}

}  // namespace

TEST_CASE("Host guard: loopback names pass, everything else does not") {
    for (const auto* host : {"localhost", "LOCALHOST:4117", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:4117"}) {
        CAPTURE(host);
        CHECK(status_for({{"Host", host}}) == 200);
    }
    for (const auto* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:4117", "192.168.1.5"}) {
        CAPTURE(host);
        CHECK(status_for({{"Host", host}}) == 403);
    }
    for (const auto* host : {"", "localhost?x", "localhost#", "a@localhost", "localhost/..",
                             "localhost:", "localhost:x", "localhost:99999", "[::1", "[::1]x", "::1", "local host"}) {
        CAPTURE(host);
        CHECK(status_for({{"Host", host}}) == 400);
    }
    CHECK(status_for({}) == 400);
    CHECK(status_for({{"Host", "localhost"}, {"host", "localhost"}}) == 400);
}

TEST_CASE("Host guard: the lists of the configuration") {
    ServerConfig config;
    config.allowed_hosts = {"Gateway.Example"};
    config.allowed_origins = {"http://localhost:3000"};
    CHECK(status_for({{"Host", "gateway.example:443"}}, config) == 200);
    CHECK(status_for({{"Host", "other.example"}}, config) == 403);
    CHECK(status_for({{"Host", "localhost"}, {"Origin", "http://localhost:3000"}}, config) == 200);
    CHECK(status_for({{"Host", "localhost"}, {"Origin", "http://localhost:3001"}}, config) == 403);
    CHECK(status_for({{"Host", "localhost"}, {"Origin", "null"}}, config) == 403);
    CHECK(status_for({{"Host", "localhost"}, {"Origin", "http://localhost"}}) == 403);
}

TEST_CASE("Header rules: unknown headers pass, credentials and the connection's own do not") {
    const Headers client{{"X-Made-Up-Name", "1"},
                         {"anthropic-beta", "a,b"},
                         {"Authorization", "Bearer k"},
                         {"X-Api-Key", "k"},
                         {"x-goog-api-key", "k"},
                         {"api-key", "k"},
                         {"x-llmgw-key", "k"},
                         {"x-llmgw-feature", "f"},
                         {"Host", "localhost"},
                         {"Connection", "keep-alive, X-Hop"},
                         {"X-Hop", "1"},
                         {"e", "short names are names"},
                         {"Content-Length", "3"},
                         {"Content-Encoding", "gzip"},
                         {"Cookie", "c"},
                         {"User-Agent", "x/1"}};
    const auto out = forwarded_request_headers(client);
    CHECK(out == Headers{{"X-Made-Up-Name", "1"},
                         {"anthropic-beta", "a,b"},
                         {"e", "short names are names"},
                         {"User-Agent", "x/1"}});
}

TEST_CASE("Header rules: a credential may come in any of the usual places") {
    const Headers client{
        {"x-goog-api-key", "g"}, {"authorization", "bearer b"}, {"X-Api-Key", "x"}, {"x-llmgw-key", "l"}};
    CHECK(presented_credentials(client, "q") == std::vector<std::string>{"l", "b", "x", "g", "q"});
}

TEST_CASE("Header rules: passthrough keeps the client's own credential and never llmgw's") {
    const Headers client{{"Authorization", "Bearer theirs"}, {"x-api-key", "ours"}, {"x-llmgw-key", "ours"}};
    CHECK(own_credentials(client, "", "ours") == Headers{{"Authorization", "Bearer theirs"}});
    CHECK(own_credentials({}, "theirs", "ours") == Headers{{"x-goog-api-key", "theirs"}});
    CHECK(own_credentials({}, "ours", "ours").empty());
}

TEST_CASE("Header rules: answers pass an allowlist, and no header carries the provider's key") {
    const auto out = screened_answer_headers({{"Content-Type", "application/json"},
                                              {"request-id", "req_1"},
                                              {"anthropic-ratelimit-tokens-limit", "5"},
                                              {"x-ratelimit-reset-requests", "6m0s"},
                                              {"retry-after", "2"},
                                              {"Set-Cookie", "a=b"},
                                              {"Location", "http://evil.example"},
                                              {"Access-Control-Allow-Origin", "*"},
                                              {"x-goog-api-key", "secret"},
                                              {"openai-organization", "org secret org"}},
                                             "secret");
    CHECK(has(out, "content-type"));
    CHECK(has(out, "request-id"));
    CHECK(has(out, "anthropic-ratelimit-tokens-limit"));
    CHECK(has(out, "x-ratelimit-reset-requests"));
    CHECK(has(out, "retry-after"));
    CHECK(out.size() == 5);
}
