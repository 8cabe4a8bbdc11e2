// Whether a key is good, against hosts that answer in every way seen.
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/provider/key_test.hpp"
#include "providers/catalogue.hpp"
#include "providers/key_checks.hpp"
#include "providers/registry.hpp"

using namespace llmgw;

namespace {

const std::string good_key = "sk-the-good-key-0123456789";
const std::string wrong_key = "sk-another-key-0123456789";

struct Reply {
    int status = 200;
    std::string body;
    std::optional<ErrorKind> failure;  // instead of an answer
};

struct Asked {
    std::string method;
    std::string url;
    Headers headers;
    std::string body;
    std::string key;  // however it was sent
};

class FakeResponse final : public UpstreamResponse {
public:
    explicit FakeResponse(Reply reply) : reply_(std::move(reply)) {}
    int status() const override { return reply_.status; }
    const Headers& headers() const override { return headers_; }
    bool connection_reused() const override { return false; }
    bool request_sent() const override { return true; }
    Result<Chunk> read(const Watch&, std::chrono::milliseconds) override { return read_ready(); }
    int readable_fd() const override { return -1; }
    std::chrono::milliseconds idle_left() const override { return std::chrono::seconds(1); }
    Result<Chunk> read_ready() override { return Chunk{.bytes = reply_.body, .end = true, .idle = false}; }

private:
    Reply reply_;
    Headers headers_;
};

// A host: what it answers to a call with some key.
class FakeHost final : public Transport {
public:
    using Answers = std::function<Reply(const Asked&)>;
    explicit FakeHost(Answers answers) : answers_(std::move(answers)) {}
    std::vector<Asked> asked;

    Result<std::unique_ptr<UpstreamResponse>> open(const UpstreamRequest& request, const Watch& watch) override {
        CHECK(watch.client_fd == -1);
        CHECK(watch.abort_fd >= 0);
        Asked one{request.method, request.url, request.headers, std::string(request.body), ""};
        for (const auto name : {"authorization", "x-api-key", "x-goog-api-key"}) {
            std::string value(find_header(request.headers, name));
            if (value.starts_with("Bearer ")) { value.erase(0, 7); }
            if (!value.empty()) { one.key = value; }
        }
        CHECK(request.has_body == (request.method == "POST"));
        asked.push_back(one);
        auto reply = answers_(one);
        if (reply.failure) { return fail(*reply.failure, "cannot connect to the host"); }
        return std::make_unique<FakeResponse>(std::move(reply));
    }

private:
    Answers answers_;
};

Provider provider_of(const std::string& type, const std::string& base_url = "") {
    for (const auto& entry : catalogue()) {
        if (entry.name != type) { continue; }
        Provider provider;
        provider.name = provider.type = type;
        provider.base_url = base_url.empty() ? std::string(entry.base_url) : base_url;
        provider.auth = entry.auth;
        provider.dialects = entry.dialects;
        return provider;
    }
    FAIL("no such type");
    return {};
}

KeyTest run(FakeHost& host, const Provider& provider, const std::string& key) {
    const FakeClock clock;
    return test_key(provider, key, key_check(provider), {host, dialects(), clock, std::chrono::seconds(5)});
}

bool is_list(const Asked& asked) {
    return asked.method == "GET";
}

const std::string unauthorized = R"({"error":{"message":"Incorrect API key provided","type":"invalid_request_error"}})";
const std::string incomplete = R"({"error":{"message":"you must provide a model parameter"}})";

// Knows one key and lets nobody else do anything.
Reply strict(const Asked& asked) {
    if (asked.key != good_key) { return {401, unauthorized, {}}; }
    return is_list(asked) ? Reply{200, R"({"data":[]})", {}} : Reply{400, incomplete, {}};
}

// Everybody may list models.
Reply open_list(const Asked& asked) {
    return is_list(asked) ? Reply{200, R"({"data":[]})", {}} : strict(asked);
}

}  // namespace

TEST_CASE("key test: a documented check is one call, with the key in the host's own header") {
    struct Row {
        const char* type;
        const char* url;
        const char* header;
        std::string value;
    };
    const std::vector<Row> rows{
        {"anthropic", "https://api.anthropic.com/v1/models", "x-api-key", good_key},
        {"openai", "https://api.openai.com/v1/models", "authorization", "Bearer " + good_key},
        {"gemini", "https://generativelanguage.googleapis.com/v1beta/models", "x-goog-api-key", good_key},
        {"openrouter", "https://openrouter.ai/api/v1/key", "authorization", "Bearer " + good_key},
        {"groq", "https://api.groq.com/openai/v1/models", "authorization", "Bearer " + good_key},
    };
    for (const auto& row : rows) {
        CAPTURE(row.type);
        FakeHost host(&strict);
        const auto provider = provider_of(row.type);
        CHECK(run(host, provider, good_key).verdict == KeyVerdict::good);
        REQUIRE(host.asked.size() == 1);
        CHECK(host.asked[0].method == "GET");
        CHECK(host.asked[0].url == row.url);
        CHECK(find_header(host.asked[0].headers, row.header) == row.value);
        // Anthropic refuses a call without one.
        CHECK(find_header(host.asked[0].headers, "anthropic-version").empty() ==
              (provider.dialects.front() != DialectId::anthropic));
        const auto bad = run(host, provider, wrong_key);
        CHECK(bad.verdict == KeyVerdict::bad);
        CHECK(bad.message.find("answered 401: Incorrect API key provided") != std::string::npos);
        CHECK(host.asked.size() == 2);
    }
}

TEST_CASE("key test: a host known for nothing is asked with a made-up key as well") {
    for (const auto& provider :
         {provider_of("openai", "https://llm.example/v1"), provider_of("anthropic", "https://llm.example"),
          provider_of("gemini", "https://llm.example"), provider_of("together")}) {
        CAPTURE(provider.type);
        FakeHost host(&strict);
        CHECK(run(host, provider, good_key).verdict == KeyVerdict::good);
        REQUIRE(host.asked.size() == 2);
        CHECK(host.asked[0].url == host.asked[1].url);
        CHECK(host.asked[1].key != good_key);
        CHECK(host.asked[1].key.find("made-up") != std::string::npos);
        CHECK(run(host, provider, wrong_key).verdict == KeyVerdict::bad);
        for (const auto& asked : host.asked) {
            CHECK(origin_of(asked.url) == origin_of(provider.base_url));
            CHECK(asked.url.find("key") == std::string::npos);
        }
    }
}

TEST_CASE("key test: a list that everybody may read proves nothing, an empty request does") {
    struct Row {
        const char* type;
        const char* base_url;
        const char* empty_call;
    };
    const std::vector<Row> rows{
        {"openai", "https://llm.example/v1", "https://llm.example/v1/chat/completions"},
        {"huggingface", "", "https://router.huggingface.co/v1/chat/completions"},
        {"anthropic", "https://llm.example/anthropic", "https://llm.example/anthropic/v1/messages"},
        {"gemini", "https://llm.example", "https://llm.example/v1beta/models/none:countTokens"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.type);
        const auto provider = provider_of(row.type, row.base_url);
        FakeHost host(&open_list);
        CHECK(run(host, provider, good_key).verdict == KeyVerdict::good);
        REQUIRE(host.asked.size() == 4);
        CHECK(host.asked[2].method == "POST");
        CHECK(host.asked[2].url == row.empty_call);
        // Nothing that could be answered, and so nothing that could be billed.
        CHECK(host.asked[2].body == "{}");
        const auto wrong = run(host, provider, wrong_key);
        CHECK(wrong.verdict == KeyVerdict::bad);
    }
}

TEST_CASE("key test: a wrong key never tests as good") {
    // What a host may do with a key it does not know, for a list and for an empty request.
    const std::vector<Reply> replies{{200, "{}", {}},
                                     {400, incomplete, {}},
                                     {400, unauthorized, {}},
                                     {401, unauthorized, {}},
                                     {402, "", {}},
                                     {403, "{}", {}},
                                     {404, "not here", {}},
                                     {422, "{}", {}},
                                     {429, "{}", {}},
                                     {500, "<html>", {}},
                                     {302, "", {}},
                                     {0, "", ErrorKind::connect},
                                     {0, "", ErrorKind::unavailable}};
    for (const auto& to_list : replies) {
        for (const auto& to_empty : replies) {
            CAPTURE(to_list.status);
            CAPTURE(to_empty.status);
            FakeHost host([&](const Asked& asked) { return is_list(asked) ? to_list : to_empty; });
            const auto tested = run(host, provider_of("openai", "https://llm.example/v1"), wrong_key);
            CHECK(tested.verdict != KeyVerdict::good);
            CHECK_FALSE(tested.message.empty());
            CHECK(host.asked.size() <= 4);
        }
    }
}

TEST_CASE("key test: a host that takes any key says nothing") {
    FakeHost host([](const Asked& asked) { return is_list(asked) ? Reply{} : Reply{400, incomplete, {}}; });
    const auto tested = run(host, provider_of("llamacpp"), good_key);
    CHECK(tested.verdict == KeyVerdict::unproven);
    CHECK(tested.message ==
          "http://127.0.0.1:8080 answers a made-up key in the same way, so this cannot tell a good one from a bad one");
}

TEST_CASE("key test: a good key that may not list models is good") {
    FakeHost host([](const Asked& asked) {
        if (asked.key == good_key && is_list(asked)) { return Reply{403, R"({"error":{"message":"no scope"}})", {}}; }
        return strict(asked);
    });
    CHECK(run(host, provider_of("openai"), good_key).verdict == KeyVerdict::good);
    CHECK(host.asked.size() == 3);
}

TEST_CASE("key test: refusals that are not about the key are told apart") {
    struct Row {
        Reply reply;
        KeyVerdict verdict;
        const char* message;
    };
    const std::vector<Row> rows{
        {{403, R"({"error":{"message":"your country is not served"}})", {}},
         KeyVerdict::refused,
         "https://api.openai.com answered 403: your country is not served"},
        {{402, R"({"error":{"message":"insufficient balance"}})", {}},
         KeyVerdict::refused,
         "402: insufficient balance"},
        {{400, R"({"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}})", {}},
         KeyVerdict::bad,
         "400: API key not valid."},
        {{400, R"({"code":"Client specified an invalid argument","error":"Incorrect API key provided: xx***xx."})", {}},
         KeyVerdict::bad,
         "Incorrect API key"},
        {{429, R"({"error":{"message":"slow down"}})", {}}, KeyVerdict::failed, "429: slow down"},
        {{503, "<html>busy</html>", {}}, KeyVerdict::failed, "answered 503"},
        {{307, "", {}}, KeyVerdict::failed, "a redirect, which is not followed with a key; is base_url right?"},
        {{0, "", ErrorKind::connect}, KeyVerdict::failed, "cannot connect to the host"},
        {{0, "", ErrorKind::unavailable}, KeyVerdict::failed, "https://api.openai.com did not answer within 5 s"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.message);
        FakeHost host([&](const Asked&) { return row.reply; });
        const auto tested = run(host, provider_of("openai"), good_key);
        CHECK(tested.verdict == row.verdict);
        CAPTURE(tested.message);
        CHECK(tested.message.find(row.message) != std::string::npos);
    }
}

TEST_CASE("key test: what the host says is one short line without the key") {
    FakeHost host([](const Asked& asked) {
        return Reply{
            401,
            R"({"error":{"message":"bad:\n )" + asked.key + R"( \u001b[31m )" + std::string(5000, 'x') + R"("}})",
            {}};
    });
    const auto tested = run(host, provider_of("openai"), wrong_key);
    CHECK(tested.verdict == KeyVerdict::bad);
    CHECK(tested.message.find(wrong_key) == std::string::npos);
    CHECK(tested.message.find("[redacted]") != std::string::npos);
    CHECK(tested.message.find_first_of("\n\x1b") == std::string::npos);
    CHECK(tested.message.size() < 400);
}

TEST_CASE("key checks: only for the host that documents them") {
    int known = 0;
    for (const auto& entry : catalogue()) {
        const auto* check = key_check(provider_of(std::string(entry.name)));
        if (check == nullptr) { continue; }
        ++known;
        CHECK(check->type == entry.name);
        CHECK(check->path.starts_with("/"));
        CHECK(check->docs.starts_with("https://"));
        CHECK(key_check(provider_of(std::string(entry.name), "https://other.example/v1")) == nullptr);
    }
    CHECK(known == 8);
}
