// Tokens: asked for with a service account, kept while they are good, renewed once for all who wait.
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "core/gateway/keyring.hpp"
#include "core/provider/credential.hpp"
#include "core/secrets/client_key.hpp"
#include "core/telemetry/redact.hpp"
#include "core/util/base64.hpp"
#include "core/util/json_scan.hpp"
#include "core/util/rsa.hpp"
#include "core/util/url.hpp"
#include "providers/google_token.hpp"
#include "tests/unit/host_test_help.hpp"
#include "tests/unit/secrets_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// Made once: it takes its time.
const Key& rsa_key() {
    static const Key key(EVP_RSA_gen(2048), EVP_PKEY_free);
    return key;
}

std::string pem_of(const Key& key) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* bytes = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

bool verifies(const Key& key, const std::string& text, const std::string& signature) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    return EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
           EVP_DigestVerify(digest.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                            reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

std::string service_account(const std::string& token_uri = "https://oauth2.example/token") {
    return R"({"type":"service_account","project_id":"p","private_key_id":"kid1","private_key":)" +
           json_scan::quote(pem_of(rsa_key())) + R"(,"client_email":"me@p.example","token_uri":)" +
           json_scan::quote(token_uri) + "}";
}

class TokenAnswer final : public UpstreamResponse {
public:
    TokenAnswer(int status, std::string body) : status_(status), body_(std::move(body)) {}
    int status() const override { return status_; }
    const Headers& headers() const override { return headers_; }
    bool connection_reused() const override { return false; }
    bool request_sent() const override { return true; }
    Result<Chunk> read(const Watch&, std::chrono::milliseconds) override { return read_ready(); }
    int readable_fd() const override { return -1; }
    std::chrono::milliseconds idle_left() const override { return std::chrono::seconds(1); }
    Result<Chunk> read_ready() override { return Chunk{.bytes = body_, .end = true, .idle = false}; }

private:
    int status_;
    std::string body_;
    Headers headers_;
};

// Gives token-1, token-2, ..., as long-lived as it is told.
class TokenServer final : public Transport {
public:
    std::atomic<int> asked = 0;
    int status = 200;
    std::string body;  // instead of a token
    std::string lifetime = ",\"expires_in\":3600";
    std::string last_url;
    std::string last_body;
    std::function<void()> while_asked;

    Result<std::unique_ptr<UpstreamResponse>> open(const UpstreamRequest& request, const Watch&) override {
        const int number = ++asked;
        if (while_asked) { while_asked(); }
        const std::lock_guard lock(mutex_);
        last_url = request.url;
        last_body = request.body;
        CHECK(find_header(request.headers, "content-type") == "application/x-www-form-urlencoded");
        const auto token = R"({"access_token":"ya29.token-number-)" + std::to_string(number) + "\"" + lifetime + "}";
        return std::make_unique<TokenAnswer>(status, body.empty() ? token : body);
    }

private:
    std::mutex mutex_;
};

struct Fixture {
    TempDir dir;
    FakeClock clock;
    TokenServer server;
    SecretResolver resolver{nullptr};
    KeyRing ring{resolver, &server, clock};

    Provider with(const std::string& document) const {
        return provider_of(
            "[providers.vertex]\nproject = \"p\"\napi_key = \"file:" + dir.write("sa.json", document) + "\"\n",
            "vertex");
    }
};

std::string said(const Result<std::string>& key) {
    return key ? *key : "error: " + key.error().message;
}

std::string token(int number) {
    return "ya29.token-number-" + std::to_string(number);
}

}  // namespace

TEST_SUITE("provider/credential") {
    TEST_CASE("credential: a service account signs for a token") {
        Fixture f;
        const auto provider = f.with(service_account());
        CHECK(said(f.ring.key_of(provider)) == token(1));
        CHECK(f.server.last_url == "https://oauth2.example/token");
        std::string form = f.server.last_body;
        CHECK(take_query_value(form, "grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer");
        const auto assertion = take_query_value(form, "assertion").value_or("");
        const auto first = assertion.find('.');
        const auto second = assertion.rfind('.');
        REQUIRE(first < second);
        const auto header = base64_decode(assertion.substr(0, first)).value_or("");
        CHECK(header == R"({"alg":"RS256","typ":"JWT","kid":"kid1"})");
        const auto claims = base64_decode(assertion.substr(first + 1, second - first - 1)).value_or("");
        CHECK(claims == R"({"iss":"me@p.example","scope":"https://www.googleapis.com/auth/cloud-platform",)"
                        R"("aud":"https://oauth2.example/token","iat":1700000000,"exp":1700003600})");
        CHECK(
            verifies(rsa_key(), assertion.substr(0, second), base64_decode(assertion.substr(second + 1)).value_or("")));
        // Neither the key nor the token comes through what filters all output.
        const auto pem = pem_of(rsa_key());
        CHECK_FALSE(redact("x " + pem + " y " + token(1)).contains(pem.substr(40, 60)));
        CHECK_FALSE(redact("x " + json_scan::quote(pem)).contains(pem.substr(40, 20)));
        CHECK_FALSE(redact("x " + token(1) + " y").contains(token(1)));
    }

    TEST_CASE("credential: a token is kept until shortly before it ends") {
        Fixture f;
        const auto provider = f.with(service_account());
        CHECK(said(f.ring.key_of(provider)) == token(1));
        f.clock.advance_ms(3'539'000);
        CHECK(said(f.ring.key_of(provider)) == token(1));
        f.clock.advance_ms(1'000);
        CHECK(said(f.ring.key_of(provider)) == token(2));
        CHECK(said(f.ring.key_of(provider)) == token(2));
        f.ring.forget("vertex");
        CHECK(said(f.ring.key_of(provider)) == token(3));
        f.server.lifetime = ",\"expires_in\":0";
        f.ring.forget_all();
        for (int number = 4; number < 7; ++number) {
            CHECK(said(f.ring.key_of(provider)) == token(number));
        }
        f.server.lifetime = "";
        CHECK(said(f.ring.key_of(provider)) == token(7));
        f.clock.advance_ms(239'000);
        CHECK(said(f.ring.key_of(provider)) == token(7));
        f.clock.advance_ms(1'000);
        CHECK(said(f.ring.key_of(provider)) == token(8));
        f.server.lifetime = ",\"expires_in\":9223372036854775807";
        f.ring.forget_all();
        CHECK(said(f.ring.key_of(provider)) == token(9));
        CHECK(said(f.ring.key_of(provider)) == token(9));
    }

    TEST_CASE("credential: a token that cannot be renewed is used while it is good") {
        Fixture f;
        const auto provider = f.with(service_account());
        CHECK(said(f.ring.key_of(provider)) == token(1));
        f.server.status = 503;
        f.clock.advance_ms(3'541'000);
        CHECK(said(f.ring.key_of(provider)) == token(1));
        CHECK(f.server.asked == 2);
        CHECK(said(f.ring.key_of(provider)) == token(1));  // not asked again at once
        CHECK(f.server.asked == 2);
        f.clock.advance_ms(10'000);
        CHECK(said(f.ring.key_of(provider)) == token(1));
        CHECK(f.server.asked == 3);
        f.clock.advance_ms(60'000);  // it has ended
        CHECK(said(f.ring.key_of(provider)).contains("oauth2.example gave no token: 503"));
        f.server.status = 200;
        CHECK(said(f.ring.key_of(provider)) == token(5));
    }

    TEST_CASE("credential: who asks while a token is asked for gets the same") {
        Fixture f;
        const auto provider = f.with(service_account());
        f.server.lifetime = ",\"expires_in\":0";  // nothing is kept: only sharing can make it one request
        std::promise<void> begun;
        std::promise<void> go_on;
        const auto gate = go_on.get_future().share();
        f.server.while_asked = [&] {
            if (f.server.asked == 1) { begun.set_value(); }
            gate.wait();
        };
        auto first = std::async(std::launch::async, [&] { return said(f.ring.key_of(provider)); });
        REQUIRE(begun.get_future().wait_for(std::chrono::seconds(60)) == std::future_status::ready);
        std::vector<std::future<std::string>> others;
        for (int i = 0; i < 8; ++i) {
            others.push_back(std::async(std::launch::async, [&] { return said(f.ring.key_of(provider)); }));
        }
        // Every one of them is inside the ring: it counts them.
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (f.ring.waiting() < 8 && std::chrono::steady_clock::now() < until) {
            std::this_thread::yield();
        }
        CHECK(f.ring.waiting() == 8);
        go_on.set_value();
        CHECK(first.get() == token(1));
        for (auto& other : others) {
            CHECK(other.get() == token(1));
        }
        CHECK(f.server.asked == 1);
    }

    TEST_CASE("credential: a user's own, from gcloud") {
        Fixture f;
        const auto provider = f.with(
            R"({"type":"authorized_user","client_id":"id.x","client_secret":"se/cret-0123456","refresh_token":"1//refresh-0123"})");
        CHECK(said(f.ring.key_of(provider)) == token(1));
        CHECK(f.server.last_url == "https://oauth2.googleapis.com/token");
        CHECK(f.server.last_body ==
              "grant_type=refresh_token&client_id=id.x&client_secret=se%2Fcret-0123456&refresh_token=1%2F%2Frefresh-"
              "0123");
        CHECK_FALSE(redact("se/cret-0123456 1//refresh-0123").contains("0123"));
    }

    TEST_CASE("credential: an access token goes as it is") {
        Fixture f;
        auto provider = f.with("ya29.given-by-hand-0123");
        CHECK(said(f.ring.key_of(provider)) == "ya29.given-by-hand-0123");
        CHECK(f.server.asked == 0);
    }

    TEST_CASE("credential: what is wrong is said, and no secret with it") {
        Fixture f;
        const auto trouble = [&](const std::string& document) {
            f.ring.forget_all();
            const auto text = said(f.ring.key_of(f.with(document)));
            CHECK(text.starts_with("error: no usable key for provider \"vertex\": "));
            CHECK_FALSE(text.contains("BEGIN PRIVATE"));
            return text;
        };
        CHECK(trouble(R"({"type":"external_account"})").contains("of no type llmgw can use"));
        CHECK(trouble(R"({"type":"service_account","private_key":"x"})").contains("has no client_email"));
        CHECK(trouble(R"({"type":"service_account","client_email":"x"})").contains("has no private_key"));
        CHECK(
            trouble(R"({"type":"service_account","client_email":"x","private_key":"-----BEGIN PRIVATE KEY-----\nAA"})")
                .contains("no RSA key in PEM"));
        CHECK(trouble(R"({"type":"authorized_user","client_id":"x"})").contains("has no client_secret"));
        CHECK(trouble(R"({"type":"service_account",)").contains("no JSON object"));
        CHECK(trouble(service_account("http://oauth2.example/token")).contains("token_uri is not https"));
        CHECK(trouble(service_account("ftp://127.0.0.1/token")).contains("token_uri is not https"));
        CHECK(f.server.asked == 0);
        f.server.status = 400;
        f.server.body = R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})";
        CHECK(trouble(service_account()).contains("https://oauth2.example gave no token: 400: Invalid JWT Signature."));
        f.server.status = 200;
        f.server.body = R"({"id_token":"x"})";
        CHECK(trouble(service_account()).contains("holds no access_token"));
        f.server.body = "{\"access_token\":\"two\\nlines\"}";
        CHECK(trouble(service_account()).contains("holds no access_token"));
    }

    TEST_CASE("credential: llmgw's own client key goes to nobody but another llmgw") {
        FakeKeychain keychain;
        const SecretResolver resolver(&keychain);
        const TempDir dir;
        const auto own = make_client_key();
        const EnvGuard set("LLMGW_TEST_KEY", own);
        const auto path = dir.write("key", own);
        keychain.entries["gemini"] = {own, "https://generativelanguage.googleapis.com"};
        keychain.entries["second"] = {own, "https://llm.team.example"};
        const std::string refused = " holds llmgw's own client key, not a key of gemini's";
        for (const auto& [named, place] : std::vector<std::pair<std::string, std::string>>{
                 {"env:LLMGW_TEST_KEY", "the environment variable LLMGW_TEST_KEY"},
                 {"keychain:gemini", "the keychain's key \"gemini\""},
                 {"file:" + path, "the key file " + path},
                 {"cmd:cat " + path, "the output of the key command \"cat " + path + "\""}}) {
            CAPTURE(named);
            const auto here = provider_of("[providers.gemini]\napi_key = \"" + named + "\"\n", "gemini");
            CHECK(said(read_provider_secret(here, resolver)) == "error: " + place + refused);
            if (named.starts_with("keychain:")) { continue; }
            const auto there = provider_of(
                "[providers.second]\ntype = \"gemini\"\nbase_url = "
                "\"https://llm.team.example\"\napi_key = \"" +
                    named + "\"\n",
                "second");
            CHECK(said(read_provider_secret(there, resolver)) == own);
        }
        CHECK(said(read_provider_secret(provider_of("[providers.gemini]\n", "gemini"), resolver)) ==
              "error: the keychain's key \"gemini\"" + refused);
    }

    TEST_CASE("credential: only hosts that want one take a document") {
        Fixture f;
        const auto path = f.dir.write("sa.json", service_account());
        const auto provider = provider_of(
            "[providers.azure]\nbase_url = \"https://r.openai.azure.com\"\napi_key = \"file:" + path + "\"\n", "azure");
        CHECK(said(f.ring.key_of(provider)).contains("sa.json holds "));
    }
}
