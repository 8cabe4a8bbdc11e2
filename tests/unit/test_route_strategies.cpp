#include <map>
#include <memory>

#include <doctest/doctest.h>

#include "core/route/strategies.hpp"

using namespace llmgw;

namespace {

constexpr std::int64_t dollar = 1'000'000'000'000;
constexpr PriceLine lines[] = {
    {.provider = "openai",
     .model = "cached",
     .variant = "",
     .input = 4 * dollar,
     .output = dollar,
     .cache_read = dollar / 10,
     .source = "",
     .date = ""},
    {.provider = "openai",
     .model = "cheap",
     .variant = "",
     .input = dollar,
     .output = 2 * dollar,
     .source = "",
     .date = ""},
    {.provider = "openai",
     .model = "dear",
     .variant = "",
     .input = 3 * dollar,
     .output = 15 * dollar,
     .source = "",
     .date = ""},
};

class FakeHealth final : public HealthView {
public:
    std::map<std::string, TargetHealth> known;
    TargetHealth of(std::string_view, std::string_view model) const override {
        const auto found = known.find(std::string(model));
        return found == known.end() ? TargetHealth{} : found->second;
    }
};

struct Fixture {
    Fixture() {
        provider.name = provider.price_list = "openai";
        local.name = "local";
        local.local = true;
        now.facts = &facts;
        now.prices = &prices;
        now.health = &health;
        facts.body_facts_ = BodyFacts{};
        facts.body_facts_->needs.input_tokens = 100'000;
        facts.max_tokens = 100;
    }
    void add(const std::string& model, std::int64_t weight = 1) {
        targets.push_back(std::make_unique<RouteTarget>(
            RouteTarget{model == "free" ? &local : &provider, model, nullptr, weight, {}}));
    }
    // The models' order.
    std::string order(Strategy strategy) {
        std::vector<RouteEntry> entries;
        for (const auto& target : targets) {
            entries.push_back({target.get(), target->weight, entries.size() + 1, {}});
        }
        order_entries(strategy, now, entries);
        std::string out;
        for (const auto& entry : entries) {
            CHECK_FALSE(entry.reason.empty());
            out += (out.empty() ? "" : " ") + entry.first->model;
        }
        first_reason = entries.empty() ? "" : entries.front().reason;
        return out;
    }

    Provider provider;
    Provider local;
    CallFacts facts;
    Prices prices{lines};
    FakeHealth health;
    Circumstances now;
    std::vector<std::unique_ptr<RouteTarget>> targets;
    std::string first_reason;
};

}  // namespace

TEST_CASE("Strategies: fallback keeps the order") {
    Fixture f;
    f.add("b");
    f.add("a");
    CHECK(f.order(Strategy::fallback) == "b a");
    CHECK(f.first_reason == "number 1 of the route");
    f.targets.clear();
    CHECK(f.order(Strategy::cheapest).empty());
}

TEST_CASE("Strategies: weights are shares; a session's draw is always the same") {
    Fixture f;
    f.add("a", 60);
    f.add("b", 40);
    f.add("never", 0);
    std::map<std::string, int> first;
    for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
        f.now.seed = seed;
        ++first[f.order(Strategy::weighted)];
    }
    CHECK(first["a b never"] > 5'800);
    CHECK(first["a b never"] < 6'200);
    CHECK(first["a b never"] + first["b a never"] == 10'000);
    f.now.session_hash = 7;
    const auto own = f.order(Strategy::weighted);
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        f.now.seed = seed;
        CHECK(f.order(Strategy::weighted) == own);
    }
}

TEST_CASE("Strategies: the cheapest by this request's size; a warm cache counts; without a price comes last") {
    Fixture f;
    f.add("unknown");
    f.add("dear");
    f.add("cached");
    f.add("cheap");
    CHECK(f.order(Strategy::cheapest) == "cheap dear cached unknown");
    CHECK(f.first_reason == "about $0.1002 for 100000 tokens in and 100 out");
    // The session's prompt is in the cache of the one that is dear without it.
    f.now.now_ms = 1'000'000;
    f.now.session = SessionTarget{"openai", "cached", 90'000, 990'000};
    CHECK(f.order(Strategy::cheapest) == "cached cheap dear unknown");
    CHECK(f.first_reason.find("(90000 of them cached)") != std::string::npos);
    f.now.now_ms = 990'000 + cache_warm_ms + 1;
    CHECK(f.order(Strategy::cheapest) == "cheap dear cached unknown");
    // What has no price for cached tokens is priced as if there were no cache.
    f.now.session = SessionTarget{"openai", "cheap", 90'000, f.now.now_ms};
    CHECK(f.order(Strategy::cheapest) == "cheap dear cached unknown");
    f.add("free");
    CHECK(f.order(Strategy::cheapest).starts_with("free cheap"));
    // A long answer at a low input price.
    f.facts.body_facts_->needs.input_tokens = 10;
    f.facts.max_tokens = 500;
    f.targets.erase(f.targets.begin() + 4);
    CHECK(f.order(Strategy::cheapest) == "cached cheap dear unknown");
}

TEST_CASE("Strategies: the fastest of two drawn goes first; one that is down goes last") {
    Fixture f;
    for (const std::string model : {"slow", "quick", "middle"}) {
        f.add(model);
    }
    const auto measured = [](double first_token_ms, double rate, double errors = 0) {
        TargetHealth health;
        health.answers = 10;
        health.first_token_ms = first_token_ms;
        health.tokens_per_s = rate;
        health.error_share = errors;
        return health;
    };
    f.health.known["slow"] = measured(3'000, 20);
    f.health.known["middle"] = measured(800, 50);
    f.health.known["quick"] = measured(200, 100);
    std::map<std::string, int> first;
    for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
        f.now.seed = seed;
        const auto order = f.order(Strategy::fastest);
        ++first[order.substr(0, order.find(' '))];
    }
    // Two of three draws hold the quickest; the slowest goes first only to be measured again.
    CHECK(first["quick"] > 1'800);
    CHECK(first["quick"] < 2'200);
    CHECK(first["slow"] > 10);
    CHECK(first["slow"] < 150);

    SUBCASE("errors count as time") {
        f.health.known["quick"] = measured(200, 100, 0.95);
        first.clear();
        for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
            f.now.seed = seed;
            const auto order = f.order(Strategy::fastest);
            ++first[order.substr(0, order.find(' '))];
        }
        CHECK(first["middle"] > first["quick"]);
    }
    SUBCASE("an open breaker goes last whatever is drawn") {
        f.health.known["quick"].state = BreakerState::open;
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            f.now.seed = seed;
            CHECK(f.order(Strategy::fastest).ends_with("quick"));
        }
    }
    SUBCASE("what is not measured yet is tried") {
        f.add("new");
        f.targets.erase(f.targets.begin() + 1, f.targets.begin() + 3);
        int tried = 0;
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            f.now.seed = seed;
            tried += f.order(Strategy::fastest) == "new slow" ? 1 : 0;
        }
        CHECK(tried > 150);
    }
}
