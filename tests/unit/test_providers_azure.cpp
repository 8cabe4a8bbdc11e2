// Azure OpenAI: what is asked, where, and with what proof; and the recorded traffic, when it is there.
#include <doctest/doctest.h>

#include "core/util/base64.hpp"
#include "providers/registry.hpp"
#include "tests/support/tell.hpp"
#include "tests/unit/host_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

using enum DialectId;

const std::string base = "https://res.openai.azure.com";

Provider azure(const std::string& lines = "", const Variables& env = {}) {
    return provider_of("[providers.azure]\nbase_url = \"" + base + "\"\n" + lines, "azure", env);
}

std::string refused(const std::string& lines, const Variables& env = {}) {
    return resolved("[providers.azure]\n" + lines, env).errors();
}

Headers proof(const Provider& provider, const std::string& credential, const std::string& url) {
    UpstreamRequest request;
    request.url = url;
    CHECK(provider.host->authorise(provider, credential, 0, request));
    return request.headers;
}

std::string token_until(std::int64_t ends_s) {
    return base64url(R"({"alg":"RS256"})") + "." + base64url("{\"exp\":" + std::to_string(ends_s) + "}") + ".c2ln";
}

}  // namespace

TEST_SUITE("providers/azure") {
    TEST_CASE("azure: the API without versions has the deployment in the body") {
        const auto plain = azure();
        CHECK(url_of(plain, {openai_chat, Operation::chat, "gpt", "/v1/chat/completions"}) ==
              base + "/openai/v1/chat/completions");
        CHECK(url_of(plain, {openai_responses, Operation::responses, "gpt", "/v1/responses/compact"}) ==
              base + "/openai/v1/responses/compact");
        CHECK(url_of(plain, {openai_chat, Operation::other, "", "/v1/files", false, "limit=3"}) ==
              base + "/openai/v1/files?limit=3");
        const auto preview = azure("api_version = \"preview\"\n");
        CHECK(url_of(preview, {openai_responses, Operation::responses, "gpt", "/v1/responses"}) ==
              base + "/openai/v1/responses?api-version=preview");
    }

    TEST_CASE("azure: the API of a date has it in the URL") {
        const auto dated = azure("api_version = \"2025-04-01-preview\"\n");
        CHECK(url_of(dated, {openai_chat, Operation::chat, "my gpt/4", "/v1/chat/completions"}) ==
              base + "/openai/deployments/my%20gpt%2F4/chat/completions?api-version=2025-04-01-preview");
        CHECK(url_of(dated, {openai_chat, Operation::embeddings, "emb", "/v1/embeddings"}) ==
              base + "/openai/deployments/emb/embeddings?api-version=2025-04-01-preview");
        CHECK(url_of(dated, {openai_responses, Operation::responses, "gpt", "/v1/responses"}) ==
              base + "/openai/responses?api-version=2025-04-01-preview");
        CHECK(dated.speaks(openai_responses));
    }

    TEST_CASE("azure: Claude is asked in its own dialect, at its own place") {
        const auto plain = azure();
        CHECK(plain.speaks(anthropic, "claude-sonnet-5"));
        CHECK_FALSE(plain.speaks(openai_chat, "claude-sonnet-5"));
        CHECK_FALSE(plain.speaks(anthropic, "gpt-5"));
        CHECK(plain.speaks(openai_responses, "gpt-5"));
        CHECK_FALSE(plain.speaks(gemini, "gpt-5"));
        const auto url =
            url_of(plain, {anthropic, Operation::messages, "claude-sonnet-5", "/v1/messages", true, "beta=true"});
        CHECK(url == base + "/anthropic/v1/messages?beta=true");
        CHECK(proof(plain, "a-key-0123456789", url) == Headers{{"x-api-key", "a-key-0123456789"}});
    }

    TEST_CASE("azure: older APIs are not asked for what they do not have") {
        const auto middle = azure("api_version = \"2024-10-21\"\n");
        CHECK_FALSE(middle.speaks(openai_responses));
        CHECK(middle.stream_usage == StreamUsage::on_request);
        CHECK(middle.traits.max_tokens_field == "max_completion_tokens");
        const auto old = azure("api_version = \"2024-02-01\"\n");
        CHECK(old.stream_usage == StreamUsage::always);
        CHECK(old.traits.max_tokens_field == "max_tokens");
        CHECK_FALSE(old.traits.developer_role);
    }

    TEST_CASE("azure: a key and a token of Entra ID are told apart") {
        const auto plain = azure();
        const auto url = base + "/openai/v1/responses";
        CHECK(proof(plain, "0123456789abcdef0123456789abcdef", url) ==
              Headers{{"api-key", "0123456789abcdef0123456789abcdef"}});
        const auto token = token_until(1'800'000'000);
        CHECK(proof(plain, token, url) == Headers{{"Authorization", "Bearer " + token}});
        const auto step = plain.host->credential(plain, token, 5);
        REQUIRE(step);
        CHECK(std::get<Credential>(*step).expires_ms == 1'800'000'000'000);
    }

    TEST_CASE("azure: a key is good until it is refused, what a command prints only for a while") {
        const auto ends = [](const Provider& provider, const std::string& secret) {
            return std::get<Credential>(*provider.host->credential(provider, secret, 1000)).expires_ms;
        };
        CHECK_FALSE(ends(azure("api_key = \"env:A_KEY\"\n"), "0123456789abcdef"));
        CHECK(ends(azure("api_key = \"cmd:printkey\"\n"), "0123456789abcdef") == 301'000);
        CHECK(ends(azure("api_key = \"cmd:printkey\"\n"), token_until(900)) == 900'000);
        CHECK(ends(azure("api_key = \"env:A_KEY\"\n"), "eyJ.not-base64!.x") == std::nullopt);
    }

    TEST_CASE("azure: the resource's URL, however much of it was copied") {
        for (const auto* end :
             {"", "/", "/openai", "/openai/", "/openai/v1", "/openai/v1/", "/anthropic", "/anthropic/v1"}) {
            CAPTURE(end);
            const auto provider = provider_of("[providers.azure]\nbase_url = \"" + base + end + "\"\n", "azure");
            CHECK(provider.base_url == base);
        }
        CHECK(provider_of("[providers.azure]\n", "azure", {{"AZURE_OPENAI_ENDPOINT", base + "/"}}).base_url == base);
        CHECK(refused("").contains("providers.azure needs a base_url"));
        CHECK(refused("base_url = \"" + base + "/openai/deployments/x\"\n").contains("goes too far"));
        CHECK(refused("base_url = \"http://res.openai.azure.com\"\n").contains("not https"));
        CHECK(refused("", {{"AZURE_OPENAI_ENDPOINT", "nowhere"}}).contains("base_url that is none"));
        CHECK(refused("base_url = \"" + base + "\"\napi_version = \"v9\"\n").contains("api_version that is none"));
        CHECK(refused("base_url = \"" + base + "\"\nlocation = \"global\"\n")
                  .contains("providers.azure.location means nothing to a provider of type azure"));
        CHECK(refused("base_url = \"" + base + "\"\ndialects = [\"gemini\"]\n").contains("cannot speak gemini"));
    }

    TEST_CASE("azure: the usual key goes to Azure's own hosts only") {
        CHECK(azure().api_key == "auto:azure:AZURE_OPENAI_API_KEY");
        for (const auto* url : {"https://res.services.ai.azure.com", "https://res.cognitiveservices.azure.com",
                                "https://res.openai.azure.us"}) {
            CAPTURE(url);
            const auto toml = std::string("[providers.azure]\nbase_url = \"") + url + "\"\n";
            CHECK(provider_of(toml, "azure").api_key == "auto:azure:AZURE_OPENAI_API_KEY");
        }
        for (const auto* url : {"https://openai.azure.com.evil.example", "https://evilopenai.azure.com.example",
                                "https://my-openai.azure.com", "https://gateway.example/azure"}) {
            CAPTURE(url);
            const auto toml = std::string("[providers.azure]\nbase_url = \"") + url + "\"\n";
            CHECK(provider_of(toml, "azure").api_key == "");
        }
        // A variable for the key says nothing of whose resource it is.
        CHECK(resolved("", {{"AZURE_OPENAI_API_KEY", "x"}}).providers.size() == 3);
    }

    TEST_CASE("azure: errors in its own shapes") {
        const auto error = azure().host->error;
        const auto front = error(openai_chat, 401, {},
                                 R"({"statusCode":401,"message":"Unauthorized. Access token is missing, invalid"})");
        REQUIRE(front);
        CHECK(front->error_class == ErrorClass::authentication);
        CHECK(front->message.starts_with("Unauthorized."));
        // These are OpenAI's shape, and go through as they are.
        const std::string filtered =
            R"({"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400,)"
            R"("innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"}}}}})";
        CHECK_FALSE(error(openai_chat, 400, {}, filtered));
        CHECK(dialects().get(openai_chat).decode_error(400, filtered).error_class == ErrorClass::content_filter);
        const std::string no_deployment =
            R"({"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}})";
        CHECK_FALSE(error(openai_chat, 404, {}, no_deployment));
        CHECK(dialects().get(openai_chat).decode_error(404, no_deployment).error_class == ErrorClass::not_found);
        CHECK_FALSE(error(openai_chat, 500, {}, "<html>"));
    }

    TEST_CASE("azure: recorded calls are asked as they were recorded, and their answers read") {
        int urls = 0;
        int answers = 0;
        int all = 0;
        for (const auto& dir : recorded_of("azure")) {
            CAPTURE(dir.string());
            ++all;
            const auto meta = read_file(dir / "meta.json");
            const auto api = dir.parent_path().filename().string();
            // Filed under responses, but a Chat recording.
            const bool chat = api == "chat" || dir.string().contains("va-azure-deepseek-reasoning");
            if (const auto url = text_at(meta, {"url"}); !url.empty()) {
                ++urls;
                const auto version = url.find("api-version=");
                std::string lines = "base_url = \"" + origin_of(url) + "\"\n";
                if (version != std::string::npos) { lines += "api_version = \"" + url.substr(version + 12) + "\"\n"; }
                const auto provider = provider_of("[providers.azure]\n" + lines, "azure");
                CHECK(provider.api_key == "auto:azure:AZURE_OPENAI_API_KEY");
                const auto at = url.find("/deployments/");
                const auto model = at == std::string::npos ? "" : url.substr(at + 13, url.find('/', at + 13) - at - 13);
                const Ask ask = api == "embeddings" ? Ask{openai_chat, Operation::embeddings, model, "/v1/embeddings"}
                                : chat              ? Ask{openai_chat, Operation::chat, model, "/v1/chat/completions"}
                                       : Ask{openai_responses, Operation::responses, model, "/v1/responses"};
                CHECK(url_of(provider, ask) == url);
            }
            if (api == "embeddings") { continue; }
            CHECK(reads_answer(dialects().get(chat ? openai_chat : openai_responses), dir));
            ++answers;
        }
        if (all > 0) { TELL("azure: " << all << " cases, " << urls << " URLs, " << answers << " answers"); }
    }
}
