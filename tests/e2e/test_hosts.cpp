// Azure OpenAI and Vertex AI: a provider that acts as them, every client's dialect, whole and streamed; tokens that are
// asked for, kept and renewed; and no private key or token in anything that comes out.
#include <array>
#include <atomic>
#include <fstream>
#include <future>
#include <memory>

#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/stat.h>

#include "tests/e2e/world.hpp"

using namespace llmgw;
using namespace llmgw::testing;
using nlohmann::json;

TEST_SUITE_BEGIN("hosts");

namespace {

const std::string token_mark = "ya29.canary-token-do-not-leak-";

// A key of nobody's, made once.
const std::string& private_key() {
    static const std::string pem = [] {
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048), EVP_PKEY_free);
        const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
        PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        char* bytes = nullptr;
        const auto size = BIO_get_mem_data(bio.get(), &bytes);
        return std::string(bytes, static_cast<std::size_t>(size));
    }();
    return pem;
}

// A line of it, as it is in the middle of the file.
std::string key_line() {
    const auto first = private_key().find('\n') + 1;
    return private_key().substr(first, private_key().find('\n', first) - first);
}

std::string write_private(const TestHome& home, const std::string& name, const std::string& text) {
    const auto path = home.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), 0600);
    return path;
}

// An unsigned token with an end, as Entra ID's look.
std::string entra_token(const std::string& claims) {
    return "eyJhbGciOiJSUzI1NiJ9." + claims + ".canary-signature-do-not-leak-4711";
}
const std::string ends_in_2096 = "eyJleHAiOjQwMDAwMDAwMDB9";  // {"exp":4000000000}
const std::string ended_in_1970 = "eyJleHAiOjF9";             // {"exp":1}

struct Clouds {
    World world{{.server = {}, .timeouts = {}, .more = {}, .start = false}};
    std::atomic<int> tokens_given = 0;
    std::atomic<int> lifetime_s = 3600;
    std::atomic<int> token_status = 200;
    std::atomic<int> refuse_below = 0;  // tokens with a smaller number are not taken any more

    Clouds() {
        world.guard(token_mark, world.home.path() + "/token");
        world.guard(key_line(), world.home.path() + "/sa.json");
        world.upstream.handle(
            [this](const RecordedRequest& request, UpstreamConnection& connection) { act(request, connection); });
    }

    void start(const std::string& tables) { world.start_with(world.config() + tables); }

    std::string azure(const std::string& lines) const {
        return "[providers.azure]\nbase_url = \"" + world.upstream.url() + "/azure\"\n" + lines;
    }
    std::string vertex(const std::string& more = "") {
        const json account{{"type", "service_account"},      {"project_id", "p"},
                           {"private_key_id", "k1"},         {"private_key", private_key()},
                           {"client_email", "me@p.example"}, {"token_uri", world.upstream.url() + "/token"}};
        const auto path = write_private(world.home, "sa.json", account.dump());
        return "[providers.vertex]\nproject = \"my-p\"\nlocation = \"europe-west4\"\nbase_url = \"" +
               world.upstream.url() + "\"\napi_key = \"file:" + path + "\"\n" + more;
    }

    // The canned request of a client, for another model.
    Response ask(DialectId client, const std::string& model, bool stream) {
        const auto& wire = canned::wire(client);
        auto target = stream ? wire.stream_target : wire.target;
        auto body = stream ? wire.stream_body : wire.body;
        const auto put = [&](std::string& text, const std::string& with) {
            if (const auto at = text.find(wire.model); at != std::string::npos) {
                text.replace(at, wire.model.size(), with);
            }
        };
        put(client == DialectId::gemini ? target : body, model);
        return world.gateway().post(target, body);
    }

    // The last request that was no token's.
    std::shared_ptr<const RecordedRequest> asked() const {
        const auto all = world.upstream.requests();
        for (auto one = all.rbegin(); one != all.rend(); ++one) {
            if (!(*one)->target.starts_with("/token")) { return *one; }
        }
        return nullptr;
    }

private:
    void act(const RecordedRequest& request, UpstreamConnection& connection) {
        if (request.target == "/token") {
            if (token_status != 200) {
                connection.reply_json(token_status, R"({"error":"invalid_grant","error_description":"Invalid JWT."})");
                return;
            }
            const json token{{"access_token", token_mark + std::to_string(++tokens_given)},
                             {"expires_in", lifetime_s.load()}};
            connection.reply_json(200, token.dump());
            return;
        }
        const auto given = std::string(find_header(request.headers, "authorization"));
        if (const auto at = given.find(token_mark); at != std::string::npos) {
            if (std::stoi(given.substr(at + token_mark.size())) < refuse_below) {
                connection.reply_json(401,
                                      R"({"error":{"code":401,"message":"no such token","status":"UNAUTHENTICATED"}})");
                return;
            }
        }
        auto native = request;
        if (request.target.ends_with("/count-tokens:rawPredict")) {
            native.target = "/v1/messages/count_tokens";
        } else if (request.target.ends_with("awPredict")) {
            native.target = "/v1/messages";
        }
        canned::answer(native, connection);
    }
};

constexpr std::array all_clients{DialectId::anthropic, DialectId::openai_chat, DialectId::openai_responses,
                                 DialectId::gemini};

// All texts of an answer, whatever its shape, one behind the other.
void collect(const json& value, std::string& out) {
    if (value.is_array()) {
        for (const auto& one : value) {
            collect(one, out);
        }
    }
    if (!value.is_object()) { return; }
    for (const auto& [key, inside] : value.items()) {
        if (inside.is_string() && (key == "text" || key == "content" || key == "delta")) {
            out += inside.get<std::string>();
        } else {
            collect(inside, out);
        }
    }
}

// The text that the provider's answer carries came through, and no token with it.
void check_answer(const Response& response) {
    CAPTURE(response.body);
    CHECK(response.status == 200);
    std::string text;
    collect(json::parse(response.body, nullptr, false), text);
    for (const auto& event : stream_events(response.body)) {
        collect(event.json, text);
    }
    CHECK(text.contains("Hello \u2603 there"));
    CHECK_FALSE(response.body.contains(token_mark));
}

json body_of(const RecordedRequest& request) {
    return json::parse(request.body, nullptr, false);
}

}  // namespace

TEST_CASE("azure: every client, whole and streamed, with the key in its header") {
    for (const std::string version : {"", "api_version = \"2025-04-01-preview\"\n"}) {
        Clouds clouds;
        clouds.start(clouds.azure("api_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\nmodels = [\"my-gpt\"]\n" + version));
        for (const auto client : all_clients) {
            for (const bool stream : {false, true}) {
                CAPTURE(to_string(client));
                CAPTURE(stream);
                CAPTURE(version);
                const auto response = clouds.ask(client, "azure/my-gpt", stream);
                const bool chat = client == DialectId::openai_chat;
                check_answer(response);
                const auto asked = clouds.asked();
                REQUIRE(asked);
                const std::string wanted =
                    version.empty() ? (chat ? "/azure/openai/v1/chat/completions" : "/azure/openai/v1/responses")
                    : chat          ? "/azure/openai/deployments/my-gpt/chat/completions?api-version=2025-04-01-preview"
                                    : "/azure/openai/responses?api-version=2025-04-01-preview";
                CHECK(asked->target == wanted);
                CHECK(find_header(asked->headers, "api-key") == provider_key);
                CHECK(find_header(asked->headers, "authorization").empty());
                CHECK(body_of(*asked)["model"] == "my-gpt");
                const auto row = clouds.world.gateway().call_row(response);
                CHECK(row.at("provider") == "azure");
                CHECK(row.at(ending_column) == "done");
                CHECK(row.at("output_tokens") == std::to_string(canned::output_tokens));
                CHECK(row.at("cost_nano").has_value());
            }
        }
        const auto listed = clouds.world.gateway().get("/v1/models");
        CHECK(listed.body.contains("\"azure/my-gpt\""));
        CHECK(run_cli(clouds.world.home, {"keys", "test", "azure"}).exit == 0);
        CHECK(clouds.asked()->target ==
              (version.empty() ? "/azure/openai/v1/models" : "/azure/openai/models?api-version=2025-04-01-preview"));
        CHECK(find_header(clouds.asked()->headers, "api-key") == provider_key);
    }
}

TEST_CASE("azure: what a deployment is called has no price when the answer names another model") {
    Clouds clouds;
    clouds.world.upstream.handle([](const RecordedRequest&, UpstreamConnection& connection) {
        connection.reply_json(200, R"({"id":"c","object":"chat.completion","created":1,"model":"in-house-42",)"
                                   R"("choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},)"
                                   R"("finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":3,)"
                                   R"("total_tokens":12}})");
    });
    const std::string key = "api_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n";
    clouds.start(clouds.azure(key) + "[providers.usual]\ntype = \"openai\"\nbase_url = \"" +
                 clouds.world.upstream.url() + "/v1\"\n" + key);
    const auto cost = [&](const std::string& model) {
        const auto response = clouds.ask(DialectId::openai_chat, model, false);
        CHECK(response.status == 200);
        const auto row = clouds.world.gateway().call_row(response);
        CHECK(row.at("served_model") == "in-house-42");
        return row.at("cost_nano");
    };
    CHECK_FALSE(cost("azure/gpt-5-mini").has_value());
    CHECK(cost("usual/gpt-5-mini").has_value());
}

TEST_CASE("azure: a token of Entra ID, asked of a command as often as it ends") {
    for (const bool good : {true, false}) {
        Clouds clouds;
        const auto token = entra_token(good ? ends_in_2096 : ended_in_1970);
        const auto file = write_private(clouds.world.home, "token", token + "\n");
        const auto count = clouds.world.home.path() + "/count";
        clouds.world.guard(token, file);
        clouds.start(clouds.azure("api_key = \"cmd:echo x >> " + count + "; cat " + file + "\"\n"));
        for (int i = 0; i < 3; ++i) {
            check_answer(clouds.ask(DialectId::openai_responses, "azure/gpt", i == 1));
            CHECK(find_header(clouds.asked()->headers, "authorization") == "Bearer " + token);
            CHECK(find_header(clouds.asked()->headers, "api-key").empty());
        }
        CHECK(read_file(count).size() == (good ? 2 : 6));
    }
}

TEST_CASE("azure: Claude in its own dialect, at its own place") {
    Clouds clouds;
    clouds.start(clouds.azure("api_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n"));
    for (const auto client : all_clients) {
        CAPTURE(to_string(client));
        check_answer(clouds.ask(client, "azure/claude-sonnet-5", true));
        CHECK(clouds.asked()->target.starts_with("/azure/anthropic/v1/messages"));
        CHECK(find_header(clouds.asked()->headers, "x-api-key") == provider_key);
    }
}

TEST_CASE("azure: its errors in the client's shape") {
    struct Trouble {
        int status;
        std::string body;
        int told;
        std::string message;
    };
    const std::vector<Trouble> troubles{
        {401, R"({"statusCode":401,"message":"Unauthorized. Access token is missing"})", 403,
         "Access token is missing"},
        {400,
         R"({"error":{"message":"The response was filtered due to the prompt","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}})",
         400, "was filtered"},
        {404,
         R"({"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}})",
         404, "does not exist"}};
    Clouds clouds;
    clouds.start(clouds.azure("api_key = \"env:LLMGW_TEST_PROVIDER_KEY\"\n"));
    for (const auto& trouble : troubles) {
        clouds.world.upstream.handle([&](const RecordedRequest&, UpstreamConnection& connection) {
            connection.reply_json(trouble.status, trouble.body);
        });
        for (const auto client : all_clients) {
            for (const bool stream : {false, true}) {
                CAPTURE(to_string(client));
                CAPTURE(trouble.body);
                const auto response = clouds.ask(client, "azure/gpt", stream);
                CHECK(response.status == trouble.told);
                CHECK(error_message(response.body).contains(trouble.message));
                // Azure's own words for OpenAI's clients are OpenAI's shape, less a member or two.
                if (client == DialectId::anthropic || client == DialectId::gemini || trouble.status == 401) {
                    CHECK(is_error_of(client, response.body));
                }
            }
        }
    }
    clouds.world.upstream.handle(canned::answer);
}

TEST_CASE("vertex: every client, whole and streamed, for Gemini and for Claude, with one token for all") {
    Clouds clouds;
    clouds.start(clouds.vertex("models = [\"gemini-2.5-pro\", \"claude-opus-4-5@20251101\"]\n"));
    for (const std::string model : {"gemini-2.5-pro", "claude-opus-4-5@20251101"}) {
        const bool claude = model.starts_with("claude");
        for (const auto client : all_clients) {
            for (const bool stream : {false, true}) {
                CAPTURE(to_string(client));
                CAPTURE(stream);
                CAPTURE(model);
                const auto response = clouds.ask(client, "vertex/" + model, stream);
                check_answer(response);
                const auto asked = clouds.asked();
                REQUIRE(asked);
                const std::string verb = claude ? (stream ? ":streamRawPredict" : ":rawPredict")
                                                : (stream ? ":streamGenerateContent" : ":generateContent");
                const auto wanted = "/" + std::string(claude ? "v1" : "v1beta1") +
                                    "/projects/my-p/locations/europe-west4/publishers/" +
                                    (claude ? "anthropic" : "google") + "/models/" + model + verb;
                CHECK(asked->target.substr(0, asked->target.find('?')) == wanted);
                CHECK(find_header(asked->headers, "authorization") == "Bearer " + token_mark + "1");
                CHECK(find_header(asked->headers, "x-goog-api-key").empty());
                CHECK(find_header(asked->headers, "x-api-key").empty());
                const auto body = body_of(*asked);
                CHECK_FALSE(body.contains("model"));
                CHECK(body.value("anthropic_version", "") == (claude ? "vertex-2023-10-16" : ""));
                const auto row = clouds.world.gateway().call_row(response);
                CHECK(row.at("provider") == "vertex");
                CHECK(row.at(ending_column) == "done");
                CHECK(row.at("cost_nano").has_value());
            }
        }
    }
    CHECK(clouds.tokens_given == 1);
    const auto listed = clouds.world.gateway().get("/v1/models");
    CHECK(listed.body.contains("\"vertex/gemini-2.5-pro\""));
    CHECK(listed.body.contains("\"vertex/claude-opus-4-5@20251101\""));
    const auto counted = clouds.world.gateway().post(
        "/v1/messages/count_tokens",
        R"({"model":"vertex/claude-opus-4-5@20251101","messages":[{"role":"user","content":"hi"}]})");
    CHECK(json::parse(counted.body) == json{{"input_tokens", 29}});
    CHECK(clouds.asked()->target.ends_with("/publishers/anthropic/models/count-tokens:rawPredict"));
    CHECK(body_of(*clouds.asked())["model"] == "claude-opus-4-5@20251101");
}

TEST_CASE("vertex: a token is asked for once while it is good, and anew when it has ended or is refused") {
    Clouds clouds;
    clouds.start(clouds.vertex());
    const auto ask = [&] { return clouds.ask(DialectId::gemini, "vertex/gemini-2.5-pro", false); };
    std::vector<std::future<Response>> calls;
    for (int i = 0; i < 8; ++i) {
        calls.push_back(std::async(std::launch::async, ask));
    }
    for (auto& call : calls) {
        CHECK(call.get().status == 200);
    }
    CHECK(clouds.tokens_given == 1);

    // Refused once: the call that finds out fails, the next one has another token.
    clouds.refuse_below = 2;
    clouds.lifetime_s = 0;
    const auto refused = ask();
    CHECK(refused.status == 403);
    CHECK(refused.header("x-llmgw-upstream-status") == "401");
    CHECK(clouds.tokens_given == 1);
    // Ended as soon as they are there: one for each call.
    for (int number = 2; number < 5; ++number) {
        CHECK(ask().status == 200);
        CHECK(clouds.tokens_given == number);
    }
}

TEST_CASE("vertex: no token, and what every client is told") {
    Clouds clouds;
    clouds.token_status = 400;
    clouds.start(clouds.vertex());
    for (const auto client : all_clients) {
        CAPTURE(to_string(client));
        const auto response = clouds.ask(client, "vertex/gemini-2.5-pro", true);
        CHECK(response.status == 403);
        CHECK(is_error_of(client, response.body));
        CHECK(error_message(response.body).contains("gave no token: 400: Invalid JWT."));
    }
    CHECK(clouds.asked() == nullptr);
    // 4: it does not like the credential; 6: it says nothing of it.
    CHECK(clouds.world.cli({"keys", "test", "vertex"}).exit == 4);
    clouds.token_status = 503;
    CHECK(clouds.world.cli({"keys", "test", "vertex"}).exit == 6);
    clouds.token_status = 200;
    const auto tested = clouds.world.cli({"keys", "test", "vertex"});
    CAPTURE(tested.out);
    CHECK(tested.exit == 0);
    CHECK(clouds.asked()->target.ends_with(":countTokens"));
    CHECK(clouds.world.cli({"config", "show"}).exit == 0);
    CHECK(clouds.world.cli({"keys", "list"}).exit == 0);
}

TEST_CASE("vertex: a command's token") {
    Clouds clouds;
    const auto file = write_private(clouds.world.home, "token", token_mark + "77\n");
    clouds.world.guard(token_mark + "77", file);
    clouds.start("[providers.vertex]\nproject = \"my-p\"\nbase_url = \"" + clouds.world.upstream.url() +
                 "\"\napi_key = \"cmd:cat " + file + "\"\n");
    check_answer(clouds.ask(DialectId::openai_chat, "vertex/gemini-2.5-pro", false));
    CHECK(find_header(clouds.asked()->headers, "authorization") == "Bearer " + token_mark + "77");
    CHECK(clouds.tokens_given == 0);
}

TEST_SUITE_END();
