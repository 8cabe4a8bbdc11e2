// Asking all providers at once, and what is kept of their answers.
#include <atomic>
#include <map>
#include <thread>

#include <doctest/doctest.h>
#include <poll.h>

#include "core/gateway/model_cache.hpp"
#include "tests/unit/secrets_test_help.hpp"

using namespace llmgw;
using namespace llmgw::test;
using namespace std::chrono_literals;

namespace {

class FakeResponse final : public UpstreamResponse {
public:
    FakeResponse(int status, std::string body) : status_(status), body_(std::move(body)) {}
    int status() const override { return status_; }
    const Headers& headers() const override { return headers_; }
    bool connection_reused() const override { return false; }
    bool request_sent() const override { return true; }
    Result<Chunk> read(const Watch&, std::chrono::milliseconds) override { return read_ready(); }
    int readable_fd() const override { return -1; }
    std::chrono::milliseconds idle_left() const override { return 1s; }
    Result<Chunk> read_ready() override { return Chunk{.bytes = body_, .end = true, .idle = false}; }

private:
    int status_;
    std::string body_;
    Headers headers_;
};

// Hosts by name; what none is said of hangs until the watch ends it.
class FakeHosts final : public Transport {
public:
    struct Answer {
        int status = 200;
        std::string body;
    };
    void set(const std::string& url, Answer answer) {
        const std::lock_guard lock(mutex_);
        answers_[url] = std::move(answer);
    }
    void hang(const std::string& url) {
        const std::lock_guard lock(mutex_);
        answers_.erase(url);
    }
    int asked(const std::string& url) const {
        const std::lock_guard lock(mutex_);
        const auto found = asked_.find(url);
        return found == asked_.end() ? 0 : found->second;
    }
    Headers last_headers() const {
        const std::lock_guard lock(mutex_);
        return last_headers_;
    }

    Result<std::unique_ptr<UpstreamResponse>> open(const UpstreamRequest& request, const Watch& watch) override {
        {
            const std::lock_guard lock(mutex_);
            ++asked_[request.url];
            last_headers_ = request.headers;
            if (const auto found = answers_.find(request.url); found != answers_.end()) {
                return std::make_unique<FakeResponse>(found->second.status, found->second.body);
            }
        }
        pollfd fds[2] = {{watch.client_fd, POLLRDHUP, 0}, {watch.abort_fd, POLLIN, 0}};
        ::poll(fds, 2, 60'000);
        return fail(fds[0].revents != 0 ? ErrorKind::cancelled : ErrorKind::unavailable, "ended");
    }

private:
    mutable std::mutex mutex_;
    std::map<std::string, Answer> answers_;
    std::map<std::string, int> asked_;
    Headers last_headers_;
};

const std::string one_url = "http://one.example/v1/models";
const std::string two_url = "http://two.example/v1/models";

struct Fixture {
    FakeClock clock;
    FakeHosts hosts;
    FakeKeychain keychain;
    SecretResolver resolver{&keychain};
    std::shared_ptr<Snapshot> snapshot = std::make_shared<Snapshot>();
    ModelCache::Client client;

    Fixture() {
        snapshot->keys = std::make_unique<KeyRing>(resolver);
        add("one");
        add("two");
        hosts.set(one_url, {200, R"({"data":[{"id":"a"}]})"});
        hosts.set(two_url, {200, R"({"data":[{"id":"b"}]})"});
    }
    Provider& add(const std::string& name) {
        Provider provider;
        provider.name = name;
        provider.type = "openai";
        provider.base_url = "http://" + name + ".example/v1";
        provider.dialects = {DialectId::openai_chat};
        snapshot->providers.push_back(std::move(provider));
        return snapshot->providers.back();
    }
    static std::string said(const std::vector<ProviderModels>& known) {
        std::string text;
        for (const auto& one : known) {
            text += one.provider->name + ":";
            for (const auto& model : one.listed) {
                text += model.name + ",";
            }
            text += " ";
        }
        return text;
    }
    std::string known(ModelCache& cache, std::chrono::milliseconds wait = 30s) const {
        return said(cache.known(snapshot, client, wait));
    }
    // What a refresh in the background leads to.
    bool comes_to(ModelCache& cache, const std::string& wanted) const {
        for (int i = 0; i < 10'000; ++i) {
            if (known(cache, 0ms) == wanted) { return true; }
            std::this_thread::sleep_for(1ms);
        }
        return false;
    }
};

}  // namespace

TEST_CASE("Model cache: everybody is asked once, and again when the answer is old") {
    Fixture f;
    ModelCache cache(f.clock, f.hosts);
    CHECK(f.known(cache) == "one:a, two:b, ");
    CHECK(f.known(cache) == "one:a, two:b, ");
    CHECK(f.hosts.asked(one_url) == 1);
    f.clock.advance_ms(5 * 60'000 - 1);
    CHECK(f.known(cache) == "one:a, two:b, ");
    CHECK(f.hosts.asked(one_url) == 1);

    f.hosts.set(one_url, {200, R"({"data":[{"id":"a2"}]})"});
    f.clock.advance_ms(1);
    f.known(cache);
    CHECK(f.comes_to(cache, "one:a2, two:b, "));
    CHECK(f.hosts.asked(one_url) == 2);
}

TEST_CASE("Model cache: the old answer serves while a new one is fetched, and when none comes") {
    Fixture f;
    ModelCache::Limits limits;
    limits.fetch = 50ms;
    ModelCache cache(f.clock, f.hosts, limits);
    CHECK(f.known(cache) == "one:a, two:b, ");
    f.hosts.hang(one_url);
    f.hosts.set(two_url, {500, "down"});
    f.clock.advance_ms(5 * 60'000);
    // A wait of a minute that is not waited.
    CHECK(f.known(cache, 60s) == "one:a, two:b, ");
    for (int i = 0; i < 10'000 && f.hosts.asked(two_url) < 2; ++i) {
        std::this_thread::sleep_for(1ms);
    }
    CHECK(f.hosts.asked(two_url) == 2);
    CHECK(f.known(cache, 60s) == "one:a, two:b, ");
    // After a day it is no answer any more.
    f.clock.advance_ms(25 * 3'600'000LL);
    f.known(cache);
    CHECK(f.comes_to(cache, "one: two: "));
}

TEST_CASE("Model cache: a hanging provider costs the first listing its wait, and no other") {
    Fixture f;
    f.hosts.hang(one_url);
    f.snapshot->providers[0].models = {"configured"};
    ModelCache cache(f.clock, f.hosts);
    CHECK(f.known(cache, 300ms) == "one: two:b, ");
    // It still hangs; a minute is not waited for it.
    const auto before = std::chrono::steady_clock::now();
    CHECK(f.known(cache, 60s) == "one: two:b, ");
    CHECK(std::chrono::steady_clock::now() - before < 30s);
    CHECK(f.hosts.asked(one_url) == 1);
    // Leaving ends it at once: the fetch's own limit is ten seconds.
}

TEST_CASE("Model cache: a fetch has a limit of its own") {
    Fixture f;
    f.hosts.hang(one_url);
    ModelCache::Limits limits;
    limits.fetch = 20ms;
    ModelCache cache(f.clock, f.hosts, limits);
    CHECK(f.known(cache, 60s) == "one: two:b, ");
    // Not asked again at once after a failure, but soon.
    CHECK(f.known(cache, 60s) == "one: two:b, ");
    CHECK(f.hosts.asked(one_url) == 1);
    f.hosts.set(one_url, {200, R"([{"id":"a"}])"});
    f.clock.advance_ms(30'000);
    CHECK(f.known(cache, 60s) == "one:a, two:b, ");
}

TEST_CASE("Model cache: without a key a provider is not there, and with one it is") {
    Fixture f;
    auto& three = f.add("three");
    three.api_key = "keychain:three";
    three.models = {"configured"};
    const std::string url = "http://three.example/v1/models";
    f.hosts.set(url, {200, R"({"data":[{"id":"c"}]})"});
    ModelCache cache(f.clock, f.hosts);
    CHECK(f.known(cache) == "one:a, two:b, ");
    CHECK(f.hosts.asked(url) == 0);
    REQUIRE(f.keychain.set("three", "http://three.example", "sk-the-key-of-three-0123456789").has_value());
    f.snapshot->keys->forget_all();
    cache.expire();
    CHECK(f.known(cache) == "one:a, two:b, three:c, ");
    // A key that is refused takes its models with it; the names of the configuration stay.
    f.hosts.set(url, {401, ""});
    cache.expire();
    f.known(cache);
    CHECK(f.comes_to(cache, "one:a, two:b, three: "));
}

TEST_CASE("Model cache: a passthrough provider is asked with the client's own credential") {
    Fixture f;
    f.snapshot->providers.clear();
    f.add("one").api_key = "passthrough";
    ModelCache cache(f.clock, f.hosts);
    // Nothing to ask with.
    CHECK(f.known(cache) == "one: ");
    CHECK(f.hosts.asked(one_url) == 0);
    f.client.credentials = {{"Authorization", "Bearer token-of-ann"}};
    CHECK(f.known(cache) == "one:a, ");
    CHECK(find_header(f.hosts.last_headers(), "authorization") == "Bearer token-of-ann");
    // Another's answer is another's.
    f.hosts.set(one_url, {200, R"({"data":[{"id":"of-bob"}]})"});
    CHECK(f.known(cache) == "one:a, ");
    f.client.credentials = {{"Authorization", "Bearer token-of-bob"}};
    CHECK(f.known(cache) == "one:of-bob, ");
    f.client.dialect = DialectId::anthropic;
    f.client.credentials = {{"Authorization", "Bearer token-of-eve"}};
    CHECK(f.known(cache) == "one: ");
    CHECK(f.hosts.asked(one_url) == 2);
}

TEST_CASE("Model cache: pages, and the addresses of the native providers") {
    Fixture f;
    f.snapshot->providers.clear();
    auto& anthropic = f.add("anthropic");
    anthropic.type = "anthropic";
    anthropic.base_url = "http://a.example";
    anthropic.dialects = {DialectId::anthropic};
    auto& gemini = f.add("gemini");
    gemini.type = "gemini";
    gemini.base_url = "http://g.example";
    gemini.dialects = {DialectId::gemini};
    f.hosts.set("http://a.example/v1/models?limit=1000",
                {200, R"({"data":[{"type":"model","id":"x"}],"has_more":true,"last_id":"x"})"});
    f.hosts.set("http://a.example/v1/models?limit=1000&after_id=x",
                {200, R"({"data":[{"type":"model","id":"y"}],"has_more":false,"last_id":"y"})"});
    f.hosts.set("http://g.example/v1beta/models?pageSize=1000",
                {200, R"({"models":[{"name":"models/v"}],"nextPageToken":"t/1"})"});
    // A page that names itself as the next one.
    f.hosts.set("http://g.example/v1beta/models?pageSize=1000&pageToken=t%2F1",
                {200, R"({"models":[{"name":"models/w"}],"nextPageToken":"t/1"})"});
    ModelCache cache(f.clock, f.hosts);
    CHECK(f.known(cache) == "anthropic:x,y, gemini:v,w, ");
}

TEST_CASE("Model cache: what it keeps is bounded") {
    Fixture f;
    f.snapshot->providers.clear();
    f.add("one").api_key = "passthrough";
    ModelCache::Limits limits;
    limits.entries_max = 3;
    ModelCache cache(f.clock, f.hosts, limits);
    for (int i = 0; i < 20; ++i) {
        f.client.credentials = {{"Authorization", "Bearer " + std::to_string(i)}};
        CHECK(f.known(cache) == "one:a, ");
        f.clock.advance_ms(1);
    }
    CHECK(f.hosts.asked(one_url) == 20);
    f.known(cache);
    CHECK(f.hosts.asked(one_url) == 20);
    f.client.credentials = {{"Authorization", "Bearer 0"}};
    f.known(cache);
    CHECK(f.hosts.asked(one_url) == 21);
}
