// Who may call, with what, and what the provider is shown instead.
#include <doctest/doctest.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;

TEST_SUITE_BEGIN("auth");

namespace {

bool names_header(const RecordedRequest& request, std::string_view name) {
    for (const auto& [key, value] : request.headers) {
        if (iequals(key, name)) { return true; }
    }
    return false;
}

// The provider key is there, once, in the provider's own way; nothing of the client's is.
void check_provider_key(const RecordedRequest& request, DialectId dialect) {
    const std::string key = provider_key;
    const bool anthropic = dialect == DialectId::anthropic;
    const bool gemini = dialect == DialectId::gemini;
    CHECK(find_header(request.headers, "x-api-key") == (anthropic ? key : ""));
    CHECK(find_header(request.headers, "x-goog-api-key") == (gemini ? key : ""));
    CHECK(find_header(request.headers, "authorization") == (anthropic || gemini ? "" : "Bearer " + key));
    CHECK_FALSE(names_header(request, "x-llmgw-key"));
    CHECK_FALSE(names_header(request, "api-key"));
    CHECK(request.target.find("key=") == std::string::npos);
    int times = 0;
    for (auto at = request.head.find(key); at != std::string::npos; at = request.head.find(key, at + 1)) {
        ++times;
    }
    CHECK(times == 1);
}

}  // namespace

TEST_CASE("A client key is taken from any of its places and never passed on") {
    World world;
    const auto key = world.gateway().client_key();
    REQUIRE(key.size() >= 32);
    struct Way {
        Headers headers;
        std::string query;
    };
    const std::vector<Way> ways{{{{"Authorization", "Bearer " + key}}, ""},
                                {{{"authorization", "bearer " + key}}, ""},
                                {{{"x-api-key", key}}, ""},
                                {{{"X-Goog-Api-Key", key}}, ""},
                                {{{"x-llmgw-key", key}}, ""},
                                {{{"Authorization", "Bearer " + key}, {"x-api-key", key}}, ""},
                                {{{"x-llmgw-key", key}, {"Authorization", "Bearer client-own-credential-000"}}, ""},
                                {{}, "key=" + key}};
    for (const auto& wire : canned::wires()) {
        for (std::size_t i = 0; i < ways.size(); ++i) {
            for (const bool stream : {false, true}) {
                CAPTURE(name_of(wire));
                CAPTURE(i);
                Request request{.target = stream ? wire.stream_target : wire.target,
                                .headers = ways[i].headers,
                                .body = stream ? wire.stream_body : wire.body,
                                .host = ""};
                request.headers.emplace_back("x-llmgw-feature", "e2e");
                const auto expected = request.target;
                if (!ways[i].query.empty()) {
                    request.target += (expected.find('?') == std::string::npos ? "?" : "&") + ways[i].query;
                }
                const auto response = world.gateway().call(request);
                CHECK(response.status == 200);
                REQUIRE(world.upstream.last() != nullptr);
                CHECK(world.upstream.last()->target == expected);
                check_provider_key(*world.upstream.last(), wire.dialect);
                CHECK(world.upstream.last()->head.find("client-own-credential") == std::string::npos);
            }
        }
    }
}

TEST_CASE("A key in the query is cut out and the rest of the query kept") {
    World world;
    const auto key = world.gateway().client_key();
    const std::string path = "/v1beta/models/gemini-2.5-flash:streamGenerateContent";
    for (const auto& [sent, forwarded] :
         std::vector<std::pair<std::string, std::string>>{{"?key=" + key + "&alt=sse", "?alt=sse"},
                                                          {"?alt=sse&key=" + key, "?alt=sse"},
                                                          {"?alt=sse&key=" + key + "&x=%20", "?alt=sse&x=%20"},
                                                          {"?key=" + key, ""}}) {
        CAPTURE(forwarded);
        const auto response = world.gateway().call({.target = path + sent,
                                                    .headers = {{"x-llmgw-feature", "e2e"}},
                                                    .body = canned::wire(DialectId::gemini).body,
                                                    .host = ""});
        CHECK(response.status == 200);
        REQUIRE(world.upstream.last() != nullptr);
        CHECK(world.upstream.last()->target == path + forwarded);
    }
}

TEST_CASE("S13: without a good key every route is a 401 in the client's dialect, and nothing is sent on") {
    World world;
    struct Route {
        std::string method;
        std::string target;
        DialectId dialect;
        Headers headers;
    };
    const std::vector<Route> routes{
        {"POST", "/v1/messages", DialectId::anthropic, {}},
        {"POST", "/v1/messages/count_tokens", DialectId::anthropic, {}},
        {"GET", "/v1/models", DialectId::anthropic, {{"anthropic-version", "2023-06-01"}}},
        {"POST", "/v1/chat/completions", DialectId::openai_chat, {}},
        {"POST", "/v1/responses", DialectId::openai_responses, {}},
        {"POST", "/v1/embeddings", DialectId::openai_chat, {}},
        {"GET", "/v1/models", DialectId::openai_chat, {}},
        {"GET", "/v1/files", DialectId::openai_chat, {}},
        {"DELETE", "/v1/files/file-1", DialectId::openai_chat, {}},
        {"POST", "/f/some-feature/v1/chat/completions", DialectId::openai_chat, {}},
        {"POST", "/v1beta/models/gemini-2.5-flash:generateContent", DialectId::gemini, {}},
        {"POST", "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", DialectId::gemini, {}},
        {"POST", "/v1beta/models/gemini-2.5-flash:countTokens", DialectId::gemini, {}},
        {"POST", "/v1beta/models/gemini-2.5-flash:embedContent", DialectId::gemini, {}},
        {"POST", "/v1/models/gemini-2.5-flash:generateContent", DialectId::gemini, {}},
        {"GET", "/v1beta/models", DialectId::gemini, {}},
    };
    const auto good = world.gateway().client_key();
    auto almost = good;
    almost.back() = almost.back() == 'a' ? 'b' : 'a';
    const std::vector<Headers> bad{{},
                                   {{"Authorization", "Bearer sk-wrong"}},
                                   {{"Authorization", "Bearer " + almost}},
                                   {{"Authorization", "Bearer " + good + "x"}},
                                   {{"Authorization", "Bearer " + good.substr(0, good.size() - 1)}},
                                   {{"Authorization", "Bearer "}},
                                   {{"Authorization", "Basic " + good}},
                                   {{"x-api-key", "' OR 1=1 --"}},
                                   {{"x-api-key", std::string(60'000, 'k')}},
                                   {{"Authorization", "Bearer \xff\x01\x80"}}};
    for (const auto& route : routes) {
        for (std::size_t i = 0; i < bad.size(); ++i) {
            CAPTURE(route.method);
            CAPTURE(route.target);
            CAPTURE(i);
            Request request{.method = route.method, .target = route.target, .headers = bad[i], .body = "", .host = ""};
            request.headers.emplace_back("x-llmgw-feature", "e2e");
            request.headers.insert(request.headers.end(), route.headers.begin(), route.headers.end());
            if (route.method == "POST") { request.body = canned::wire(route.dialect).body; }
            const auto response = world.gateway().call(request);
            // A control character in a header may be refused as bad HTTP.
            if (i == 9 && response.status == 400) { continue; }
            CHECK(response.status == 401);
            CHECK(is_error_of(route.dialect, response.body));
            const auto json = nlohmann::json::parse(response.body, nullptr, false);
            if (route.dialect == DialectId::anthropic) { CHECK(json["error"]["type"] == "authentication_error"); }
            if (route.dialect == DialectId::openai_chat) { CHECK(json["error"]["code"] == "invalid_api_key"); }
            if (route.dialect == DialectId::gemini) { CHECK(json["error"]["code"] == 401); }
        }
    }
    CHECK(world.upstream.request_count() == 0);
}

TEST_CASE("require_key = false takes calls without a key, on loopback") {
    World world({.server = "require_key = false", .timeouts = "", .more = ""});
    const auto& wire = canned::wires()[0];
    const auto response = world.gateway().call(
        {.target = wire.target, .headers = {{"x-llmgw-feature", "e2e"}}, .body = wire.body, .host = ""});
    CHECK(response.status == 200);
    check_provider_key(*world.upstream.last(), wire.dialect);
}

TEST_CASE("S8: a non-loopback address without a key is refused at start") {
    World world({.server = "require_key = false", .timeouts = "", .more = "", .start = false});
    world.home.write_config(world.config());
    const auto result = world.cli({"serve", "--listen", "0.0.0.0:0"});
    CHECK(result.exit == 3);
    CHECK(result.err.find("require_key") != std::string::npos);
}

TEST_CASE("The client key is made once, for its owner alone") {
    World world;
    const auto first = world.gateway().client_key();
    ChildProcess stat({"/usr/bin/stat", "-c", "%a", world.home.key_file()}, {{"PATH", "/usr/bin:/bin"}});
    CHECK(stat.wait() == 0);
    CHECK(stat.out() == "600\n");
    CHECK(world.stop(15) == 0);
    world.start();
    CHECK(world.gateway().client_key() == first);
}

TEST_CASE("passthrough: the client's own credential goes to the provider, the gateway's does not") {
    World world({.server = "", .timeouts = "", .more = "", .start = false});
    Gateway gateway(world.home, {.config = "[providers.anthropic]\nbase_url = \"" + world.upstream.url() +
                                           "\"\napi_key = \"passthrough\"\n",
                                 .environment = {},
                                 .wrapper = {}});
    const auto& wire = canned::wires()[0];
    for (const auto& own :
         Headers{{"Authorization", "Bearer oauth-of-the-user-1234567"}, {"x-api-key", "key-of-the-user-1234567"}}) {
        CAPTURE(own.first);
        const auto response =
            gateway.call({.target = wire.target,
                          .headers = {{"x-llmgw-key", gateway.client_key()}, {"x-llmgw-feature", "e2e"}, own},
                          .body = wire.body,
                          .host = ""});
        CHECK(response.status == 200);
        REQUIRE(world.upstream.last() != nullptr);
        CHECK(find_header(world.upstream.last()->headers, own.first) == own.second);
        CHECK(world.upstream.last()->head.find(gateway.client_key()) == std::string::npos);
    }
}

TEST_SUITE_END();
